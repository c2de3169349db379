// SPDX-License-Identifier: MIT
/* pages.c - see pages.h */

#include "pages.h"

#include <errno.h>
#include <exmap.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int pages_open(struct pages *pages, size_t nr_pages, size_t nr_frames)
{
	struct exmap_ioctl_setup setup = { .fd = -1,
					   .max_interfaces = 1,
					   .buffer_size = nr_frames };
	int error;

	pages->fd = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	if (pages->fd < 0)
		return -errno;
	pages->surface = mmap(NULL, nr_pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      pages->fd, EXMAP_OFF_EXMAP);
	if (pages->surface == MAP_FAILED || ioctl(pages->fd, EXMAP_IOCTL_SETUP, &setup))
		goto fail;
	pages->interface = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, pages->fd,
				EXMAP_OFF_INTERFACE(0));
	if (pages->interface == MAP_FAILED)
		goto fail;
	return 0;
fail:
	error = errno;
	close(pages->fd);
	return -error;
}

/* One vector that names one page. Return: whether it was done. */
static int act(struct pages *pages, size_t page, int opcode)
{
	struct exmap_action_params params = { .interface = 0, .iov_len = 1, .opcode = opcode };

	pages->interface->iov[0] = (struct exmap_iov){ .page = page, .len = 1 };
	return !ioctl(pages->fd, EXMAP_IOCTL_ACTION, &params);
}

char *pages_alloc(struct pages *pages, size_t page)
{
	return act(pages, page, EXMAP_OP_ALLOC) ? pages->surface + page * PAGE_SIZE : NULL;
}

void pages_free(struct pages *pages, size_t page)
{
	act(pages, page, EXMAP_OP_FREE);
}

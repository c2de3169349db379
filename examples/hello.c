// SPDX-License-Identifier: MIT
/*
 * hello.c - the smallest client of exmap
 *
 *	build/bin/exmap-run build/bin/hello-exmap
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/exmap.h>

#define PAGE 4096UL

static sigjmp_buf no_page;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	siglongjmp(no_page, 1);
}

static void *map(size_t bytes, int fd, off_t offset)
{
	void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	if (address == MAP_FAILED)
		err(1, "mmap");
	return address;
}

int main(void)
{
	/* No backing file, one interface, and frames for 16 pages at one time. */
	struct exmap_ioctl_setup setup = { .fd = -1, .max_interfaces = 1, .buffer_size = 16 };
	struct exmap_action_params alloc = { .iov_len = 1, .opcode = EXMAP_OP_ALLOC };
	struct exmap_action_params free = { .iov_len = 1, .opcode = EXMAP_OP_FREE };
	struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
	struct exmap_user_interface *interface;
	char *surface, *page;
	int fd = open("/dev/exmap", O_RDWR);

	if (fd < 0)
		err(1, "/dev/exmap (use exmap-run, or load the exmap module)");

	/* A surface of a million pages, none of which is allocated yet. */
	surface = map(PAGE << 20, fd, EXMAP_OFF_EXMAP);
	if (ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		err(1, "EXMAP_IOCTL_SETUP");
	interface = map(PAGE, fd, EXMAP_OFF_INTERFACE(0));

	/* A vector in the interface says which pages, here two; an ioctl carries it out. */
	interface->iov[0] = (struct exmap_iov){ .page = 1000, .len = 2 };
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &alloc))
		errx(1, "ALLOC: %s", strerror(-interface->iov[0].res));
	printf("pages allocated: %d\n", interface->iov[0].pages);

	/* Now page 1000 is memory like any other. Its content is arbitrary at first. */
	page = surface + 1000 * PAGE;
	strcpy(page, "hello, exmap");
	printf("page 1000 says: %s\n", page);

	/* ALLOC has overwritten the vector with its result, so write it again. */
	interface->iov[0] = (struct exmap_iov){ .page = 1000, .len = 2 };
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &free))
		errx(1, "FREE: %s", strerror(-interface->iov[0].res));
	printf("pages freed: %d\n", interface->iov[0].pages);

	/* The page is no longer allocated: an access raises SIGSEGV. */
	sigaction(SIGSEGV, &action, NULL);
	if (!sigsetjmp(no_page, 1)) {
		printf("page 1000 says: %c\n", *(volatile char *)page);
		errx(1, "a freed page can be read");
	}
	printf("page 1000 is gone: SIGSEGV\n");
	return 0;
}

// SPDX-License-Identifier: MIT
/* trace_bad.c - a client that dies of a load from a page that is not allocated */

#include <err.h>
#include <fcntl.h>
#include <linux/exmap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

int main(void)
{
	struct exmap_ioctl_setup setup = { .fd = -1, .max_interfaces = 1, .buffer_size = 8 };
	int fd = open("/dev/exmap", O_RDWR);
	volatile char *base;

	if (fd < 0 || ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		err(1, "/dev/exmap");
	base = mmap(0, 64 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_EXMAP);
	return base[3 * 4096];
}

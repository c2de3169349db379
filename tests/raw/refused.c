// SPDX-License-Identifier: MIT
/* refused - a system call past libc, where it cannot be trapped, fails and does nothing */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "exmap.h"
#include "tests/call.h"

int main(void)
{
	struct exmap_ioctl_setup setup = { .fd = -1, .max_interfaces = 1, .buffer_size = 64 };
	int fd = open("/dev/exmap", O_RDWR);
	long ret = call_raw(SYS_ioctl, fd, EXMAP_IOCTL_SETUP, (long)&setup, 0);

	printf("%s\n", fd >= 0 && ret == -EBADF ? "refused" : "not refused");
	return 0;
}

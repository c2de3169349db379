// SPDX-License-Identifier: MIT
/*
 * helper - a static program, so one without the shim
 *
 * If its parent's trap outlived exec, it would die of SIGSYS.
 */

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	int fd = open("/dev/null", O_RDWR);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || p == MAP_FAILED)
		return 1;
	*p = 1;
	return munmap(p, 4096) || close(fd);
}

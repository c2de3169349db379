// SPDX-License-Identifier: MIT
/* setup_client.c - SETUP with the descriptor that it is told, inherited or not. Usage: N */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <exmap.h>

int main(int argc, char **argv)
{
	struct exmap_ioctl_setup setup = { .max_interfaces = 1, .buffer_size = 16 };
	int fd = open("/dev/exmap", O_RDWR);

	if (argc != 2 || fd < 0)
		return 2;
	setup.fd = atoi(argv[1]);
	if (!ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		return 0;
	perror("SETUP");
	return 1;
}

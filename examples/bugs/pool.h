/* SPDX-License-Identifier: MIT */
/* pool.h - what the programs with a bug share: a small exmap */
#ifndef EXMAP_BUGS_POOL_H
#define EXMAP_BUGS_POOL_H

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/exmap.h>

#define PAGE 4096UL
#define PAGES 256

static int exmap;
static char *surface;
static struct exmap_user_interface *interfaces[2];

static inline char *page_at(unsigned int page)
{
	return surface + page * PAGE;
}

/* An exmap of @frames frames and two interfaces, over the file @backing or -1. */
static inline void pool_open(int frames, int backing)
{
	struct exmap_ioctl_setup setup = {
		.fd = backing,
		.max_interfaces = 2,
		.buffer_size = frames,
	};

	exmap = open("/dev/exmap", O_RDWR);
	surface = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, exmap,
		       EXMAP_OFF_EXMAP);
	if (exmap < 0 || surface == MAP_FAILED || ioctl(exmap, EXMAP_IOCTL_SETUP, &setup))
		err(1, "/dev/exmap");
	for (int i = 0; i < 2; i++)
		interfaces[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, exmap,
				     EXMAP_OFF_INTERFACE(i));
}

/* ALLOC or FREE of one page through interface @i. Return: its res, 0 if all is well. */
static inline int pool_do(int i, int opcode, unsigned int page)
{
	struct exmap_action_params action = { .interface = i, .iov_len = 1, .opcode = opcode };

	interfaces[i]->iov[0].value = 0;
	interfaces[i]->iov[0].page = page;
	interfaces[i]->iov[0].len = 1;
	ioctl(exmap, EXMAP_IOCTL_ACTION, &action);
	return interfaces[i]->iov[0].res;
}

#endif /* EXMAP_BUGS_POOL_H */

// SPDX-License-Identifier: MIT
/*
 * tool_marks.c - what sanitizers, helgrind and DRD must find in a client, and what they must not
 *
 *	freed    reads a page that was freed               a bug
 *	fresh    branches on a page that was not written   a bug
 *	filled   branches on a page that was read          none
 *	handed   a page of one thread is another's next    none: FREE comes before ALLOC
 *	racing   two threads write one page                a bug
 *	again    a surface where another one was           none
 */

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/exmap.h>

#define PAGE 4096UL
#define PAGES 64

static int exmap;
static char *surface;
static struct exmap_user_interface *interfaces[2];

static void open_exmap(int backing)
{
	struct exmap_ioctl_setup setup = { .fd = backing, .max_interfaces = 2, .buffer_size = 8 };

	exmap = open("/dev/exmap", O_RDWR);
	surface = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, exmap,
		       EXMAP_OFF_EXMAP);
	if (exmap < 0 || surface == MAP_FAILED || ioctl(exmap, EXMAP_IOCTL_SETUP, &setup))
		err(2, "/dev/exmap");
	for (int i = 0; i < 2; i++)
		interfaces[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, exmap,
				     EXMAP_OFF_INTERFACE(i));
}

/* Return: number of pages that were allocated or freed. */
static int action(int interface, int opcode, unsigned int page)
{
	struct exmap_action_params params;

	/* MemorySanitizer looks at the padding, too. */
	memset(&params, 0, sizeof(params));
	params.interface = interface;
	params.iov_len = 1;
	params.opcode = opcode;
	interfaces[interface]->iov[0].value = 0;
	interfaces[interface]->iov[0].page = page;
	interfaces[interface]->iov[0].len = 1;
	if (ioctl(exmap, EXMAP_IOCTL_ACTION, &params) < 0)
		err(2, "ACTION");
	return interfaces[interface]->iov[0].pages;
}

static void freed(void)
{
	open_exmap(-1);
	action(0, EXMAP_OP_ALLOC, 7);
	surface[7 * PAGE] = 1;
	action(0, EXMAP_OP_FREE, 7);
	printf("%d\n", surface[7 * PAGE + 12]);
}

static void fresh(void)
{
	open_exmap(-1);
	action(0, EXMAP_OP_ALLOC, 7);
	if (surface[7 * PAGE + 12] == 1)
		puts("one");
}

static void filled(void)
{
	char name[] = "exmap-marks-XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || ftruncate(fd, PAGES * PAGE) || fcntl(fd, F_SETFL, O_RDWR | O_DIRECT))
		err(2, "a file with O_DIRECT");
	unlink(name);
	open_exmap(fd);
	if (pread(exmap, surface + 7 * PAGE, PAGE, 0) != (ssize_t)PAGE)
		err(2, "pread");
	if (surface[7 * PAGE + 12] == 1)
		puts("one");
}

/* Nothing but the exmap orders the two threads. */
static void *hand_on(void *unused)
{
	(void)unused;
	action(0, EXMAP_OP_ALLOC, 7);
	memset(surface + 7 * PAGE, 1, PAGE);
	action(0, EXMAP_OP_FREE, 7);
	action(0, EXMAP_OP_ALLOC, 8);
	return NULL;
}

static void *take_over(void *unused)
{
	(void)unused;
	/* Page 8 tells that the other thread is through: until then it is freed again. */
	while (action(1, EXMAP_OP_ALLOC, 8)) {
		action(1, EXMAP_OP_FREE, 8);
		usleep(1000);
	}
	action(1, EXMAP_OP_ALLOC, 7);
	memset(surface + 7 * PAGE, 2, PAGE);
	return NULL;
}

static void *write_often(void *unused)
{
	(void)unused;
	for (int i = 0; i < 1000; i++) {
		surface[7 * PAGE]++;
		sched_yield();
	}
	return NULL;
}

static void two(void *(*first)(void *), void *(*second)(void *))
{
	pthread_t thread[2];

	pthread_create(&thread[0], NULL, first, NULL);
	pthread_create(&thread[1], NULL, second, NULL);
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
}

static void again(void)
{
	char *before;

	open_exmap(-1);
	before = surface;
	action(0, EXMAP_OP_ALLOC, 7);
	action(0, EXMAP_OP_FREE, 7);
	if (munmap(surface, PAGES * PAGE))
		err(2, "munmap");
	surface = mmap(before, PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (surface != before)
		err(2, "mmap");
	memset(surface, 1, PAGES * PAGE);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "freed")) {
		freed();
	} else if (!strcmp(what, "fresh")) {
		fresh();
	} else if (!strcmp(what, "filled")) {
		filled();
	} else if (!strcmp(what, "handed")) {
		open_exmap(-1);
		two(hand_on, take_over);
	} else if (!strcmp(what, "racing")) {
		open_exmap(-1);
		action(0, EXMAP_OP_ALLOC, 7);
		two(write_often, write_often);
	} else if (!strcmp(what, "again")) {
		again();
	} else {
		errx(2, "freed, fresh, filled, handed, racing or again");
	}
	return 0;
}

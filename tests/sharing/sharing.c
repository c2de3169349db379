// SPDX-License-Identifier: MIT
/*
 * sharing.c - two threads that ALLOC, READ and FREE one after the other, for sharing.py to trace
 *
 * Usage: sharing own|same. Each thread has pages of its own. With "own" it also has an
 * interface of its own; with "same" both use one. A thread stores to a mark at the start and
 * at the end of its turn. The mark's address is printed, so that sharing.py can tell the
 * turns apart in the trace.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/exmap.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define BATCH 32
#define ROUNDS 4
#define REGION (8 * 512UL)

struct thread {
	int id;
	unsigned int interface;
	struct exmap_user_interface *page;
};

/* The mark has its cache line, and the neighbour that is fetched with it, for itself. */
static struct {
	volatile unsigned long mark;
	char rest[120];
} turn __attribute__((aligned(128)));

static sem_t done;
static char *base;
static int fd;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void action(struct thread *t, unsigned int opcode)
{
	struct exmap_action_params params = {
		.interface = t->interface,
		.opcode = opcode,
		.iov_len = BATCH,
	};

	for (unsigned int i = 0; i < BATCH; i++) {
		t->page->iov[i].value = 0;
		t->page->iov[i].page = t->id * REGION + (i % 2 ? 37 * i : 100 + i / 2);
		t->page->iov[i].len = 1;
	}
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		die("ACTION");
}

static void one_round(struct thread *t)
{
	char *page = base + (t->id * REGION + 7 * 512) * PAGE;

	action(t, EXMAP_OP_ALLOC);
	if (pread(fd, page, 2 * PAGE, t->interface) != 2 * PAGE)
		die("READ");
	action(t, EXMAP_OP_FREE);
	t->page->iov[0].value = 0;
	t->page->iov[0].page = (page - base) / PAGE;
	t->page->iov[0].len = 2;
	if (ioctl(fd, EXMAP_IOCTL_ACTION,
		  &(struct exmap_action_params){
			  .interface = t->interface, .opcode = EXMAP_OP_FREE, .iov_len = 1 }))
		die("FREE");
}

static void *work(void *arg)
{
	struct thread *t = arg;

	/* Before the turn: all that happens only at a first use; and other threads come to rest. */
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < ROUNDS; j++)
			one_round(t);
		usleep(100000);
	}
	turn.mark = 1;
	for (int j = 0; j < ROUNDS; j++)
		one_round(t);
	turn.mark = 2;
	sem_post(&done);
	/* The thread does not end: the next one would be given its stack, and share that. */
	pause();
	return NULL;
}

static int backing(void)
{
	static const char *const folders[] = { "/dev/shm", "/tmp", "/var/tmp", "." };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int file = open(folders[i], O_TMPFILE | O_RDWR | O_DIRECT, 0600);

		if (file >= 0 && !ftruncate(file, 2 * REGION * PAGE))
			return file;
	}
	fprintf(stderr, "no folder takes files with O_DIRECT\n");
	exit(77);
}

int main(int argc, char **argv)
{
	struct exmap_ioctl_setup setup = {
		.fd = backing(),
		.max_interfaces = 2,
		.buffer_size = 4096,
	};
	bool same = argc == 2 && !strcmp(argv[1], "same");
	struct thread threads[2];
	pthread_t id;

	fd = open("/dev/exmap", O_RDWR);
	if (fd < 0 || ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		die("exmap");
	base = mmap(NULL, 2 * REGION * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    EXMAP_OFF_EXMAP);
	if (base == MAP_FAILED)
		die("mmap");
	printf("%lx\n", (unsigned long)&turn.mark);
	fflush(stdout);
	sem_init(&done, 0, 0);
	for (int i = 0; i < 2; i++) {
		threads[i] = (struct thread){ .id = i, .interface = same ? 0 : i };
		threads[i].page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				       EXMAP_OFF_INTERFACE(threads[i].interface));
		if (threads[i].page == MAP_FAILED || pthread_create(&id, NULL, work, &threads[i]))
			die("thread");
		sem_wait(&done);
	}
	return 0;
}

// SPDX-License-Identifier: MIT
/*
 * many_threads.c - a client with more threads than the emulator has room for at first
 *
 * Each thread lives until all have made a call, so that what is kept for each thread must grow
 * while others use it. Several generations of threads come and go.
 */
#include <pthread.h>

#include "check.h"

#define THREADS 100
#define GENERATIONS 3

static int fd;
static char *surface;
static struct exmap_user_interface *vectors[THREADS];
static pthread_barrier_t barrier;

static long act(int id, int opcode)
{
	struct exmap_action_params params = { .interface = id, .iov_len = 1, .opcode = opcode };

	vectors[id]->iov[0].page = id;
	vectors[id]->iov[0].len = 1;
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		return -1;
	return vectors[id]->iov[0].pages;
}

static void *work(void *arg)
{
	int id = (int)(intptr_t)arg;

	CHECK(act(id, EXMAP_OP_ALLOC) == 1);
	surface[id * PAGE] = id;
	pthread_barrier_wait(&barrier);
	CHECK(surface[id * PAGE] == (char)id);
	CHECK(act(id, EXMAP_OP_FREE) == 1);
	return NULL;
}

int main(void)
{
	struct exmap_ioctl_setup setup = {
		.fd = -1,
		.max_interfaces = THREADS,
		.buffer_size = THREADS,
	};
	pthread_t threads[THREADS];

	fd = open("/dev/exmap", O_RDWR);
	check_need(fd >= 0, "open /dev/exmap");
	check_need(!ioctl(fd, EXMAP_IOCTL_SETUP, &setup), "SETUP");
	surface = mmap(NULL, THREADS * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check_need(surface != MAP_FAILED, "mmap the surface");
	for (int i = 0; i < THREADS; i++) {
		vectors[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				  EXMAP_OFF_INTERFACE(i));
		check_need(vectors[i] != MAP_FAILED, "mmap an interface");
	}
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int generation = 0; generation < GENERATIONS; generation++) {
		for (int i = 0; i < THREADS; i++)
			check_need(!pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i),
				   "start a thread");
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
	}
	return check_done();
}

// SPDX-License-Identifier: MIT
/* kills.c - clients that are killed at any moment leave nothing behind */

#include "abuse.h"

#include <pthread.h>
#include <sys/uio.h>

#define AT_ONCE 4
#define PAGES 2048
#define FRAMES 1000
#define WORKERS 3

/* How much less memory may be free afterwards: slabs, caches and per-CPU lists keep some. */
#define SLACK_KIB (8 * 1024)

long frames_held(void)
{
	int fd = open("/sys/kernel/debug/exmap/frames", O_RDONLY);
	char text[32] = "";

	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = '\0';
	close(fd);
	return atol(text);
}

long frames_settled(void)
{
	long count = frames_held();

	for (int i = 0; count >= 0 && i < 20; i++) {
		usleep(25000);
		if (frames_held() != count) {
			count = frames_held();
			i = 0;
		}
	}
	return count;
}

bool frames_return_to(long count)
{
	for (int i = 0; i < 1000; i++) {
		if (frames_held() == count)
			return true;
		usleep(10000);
	}
	return false;
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, value, strlen(value)), (ssize_t)strlen(value));
	close(fd);
}

static long free_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[256];
	long kib = -1;

	CHECK(file);
	/* The page cache is not to count as used memory. */
	set("/proc/sys/vm/drop_caches", "3");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "MemFree: %ld kB", &kib);
	fclose(file);
	return kib;
}

static struct ex ex;
static int backing;

static void *work(void *arg)
{
	int id = (intptr_t)arg;
	unsigned int seed = id + getpid();
	char path[64];
	int out;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", backing);
	out = open(path, O_RDWR | O_DIRECT);
	for (;;) {
		size_t page = rand_r(&seed) % (PAGES - 512);
		size_t len = 1 + rand_r(&seed) % 400;

		switch (rand_r(&seed) % 6) {
		case 0:
			ALLOC(&ex, id, page, len);
			break;
		case 1:
			FREE(&ex, id, page, len);
			break;
		case 2:
			any_answer(pread(ex.fd, ex_at(&ex, page), 8 * PAGE,
					 read_offset(id, EXMAP_OP_READ)));
			break;
		case 3:
			/* Onto pages behind all others, which the next one writes from. */
			any_answer(SHADOW(&ex, id, page, len % 8, PAGES - 512 + len));
			any_answer(
				pwrite(out, ex_at(&ex, PAGES - 512 + len), 4 * PAGE, page * PAGE));
			break;
		case 4:
			RM_SD(&ex, id);
			break;
		default:
			/* Write from pages that the other threads free meanwhile. */
			if (pwrite(out, ex_at(&ex, page), 8 * PAGE, page * PAGE) < 0 &&
			    errno != EFAULT)
				usleep(100);
		}
	}
	return NULL;
}

static void client(void)
{
	pthread_t thread;

	ex_start(&ex, PAGES, WORKERS, FRAMES, backing);
	/* Every third client has a child, which keeps the descriptor open after its death. */
	if (getpid() % 3 == 0 && !fork()) {
		usleep(30000);
		_exit(0);
	}
	for (intptr_t i = 0; i < WORKERS; i++)
		pthread_create(&thread, NULL, work, (void *)i);
	pause();
}

static void kill_clients(int n)
{
	unsigned int seed = 1;
	pid_t pids[AT_ONCE];

	for (int i = 0; i < n; i += AT_ONCE) {
		for (int j = 0; j < AT_ONCE; j++) {
			pids[j] = fork();
			if (!pids[j]) {
				client();
				_exit(1);
			}
		}
		usleep(10000 + rand_r(&seed) % 60000);
		for (int j = 0; j < AT_ONCE; j++) {
			int status;

			kill(pids[j], SIGKILL);
			CHECK_EQ(waitpid(pids[j], &status, 0), pids[j]);
			CHECK(WIFSIGNALED(status));
		}
	}
}

static void killed_clients_leave_nothing(void)
{
	long frames = frames_settled();
	int clients = getenv("EXMAP_TEST_LONG") ? 400 : 80;
	long before, after;

	if (frames < 0)
		SKIP("nobody counts frames here: what a process had is the kernel's to take back");
	backing = backing_file(PAGES * PAGE);
	/*
	 * MemFree does not count the free pages on the CPUs' own lists, which Linux 6.12 lets grow
	 * to tens of MiB.
	 */
	set("/proc/sys/vm/percpu_pagelist_high_fraction", "100000");
	/* The first clients fill caches of the kernel, which are not to count. */
	kill_clients(2 * AT_ONCE);
	CHECK(frames_return_to(frames));
	before = free_kib();
	kill_clients(clients);
	CHECK(frames_return_to(frames));
	after = free_kib();
	printf("# free memory before %ld KiB, after %d killed clients %ld KiB\n", before, clients,
	       after);
	CHECK(after > before - SLACK_KIB);
}

const struct test kill_tests[] = {
	{ "1.1", "killed_clients_leave_nothing", killed_clients_leave_nothing },
	{ 0 },
};

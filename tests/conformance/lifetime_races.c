// SPDX-License-Identifier: MIT
/* lifetime_races.c - chapters 1 to 3 with threads: set up, map, fork and close, all at once */

#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>

#define WORKERS 3

static struct ex ex;
static atomic_bool stop;
static atomic_int wins, rounds[WORKERS + 1];

/* A worker maps and unmaps on its own interface until @stop, or until the exmap is closed. */
static void *work(void *arg)
{
	int id = (int)(intptr_t)arg;

	while (!stop) {
		for (int opcode = EXMAP_OP_ALLOC; opcode <= EXMAP_OP_FREE; opcode++) {
			ex_vector(&ex, id, 0, 100 * id, 20);
			ex_vector(&ex, id, 1, 100 * id + 50, 3);
			if (ex_action(&ex, id, opcode, 2) < 0) {
				CHECK(errno == EBADF || errno == EPROTO);
				return NULL;
			}
		}
		rounds[id]++;
	}
	return NULL;
}

static void start_workers(pthread_t *threads)
{
	ex_start(&ex, 512, WORKERS + 1, 256, -1);
	for (intptr_t i = 0; i < WORKERS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < WORKERS; i++) {
		while (!rounds[i])
			usleep(100);
	}
}

static void join_workers(pthread_t *threads)
{
	for (int i = 0; i < WORKERS; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

static void exit_while_others_work(void)
{
	for (int i = 0; i < 10; i++) {
		pthread_t threads[WORKERS];
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			start_workers(threads);
			_exit(42);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), 42);
	}
}

static void close_while_others_work(void)
{
	for (int i = 0; i < 10; i++) {
		pthread_t threads[WORKERS];

		for (int id = 0; id < WORKERS; id++)
			rounds[id] = 0;
		start_workers(threads);
		CHECK_EQ(close(ex.fd), 0);
		join_workers(threads);
		/* Workers may have left pages mapped, but never page 90. */
		CHECK(faults(ex_at(&ex, 90), true, NULL));
		CHECK_EQ(munmap(ex.base, 512 * PAGE), 0);
		for (int id = 0; id <= WORKERS; id++)
			munmap(ex.user[id], PAGE);
	}
}

static void use_a_new_one(void)
{
	struct ex own;

	CHECK_ERRNO(ex_action(&ex, 3, EXMAP_OP_ALLOC, 0), EPROTO);
	ex_start(&own, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&own, 0, 0, 8), 8);
	*ex_at(&own, 7) = 1;
	CHECK(faults(ex_at(&own, 8), true, NULL));
	CHECK_EQ(FREE(&own, 0, 0, 8), 8);
}

/* A child never waits for a lock that another thread of its parent held at the fork. */
static void fork_while_others_work(void)
{
	pthread_t threads[WORKERS];

	start_workers(threads);
	for (int i = 0; i < 30; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			use_a_new_one();
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, 0);
	}
	stop = true;
	join_workers(threads);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK_EQ(ALLOC(&ex, 3, 0, 256), 256);
}

static void map_at_once(int id)
{
	char *base = mmap(NULL, (id + 1) * 16 * PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_EXMAP);

	CHECK(base != MAP_FAILED || errno == EBUSY);
	if (base != MAP_FAILED) {
		ex.base = base;
		ex.pages = (id + 1) * 16;
		wins++;
	}
}

static void one_surface_wins(void)
{
	ex_start(&ex, 64, 1, 16, -1);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	for (int i = 0; i < 50; i++) {
		wins = 0;
		run_threads(4, map_at_once);
		CHECK_EQ(wins, 1);
		CHECK_EQ(ALLOC(&ex, 0, ex.pages, 1), -EFAULT);
		CHECK_EQ(ALLOC(&ex, 0, 0, 16), 16);
		CHECK_EQ(munmap(ex.base, ex.pages * PAGE), 0);
	}
}

#define RACE_PAGES 2048
#define THREADS 4

static void work_until_unmapped(int id)
{
	/* All interfaces are in use, the first and the last too. */
	int ifc = id - 1;

	if (!id) {
		usleep(20000);
		CHECK_EQ(munmap(ex.base, RACE_PAGES * PAGE), 0);
		return;
	}
	for (;;) {
		int ret;

		ex_vector(&ex, ifc, 0, 100 * id, 50);
		if (id == 3)
			ret = pread(ex.fd, ex_at(&ex, 100 * id), 8 * PAGE,
				    read_offset(ifc, EXMAP_OP_ALLOC));
		else
			ret = ex_action(&ex, ifc, EXMAP_OP_ALLOC, 1);
		if (ret < 0) {
			CHECK_EQ(errno, EPROTO);
			return;
		}
		ex_vector(&ex, ifc, 0, 100 * id, 50);
		if (ex_action(&ex, ifc, EXMAP_OP_FREE, 1) < 0) {
			CHECK_EQ(errno, EPROTO);
			return;
		}
	}
}

static void munmap_races_with_calls(void)
{
	for (int round = 0; round < 10; round++) {
		ex_start(&ex, RACE_PAGES, THREADS - 1, 300, -1);
		run_threads(THREADS, work_until_unmapped);
		CHECK_EQ(ex_mapped(&ex), 0);
		ex.base = ex_map(ex.fd, RACE_PAGES);
		CHECK_EQ(ALLOC(&ex, 0, 0, 300), 300);
		munmap(ex.base, RACE_PAGES * PAGE);
		close(ex.fd);
	}
}

static void read_until_unmapped(int id)
{
	if (!id) {
		usleep(10000);
		CHECK_EQ(munmap(ex.base, 512 * PAGE), 0);
		return;
	}
	for (;;) {
		ssize_t got = pread(ex.fd, ex_at(&ex, 100 * id), 4 * PAGE, id);

		if (got >= 0) {
			CHECK(got == 0 || got == 4 * (ssize_t)PAGE);
			ex_vector(&ex, id, 0, 100 * id, 4);
			got = ex_action(&ex, id, EXMAP_OP_FREE, 1);
		}
		if (got < 0) {
			CHECK_EQ(errno, EPROTO);
			return;
		}
	}
}

static void munmap_races_with_reads(void)
{
	int backing = backing_file(512 * PAGE);

	for (int round = 0; round < 10; round++) {
		ex_start(&ex, 512, 3, 64, backing);
		run_threads(3, read_until_unmapped);
		CHECK_EQ(ex_mapped(&ex), 0);
		ex.base = ex_map(ex.fd, 512);
		CHECK_EQ(ALLOC(&ex, 0, 0, 64), 64);
		CHECK_EQ(munmap(ex.base, 512 * PAGE), 0);
		close(ex.fd);
	}
}

static void set_up_at_once(int id)
{
	int ret = ex_setup(ex.fd, -1, id + 1, 10 * (id + 1), 0);

	CHECK(ret == 0 || errno == EBUSY);
	if (ret == 0)
		wins += 1 + 100 * id;
}

static void one_setup_wins(void)
{
	for (int i = 0; i < 50; i++) {
		struct exmap_ioctl_stats stats;

		wins = 0;
		ex.fd = ex_open();
		run_threads(4, set_up_at_once);
		CHECK_EQ(wins % 100, 1);
		CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_STATS, &stats), 0);
		CHECK_EQ(stats.max_interfaces, wins / 100 + 1);
		CHECK_EQ(stats.buffer_size, 10 * (wins / 100 + 1));
		close(ex.fd);
	}
}

const struct test lifetime_race_tests[] = {
	{ "1.2", "exit_while_others_work", exit_while_others_work },
	{ "1.2", "close_while_others_work", close_while_others_work },
	{ "1.4", "fork_while_others_work", fork_while_others_work },
	{ "2.1", "one_surface_wins", one_surface_wins },
	{ "2.4", "munmap_races_with_calls", munmap_races_with_calls },
	{ "2.4", "munmap_races_with_reads", munmap_races_with_reads },
	{ "3.1", "one_setup_wins", one_setup_wins },
	{ 0 },
};

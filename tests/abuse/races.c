// SPDX-License-Identifier: MIT
/* races.c - calls while other threads take away their surface, descriptor or vectors */

#include "harness.h"

#include <poll.h>
#include <pthread.h>
#include <sys/uio.h>
#include <time.h>

#define PAGES 4096
#define FRAMES 1024
#define WORKERS 3

static struct ex ex;
static double end;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool time_is_up(void)
{
	return now() >= end;
}

/* How long each race lasts, in seconds. */
static double duration(void)
{
	return getenv("EXMAP_TEST_LONG") ? 5 : 0.7;
}

static unsigned int next(unsigned int *seed)
{
	return *seed = *seed * 1664525u + 1013904223u;
}

/* A random call on random pages. Any answer will do that the spec permits at all. */
static void any_call(int id, unsigned int *seed)
{
	struct iovec iov[2];
	int n = 1 + next(seed) % 64;
	int ret;

	if (next(seed) % 4 == 0) {
		iov[0] = (struct iovec){ ex_at(&ex, next(seed) % PAGES), PAGE };
		iov[1] = (struct iovec){ ex_at(&ex, next(seed) % PAGES), 4 * PAGE };
		ret = preadv(ex.fd, iov, 2,
			     read_offset(id, next(seed) % 2 ? EXMAP_OP_READ : EXMAP_OP_ALLOC));
		CHECK(ret >= 0 || errno == EPROTO || errno == EFAULT || errno == ENOMEM ||
		      errno == EBADF);
		return;
	}
	if (next(seed) % 8 == 0) {
		ret = RM_SD(&ex, id);
		CHECK(!ret || errno == EPROTO || errno == EBADF);
		return;
	}
	for (int i = 0; i < n; i++)
		ex_vector(&ex, id, i, next(seed) % (PAGES + 8), next(seed) % 8);
	if (next(seed) % 4 == 0) {
		/* Few vectors, or hardly a call would have all of them inside. */
		ret = ex_shadow(&ex, id, n % 16, next(seed) % (PAGES + 8));
		CHECK(!ret || errno == EPROTO || errno == EBADF || errno == EFAULT ||
		      errno == ENOMEM);
		return;
	}
	ret = ex_action(&ex, id, next(seed) % 2 ? EXMAP_OP_ALLOC : EXMAP_OP_FREE, n);
	CHECK(ret <= n && (ret >= 0 || errno == EPROTO || errno == EBADF));
}

static void call_away(int id)
{
	unsigned int seed = id + 1;

	while (!time_is_up())
		any_call(id, &seed);
}

/* No frame is lost, and the device still works. */
static void all_is_well(void)
{
	munmap(ex.base, PAGES * PAGE);
	ex.base = ex_map(ex.fd, PAGES);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, FRAMES), FRAMES);
	for (size_t i = 0; i < FRAMES; i++)
		*ex_at(&ex, i) = 1;
	CHECK_EQ(ALLOC(&ex, 0, FRAMES, 1), -ENOMEM);
	CHECK_EQ(FREE(&ex, 0, 0, PAGES - 1), FRAMES);
}

static void start(void)
{
	ex_start(&ex, PAGES, WORKERS + 1, FRAMES, backing_file(PAGES * PAGE));
	end = now() + duration();
}

static void remap_or_call(int id)
{
	if (id) {
		call_away(id);
		return;
	}
	while (!time_is_up()) {
		CHECK_EQ(munmap(ex.base, PAGES * PAGE), 0);
		/* At the same address, because the other threads go on using it. */
		CHECK(mmap(ex.base, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			   ex.fd, 0) == ex.base);
	}
}

static void munmap_and_mmap_against_calls(void)
{
	start();
	run_threads(WORKERS + 1, remap_or_call);
	all_is_well();
}

static void change_or_call(int id)
{
	static const int prots[] = { PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE };
	static const int advice[] = { MADV_DONTNEED,   MADV_WILLNEED,
				      MADV_NOHUGEPAGE, MADV_FREE,
				      MADV_DOFORK,     MADV_MERGEABLE,
				      MADV_RANDOM,     21 /* PAGEOUT */ };
	unsigned int seed = 99;

	if (id) {
		call_away(id);
		return;
	}
	while (!time_is_up()) {
		size_t at = next(&seed) % PAGES;
		size_t len = 1 + next(&seed) % (PAGES - at);

		if (next(&seed) % 2)
			at = 0, len = PAGES;
		switch (next(&seed) % 3) {
		case 0:
			mprotect(ex_at(&ex, at), len * PAGE, prots[next(&seed) % 3]);
			break;
		case 1:
			madvise(ex_at(&ex, at), len * PAGE, advice[next(&seed) % 8]);
			break;
		default:
			CHECK(mremap(ex_at(&ex, at), len * PAGE, 2 * len * PAGE, MREMAP_MAYMOVE) ==
			      MAP_FAILED);
		}
	}
}

static void advice_and_protection_against_calls(void)
{
	start();
	run_threads(WORKERS + 1, change_or_call);
	all_is_well();
}

/* A hostile thread overwrites vectors: no call may touch memory outside the surface. */
static void scribble_or_call(int id)
{
	unsigned int seed = 7;

	if (id) {
		call_away(id);
		return;
	}
	while (!time_is_up()) {
		struct exmap_user_interface *user = ex.user[1 + next(&seed) % WORKERS];
		uint64_t value = (uint64_t)next(&seed) << 32 | next(&seed);

		__atomic_store_n(&user->iov[next(&seed) % 64].value, value, __ATOMIC_RELAXED);
	}
}

static void vectors_that_change_during_the_action(void)
{
	char *guard;

	start();
	guard = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(guard, 0x5a, 16 * PAGE);
	run_threads(WORKERS + 1, scribble_or_call);
	for (size_t i = 0; i < 16 * PAGE; i++)
		CHECK_EQ(guard[i], 0x5a);
	all_is_well();
}

/* The descriptor is closed during calls on it, and its number may become another file's. */
static void close_or_call(int id)
{
	int spare = id ? -1 : dup(ex.fd);

	if (id) {
		call_away(id);
		return;
	}
	while (!time_is_up()) {
		close(ex.fd);
		CHECK_EQ(dup2(spare, ex.fd), ex.fd);
	}
	close(spare);
}

static void close_against_calls(void)
{
	start();
	run_threads(WORKERS + 1, close_or_call);
	all_is_well();
}

static void *call_in_thread(void *id)
{
	call_away((intptr_t)id);
	return NULL;
}

static void last_close_during_calls(void)
{
	int rounds = getenv("EXMAP_TEST_LONG") ? 50 : 10;

	for (int round = 0; round < rounds; round++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			start();
			end = now() + 30;
			for (int i = 1; i <= WORKERS; i++) {
				pthread_t thread;

				pthread_create(&thread, NULL, call_in_thread, (void *)(intptr_t)i);
			}
			usleep(20000);
			close(ex.fd);
			munmap(ex.base, PAGES * PAGE);
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(status == 0);
	}
}

static void fork_or_call(int id)
{
	if (id) {
		call_away(id);
		return;
	}
	while (!time_is_up()) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			/* The child's calls must not change the parent's exmap. */
			struct exmap_action_params p = { .iov_len = 1, .opcode = EXMAP_OP_FREE };

			if (ioctl(ex.fd, EXMAP_IOCTL_ACTION, &p) != -1 || errno != EPROTO)
				_exit(1);
			close(ex.fd);
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, 0);
	}
}

static void fork_against_calls(void)
{
	start();
	run_threads(WORKERS + 1, fork_or_call);
	all_is_well();
}

/* The backing is written to by a thread that faults in the write, and read by another. */
static int shared_file;

static void write_or_read(int id)
{
	size_t len = 64 * PAGE;
	char *memory;

	if (id == 1) {
		while (!time_is_up()) {
			ssize_t got = pread(ex.fd, ex.base, len, read_offset(1, EXMAP_OP_READ));

			CHECK(got >= 0 || errno == EPROTO || errno == ENOMEM);
			FREE(&ex, 1, 0, 64);
		}
		return;
	}
	if (id == 2) {
		while (!time_is_up())
			CHECK_EQ(mprotect(ex.base, PAGES * PAGE, PROT_READ | PROT_WRITE), 0);
		return;
	}
	if (id)
		return;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	while (!time_is_up()) {
		madvise(memory, len, MADV_DONTNEED);
		CHECK_EQ(pwrite(shared_file, memory, len, 0), len);
	}
}

static void reads_against_writes_that_fault(void)
{
	char path[64];
	int direct;

	direct = backing_file(PAGES * PAGE);
	/* Without O_DIRECT, so that the file's lock is held while the writer's memory faults. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", direct);
	shared_file = open(path, O_RDWR);
	if (shared_file < 0)
		SKIP("the backing cannot be opened again: %s", strerror(errno));
	ex_start(&ex, PAGES, WORKERS + 1, FRAMES, direct);
	end = now() + duration();
	run_threads(3, write_or_read);
	all_is_well();
}

const struct test race_tests[] = {
	{ "2.4", "munmap_and_mmap_against_calls", munmap_and_mmap_against_calls },
	{ "2.5", "advice_and_protection_against_calls", advice_and_protection_against_calls },
	{ "4.2", "vectors_that_change_during_the_action", vectors_that_change_during_the_action },
	{ "1.2", "close_against_calls", close_against_calls },
	{ "1.2", "last_close_during_calls", last_close_during_calls },
	{ "1.4", "fork_against_calls", fork_against_calls },
	{ "5.2", "reads_against_writes_that_fault", reads_against_writes_that_fault },
	{ 0 },
};

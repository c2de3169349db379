// SPDX-License-Identifier: MIT
/* trace_file.c - see trace_file.h */

#define _GNU_SOURCE
#include "emu/trace_file.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "emu/generation.h"
#include "emu/hidden_fd.h"
#include "emu/options.h"
#include "emu/reentry.h"
#include "emu/say.h"
#include "emu/sys.h"
#include "emu/ticks.h"

/* 4 MiB hold 10 ms of the fastest clients' events, so that the writer may be late. */
#define RING_SIZE (4UL << 20)

/* Bytes of a chunk's events. What does not fit on a disk is lost in pieces of that. */
#define MAX_CHUNK (64UL << 10)

/* How often the writer looks, in nanoseconds. */
#define PERIOD 10000000

/* Once in so many rounds the writer looks which threads have ended: about every second. */
#define BURIAL 100

/*
 * glibc's own signals, below SIGRTMIN: setuid() waits until every thread has handled one. The writer
 * blocks all others.
 */
#define GLIBC_SIGNALS (3ULL << 31)

/**
 * enum state - of this process's trace
 * @NOT_STARTED: no event has been asked for, or this is a forked child
 * @RUNNING:     the file is open
 * @OVER:        the file could not be opened or written
 */
enum state { NOT_STARTED, RUNNING, OVER };

/**
 * struct file - the trace of this process
 * @lock:       protects what follows, but for the atomic fields; also held across fork()
 * @state:      enum state; atomic
 * @generation: emu_generation() of the process that the file belongs to
 * @fd:         the file
 * @size:       bytes of the file, whole chunks
 * @dropped:    events that threads dropped which have ended
 * @rings:      all rings that the writer knows
 * @fresh:      rings that the writer does not know yet; atomic
 * @doorbell:   1 if a ring is half full; atomic, a futex
 * @writer:     the writer's thread; 0 until it runs; atomic, a futex
 * @path:       its name
 */
static struct file {
	pthread_mutex_t lock;
	u32 state;
	u64 generation;
	int fd;
	u64 size;
	u64 dropped;
	struct emu_ring *rings;
	struct emu_ring *fresh;
	u32 doorbell;
	u32 writer;
	char path[PATH_MAX];
} file = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

int (*emu_create_thread)(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *arg),
			 void *arg);

/* The calling thread's ring. */
static __thread struct emu_ring *mine;

static bool running(void)
{
	return exmap_load_acquire(&file.state) == RUNNING;
}

/* Ends the trace because of an error. What is in the file stays readable. */
static void give_up(const char *what, long error)
{
	exmap_store_release(&file.state, OVER);
	emu_say("trace: cannot %s %s: %s; the trace ends here and the client goes on%s", what,
		file.path, strerrordesc_np(-error) ? strerrordesc_np(-error) : "error",
		error == -ENOSPC ? ": free some space, or name a file on another disk" : "");
}

/* Writes ranges in whole. Return: 0 or a negative errno; then the file may have got a part. */
static long write_all(struct iovec *ranges, size_t n)
{
	while (n) {
		long ret = emu_sys(SYS_writev, file.fd, ranges, n);

		if (ret == -EINTR)
			continue;
		if (ret < 0)
			return ret;
		n = emu_skip_bytes(&ranges, n, ret);
		while (n && !ranges->iov_len) {
			ranges++;
			n--;
		}
	}
	return 0;
}

/* Writes a chunk with @bytes of @events. Return: 0 or a negative errno. */
static long write_chunk(u32 kind, u32 tid, u64 dropped, const void *events, u64 bytes)
{
	struct emu_trace_chunk chunk = {
		.magic = EMU_TRACE_CHUNK_MAGIC,
		.kind = kind,
		.tid = tid,
		.size = bytes,
		.ticks = emu_ticks(),
		.mono = emu_clock(CLOCK_MONOTONIC),
		.dropped = dropped,
	};
	struct iovec ranges[2] = { { &chunk, sizeof(chunk) }, { (void *)events, bytes } };
	long ret = write_all(ranges, bytes ? 2 : 1);

	if (ret) {
		emu_sys(SYS_ftruncate, file.fd, file.size);
		emu_sys(SYS_lseek, file.fd, file.size, SEEK_SET);
	} else {
		file.size += sizeof(chunk) + bytes;
	}
	return ret;
}

static u64 all_dropped(void)
{
	u64 sum = file.dropped;

	for (struct emu_ring *ring = file.rings; ring; ring = ring->next)
		sum += exmap_load(&ring->dropped);
	return sum;
}

/* The bytes of the first events, as many as a chunk may have; @bytes are there, whole events. */
static u64 chunk_size(const char *events, u64 bytes)
{
	u64 size = 0;

	while (size < bytes) {
		u64 next = ((const struct emu_trace_event *)(events + size))->size;

		if (size && size + next > MAX_CHUNK)
			break;
		size += next;
	}
	return size;
}

/* Moves what is in a ring to the file; of a thread that adds to it meanwhile, no more than it holds. */
static void drain_ring(struct emu_ring *ring)
{
	struct iovec there = emu_ring_peek(ring);
	u64 moved = 0;

	for (; there.iov_len && moved < ring->size && running(); there = emu_ring_peek(ring)) {
		u64 bytes = chunk_size(there.iov_base, there.iov_len);
		long ret = write_chunk(EMU_TRACE_EVENTS, ring->tid, exmap_load(&ring->dropped),
				       there.iov_base, bytes);

		emu_ring_consume(ring, bytes);
		moved += bytes;
		if (!ret)
			continue;
		give_up("write", ret);
		/* On a full disk there is room for this: the part of a chunk was just taken back. */
		write_chunk(EMU_TRACE_GAVE_UP, 0, all_dropped(), NULL, 0);
	}
}

static void adopt_fresh(void)
{
	struct emu_ring *ring = __atomic_exchange_n(&file.fresh, NULL, __ATOMIC_ACQUIRE);

	while (ring) {
		struct emu_ring *next = ring->next;

		ring->next = file.rings;
		file.rings = ring;
		ring = next;
	}
}

/* Moves what is in all rings to the file. */
static void drain(void)
{
	adopt_fresh();
	for (struct emu_ring *ring = file.rings; ring; ring = ring->next)
		drain_ring(ring);
}

static bool has_ended(const struct emu_ring *ring)
{
	return emu_sys(SYS_tgkill, emu_sys(SYS_getpid), ring->tid, 0) == -ESRCH;
}

/* Frees the rings of threads that have ended. */
static void bury(void)
{
	for (struct emu_ring **link = &file.rings; *link;) {
		struct emu_ring *ring = *link;

		if (!has_ended(ring)) {
			link = &ring->next;
			continue;
		}
		/* The thread may have made events between the last look and its end. */
		drain_ring(ring);
		file.dropped += ring->dropped;
		*link = ring->next;
		emu_ring_free(ring);
	}
}

static void wait_for_events(void)
{
	struct timespec period = { .tv_nsec = PERIOD };

	emu_sys(SYS_futex, &file.doorbell, FUTEX_WAIT_PRIVATE, 0, &period);
	exmap_store(&file.doorbell, 0);
}

static u64 block_signals(void)
{
	u64 all = ~GLIBC_SIGNALS, old = 0;

	emu_sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof(all));
	return old;
}

static void restore_signals(u64 old)
{
	emu_sys(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(old));
}

bool emu_trace_is_writer(long tid)
{
	return tid == exmap_load(&file.writer);
}

void *emu_trace_writer(void *unused)
{
	unsigned int round = 0;

	/* Once more: a sanitizer may have had the shim make a client's thread of this one. */
	block_signals();
	emu_sys(SYS_prctl, PR_SET_NAME, "exmap trace");
	exmap_store(&file.writer, emu_sys(SYS_gettid));
	emu_sys(SYS_futex, &file.writer, FUTEX_WAKE_PRIVATE, 1);
	while (running()) {
		wait_for_events();
		pthread_mutex_lock(&file.lock);
		drain();
		if (++round % BURIAL == 0)
			bury();
		pthread_mutex_unlock(&file.lock);
	}
	return unused;
}

/* All signals are blocked, as they will be in the writer. */
static int start_writer(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret = emu_create_thread ? pthread_attr_init(&attr) : ENOSYS;

	if (!ret) {
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		ret = emu_create_thread(&thread, &attr, emu_trace_writer, NULL);
		pthread_attr_destroy(&attr);
	}
	/* From here on the shim can tell it from the client's threads. */
	while (!ret && !exmap_load(&file.writer))
		emu_sys(SYS_futex, &file.writer, FUTEX_WAIT_PRIVATE, 0, NULL);
	return -ret;
}

/* Puts the pid in place of %p. Return: false if the path is too long. */
static bool expand(char path[PATH_MAX], const char *pattern)
{
	size_t len = 0;
	char pid[16];

	snprintf(pid, sizeof(pid), "%ld", emu_sys(SYS_getpid));
	for (const char *from = pattern; *from; from++) {
		bool is_pid = from[0] == '%' && from[1] == 'p';
		size_t n = is_pid ? strlen(pid) : 1;

		if (len + n >= PATH_MAX)
			return false;
		memcpy(path + len, is_pid ? pid : from, n);
		len += n;
		from += is_pid;
	}
	path[len] = '\0';
	return true;
}

static long create(void)
{
	return emu_sys(SYS_openat, AT_FDCWD, file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		       0644);
}

/* Return: a new file, or a negative errno. */
static long open_file(void)
{
	size_t len;
	long ret;

	if (!expand(file.path, emu_options()->trace))
		return -ENAMETOOLONG;
	ret = create();
	if (ret != -EEXIST)
		return ret;
	len = strlen(file.path);
	snprintf(file.path + len, sizeof(file.path) - len, ".%ld", emu_sys(SYS_getpid));
	ret = create();
	if (ret >= 0)
		emu_say("trace: %.*s exists; writing %s", (int)len, file.path, file.path);
	return ret;
}

static long write_header(void)
{
	struct emu_trace_header header = {
		.version = EMU_TRACE_VERSION,
		.size = sizeof(header),
		.clock = emu_ticks_clock,
		.pid = emu_sys(SYS_getpid),
		.ticks = emu_ticks(),
		.mono = emu_clock(CLOCK_MONOTONIC),
		.real = emu_clock(CLOCK_REALTIME),
	};
	struct iovec range = { &header, sizeof(header) };

	memcpy(header.magic, EMU_TRACE_MAGIC, sizeof(header.magic));
	emu_sys(SYS_prctl, PR_GET_NAME, header.command);
	file.size = sizeof(header);
	return write_all(&range, 1);
}

/* Forgets a parent's trace: what is inherited is not this process's. */
static void forget(void)
{
	emu_close_hidden(file.fd);
	file.fd = -1;
	file.rings = file.fresh = NULL;
	file.dropped = 0;
	file.writer = 0;
	mine = NULL;
	exmap_store(&file.state, NOT_STARTED);
}

/* file.lock held. */
static void start(void)
{
	long ret;

	emu_ticks_start();
	file.generation = emu_generation();
	ret = open_file();
	if (ret < 0) {
		give_up("create", ret);
		return;
	}
	file.fd = emu_hide_fd(ret);
	ret = write_header();
	if (ret) {
		give_up("write", ret);
		return;
	}
	exmap_store_release(&file.state, RUNNING);
	ret = start_writer();
	if (ret)
		give_up("start a thread that writes", ret);
}

/* Whether the trace is an ancestor's: this process was forked. */
static bool is_inherited(void)
{
	return exmap_load_acquire(&file.state) != NOT_STARTED &&
	       file.generation != emu_generation();
}

void emu_trace_start(void)
{
	u64 old;

	if (!emu_options()->trace || (running() && !is_inherited()) || !emu_may_map())
		return;
	/* A handler that comes in between must not find the lock held. */
	old = block_signals();
	if (is_inherited()) {
		pthread_mutex_init(&file.lock, NULL);
		forget();
	}
	pthread_mutex_lock(&file.lock);
	if (exmap_load(&file.state) == NOT_STARTED)
		start();
	pthread_mutex_unlock(&file.lock);
	restore_signals(old);
}

static struct emu_ring *make_ring(void)
{
	struct emu_ring *ring = emu_ring_new(emu_sys(SYS_gettid), RING_SIZE);
	struct emu_ring *top;

	if (!ring) {
		emu_say_once("trace: no memory for a ring of %lu bytes a thread; the events of "
			     "some threads are missing",
			     RING_SIZE);
		return NULL;
	}
	top = exmap_load(&file.fresh);
	do {
		ring->next = top;
	} while (!exmap_try_cmpxchg(&file.fresh, &top, ring));
	mine = ring;
	return ring;
}

struct emu_ring *emu_trace_ring(void)
{
	if (exmap_unlikely(!running()))
		return NULL;
	return exmap_likely(mine != NULL) ? mine : make_ring();
}

struct emu_ring *emu_trace_same_ring(void)
{
	return mine;
}

void emu_trace_wake(void)
{
	if (!__atomic_exchange_n(&file.doorbell, 1, __ATOMIC_RELAXED))
		emu_sys(SYS_futex, &file.doorbell, FUTEX_WAKE_PRIVATE, 1);
}

/* A handler of a fault may have interrupted this thread while it holds the lock: so not for ever. */
static bool try_lock(void)
{
	for (unsigned int round = 0; round < 1000; round++) {
		if (!pthread_mutex_trylock(&file.lock))
			return true;
		exmap_wait(round);
	}
	return false;
}

/* Return: the number of events that the file lacks. */
static u64 end(void)
{
	u64 dropped = 0;
	u64 old;

	if (!running() || is_inherited() || emu_in_vfork_child())
		return 0;
	/* A file that exceeds RLIMIT_FSIZE is an error to the trace, and no signal to the client. */
	old = block_signals();
	if (try_lock()) {
		drain();
		if (running())
			write_chunk(EMU_TRACE_END, 0, all_dropped(), NULL, 0);
		dropped = all_dropped();
		pthread_mutex_unlock(&file.lock);
	}
	restore_signals(old);
	return dropped;
}

void emu_trace_end(void)
{
	end();
}

void emu_trace_say_end(void)
{
	u64 dropped = end();

	if (dropped)
		emu_say("trace: %llu events are not in %s, because it was not written as fast as "
			"they came; name a file on a faster disk, or in /dev/shm",
			(unsigned long long)dropped, file.path);
}

void emu_trace_lock(void)
{
	pthread_mutex_lock(&file.lock);
}

void emu_trace_unlock(void)
{
	pthread_mutex_unlock(&file.lock);
}

// SPDX-License-Identifier: MIT
/*
 * bare.c - backends bare-copy, bare-move, bare-single: the emulator's system calls, and no more
 *
 * A lower bound for what the emulator can reach: userfaultfd and process_madvise() map and drop
 * the same pages, without vectors, frames, checks or counters. One call maps or moves all pages
 * that are neighbours. In pattern STEAL the threads share their slots, as they share the frames
 * of an exmap; in all other patterns each thread has its own.
 */

#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "emu/uapi.h"

/* Pages that one pread() reads into the bounce buffer. */
#define BOUNCE_PAGES 64

/* All of these are set by open(), before there are threads, and then constant; but see @lock. */
static int fd;
static int uffd;
/* For process_madvise(); -1 if that cannot drop pages here. */
static int pidfd;
/* The surface. */
static char *base;
/* Fresh pages are copies of these: MAX_BATCH times the kernel's one page of zeroes. */
static const char *zeroes;
/* The slots, in which bare-move keeps the pages that are free. */
static char *pool;
/* Protects the numbers of the slots that are free, in pattern STEAL. */
static pthread_spinlock_t lock;
static uint32_t *free_slot;
static size_t nr_free;
/* Neighbouring pages that one call maps or moves at most. */
static int longest = MAX_BATCH;

/* What one thread has: its buffer for READ, and the slots of its round's pages. */
struct lane {
	char *bounce;
	uint32_t slot[MAX_BATCH];
};

static bool watch(char *memory, size_t pages)
{
	struct uffdio_register range = {
		.range = { (uintptr_t)memory, pages * PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return !ioctl(uffd, UFFDIO_REGISTER, &range);
}

static void copy(char *to, const char *from, size_t len)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)to,
		.src = (uintptr_t)from,
		.len = len,
		.mode = UFFDIO_COPY_MODE_DONTWAKE,
	};

	if (ioctl(uffd, UFFDIO_COPY, &copy))
		die("UFFDIO_COPY");
}

/* Whether a page is mapped at an address. */
static bool is_there(const char *page)
{
	unsigned char there;

	return mincore((void *)page, PAGE, &there) || there & 1;
}

/*
 * Moves pages. Return: false, with errno, if the kernel cannot.
 *
 *	UFFDIO_MOVE says         because
 *	EAGAIN, move.move > 0    it moved so many bytes, and then met an obstacle
 *	EAGAIN                   the kernel uses the page just now, such as for reclaim
 *	EEXIST, no source page   it moved the page itself: seen on Linux 6.18 for a page that the
 *	                         kernel was migrating (memory compaction)
 *	EEXIST, a source page    there is a page at the destination: an error
 */
static bool move(char *to, const char *from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		struct uffdio_move move = {
			.dst = (uintptr_t)to + done,
			.src = (uintptr_t)from + done,
			.len = len - done,
			.mode = UFFDIO_MOVE_MODE_DONTWAKE,
		};

		if (ioctl(uffd, UFFDIO_MOVE, &move) && errno != EAGAIN) {
			if (errno != EEXIST || is_there(from + done))
				return false;
			done += PAGE;
		}
		if (move.move > 0)
			done += move.move;
	}
	return true;
}

static size_t nr_slots(const struct plan *plan)
{
	return plan->pattern == STEAL ? plan_frames(plan) : (size_t)plan->threads * plan->batch;
}

static bool copy_open(const struct plan *plan, size_t pages)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	struct iovec probe;

	nr_free = nr_slots(plan);
	free_slot = malloc(nr_free * sizeof(*free_slot));
	if (!free_slot || pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE))
		die("memory");
	for (size_t i = 0; i < nr_free; i++)
		free_slot[i] = i;
	if (plan->file)
		fd = file_open(plan, O_RDONLY | O_DIRECT);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		return false;
	base = map_memory(pages);
	zeroes = mmap(NULL, MAX_BATCH * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (zeroes == MAP_FAILED || !watch(base, pages))
		return false;
	pidfd = PIDFD_SELF;
	probe = (struct iovec){ base, PAGE };
	if (syscall(SYS_process_madvise, pidfd, &probe, 1, MADV_DONTNEED, 0) < 0)
		pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	/* Linux before 6.13 cannot drop pages by that call: then one madvise() for each run. */
	if (syscall(SYS_process_madvise, pidfd, &probe, 1, MADV_DONTNEED, 0) < 0)
		pidfd = -1;
	return true;
}

static void copy_begin(struct worker *w)
{
	struct lane *lane = malloc(sizeof(*lane));

	if (!lane)
		die("memory");
	lane->bounce = aligned_alloc(PAGE, BOUNCE_PAGES * PAGE);
	if (!lane->bounce)
		die("memory");
	for (int i = 0; i < w->plan->batch; i++)
		lane->slot[i] = w->id * w->plan->batch + i;
	w->base = base;
	w->private = lane;
}

/* Takes slots for the round's pages. If STEAL has fewer left, the round has fewer pages. */
static void take_slots(struct worker *w)
{
	struct lane *lane = w->private;

	if (w->plan->pattern != STEAL)
		return;
	pthread_spin_lock(&lock);
	if ((size_t)w->got > nr_free)
		w->got = nr_free;
	nr_free -= w->got;
	memcpy(lane->slot, free_slot + nr_free, w->got * sizeof(*free_slot));
	pthread_spin_unlock(&lock);
}

static void give_slots(const struct worker *w)
{
	const struct lane *lane = w->private;

	if (w->plan->pattern != STEAL)
		return;
	pthread_spin_lock(&lock);
	memcpy(free_slot + nr_free, lane->slot, w->got * sizeof(*free_slot));
	nr_free += w->got;
	pthread_spin_unlock(&lock);
}

/* Return: pages, from the round's page @i on, that one call maps or moves; at most @max. */
static int run_len(const struct worker *w, int i, int max)
{
	return page_neighbours(w, i, max < longest ? max : longest);
}

static void copy_alloc(struct worker *w)
{
	int len;

	take_slots(w);
	for (int i = 0; i < w->got; i += len) {
		len = run_len(w, i, MAX_BATCH);
		copy(page_address(w, i), zeroes, len * PAGE);
	}
}

static void copy_read(struct worker *w)
{
	int max = w->plan->pattern == PAGE_READ ? 1 : BOUNCE_PAGES;
	char *bounce = ((struct lane *)w->private)->bounce;
	int len;

	for (int i = 0; i < w->got; i += len) {
		len = run_len(w, i, max);
		if (pread(fd, bounce, len * PAGE, page_address(w, i) - base) != len * (ssize_t)PAGE)
			die("pread");
		copy(page_address(w, i), bounce, len * PAGE);
	}
}

static void copy_free(struct worker *w)
{
	struct iovec iov[MAX_BATCH];
	int n = 0;
	int len;

	for (int i = 0; i < w->got; i += len) {
		len = run_len(w, i, MAX_BATCH);
		iov[n++] = (struct iovec){ page_address(w, i), len * PAGE };
	}
	if (pidfd != -1 && n > 1) {
		if (syscall(SYS_process_madvise, pidfd, iov, n, MADV_DONTNEED, 0) < 0)
			die("process_madvise");
	} else {
		for (int i = 0; i < n; i++)
			madvise(iov[i].iov_base, iov[i].iov_len, MADV_DONTNEED);
	}
	give_slots(w);
}

const struct backend bare_copy_backend = {
	.name = "bare-copy",
	.open = copy_open,
	.begin = copy_begin,
	.alloc = copy_alloc,
	.read = copy_read,
	.free = copy_free,
};

/* bare-single is bare-copy with one call for each page that appears. */
static bool single_open(const struct plan *plan, size_t pages)
{
	longest = 1;
	return copy_open(plan, pages);
}

const struct backend bare_single_backend = {
	.name = "bare-single",
	.open = single_open,
	.begin = copy_begin,
	.alloc = copy_alloc,
	.read = copy_read,
	.free = copy_free,
};

static bool move_open(const struct plan *plan, size_t pages)
{
	size_t frames = nr_slots(plan);

	/* A SCAN has more pages in use than the pool has slots: this backend cannot serve it. */
	if (plan->pattern == SCAN || !copy_open(plan, pages))
		return false;
	pool = map_memory(frames);
	if (!watch(pool, frames))
		return false;
	copy(pool, zeroes, PAGE);
	if (!move(base, pool, PAGE) || !move(pool, base, PAGE))
		return false;
	for (size_t i = 1; i < frames; i++)
		copy(pool + i * PAGE, zeroes, PAGE);
	return true;
}

static char *slot(const struct worker *w, int i)
{
	const struct lane *lane = w->private;

	return pool + lane->slot[i] * PAGE;
}

/* Return: number of pages, from page @i on, that are neighbours and whose slots are, too. */
static int piece_len(const struct worker *w, int i, int max)
{
	const uint32_t *slot = ((struct lane *)w->private)->slot + i;
	int run = run_len(w, i, max);
	int len = 1;

	while (len < run && slot[len] == slot[0] + len)
		len++;
	return len;
}

static void move_alloc(struct worker *w)
{
	int len;

	take_slots(w);
	for (int i = 0; i < w->got; i += len) {
		len = piece_len(w, i, MAX_BATCH);
		if (!move(page_address(w, i), slot(w, i), len * PAGE))
			die("UFFDIO_MOVE");
	}
}

static void move_free(struct worker *w)
{
	int len;

	for (int i = 0; i < w->got; i += len) {
		len = piece_len(w, i, MAX_BATCH);
		if (!move(slot(w, i), page_address(w, i), len * PAGE))
			die("UFFDIO_MOVE");
	}
	give_slots(w);
}

/* Reads into the slots, and moves their pages: nothing is copied after the read. */
static void move_read(struct worker *w)
{
	int max = w->plan->pattern == PAGE_READ ? 1 : MAX_BATCH;
	int len;

	for (int i = 0; i < w->got; i += len) {
		len = piece_len(w, i, max);
		if (pread(fd, slot(w, i), len * PAGE, page_address(w, i) - base) !=
		    len * (ssize_t)PAGE)
			die("pread");
		if (!move(page_address(w, i), slot(w, i), len * PAGE))
			die("UFFDIO_MOVE");
	}
}

const struct backend bare_move_backend = {
	.name = "bare-move",
	.open = move_open,
	.begin = copy_begin,
	.alloc = move_alloc,
	.read = move_read,
	.free = move_free,
};

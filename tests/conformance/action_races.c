// SPDX-License-Identifier: MIT
/* action_races.c - clauses 3.5 to 4.10 with threads: calls compete for pages, frames, vectors */

#include "harness.h"

#include <sched.h>
#include <stdatomic.h>

#define THREADS 4
#define RACE_PAGES 2048

static struct ex ex;
static atomic_int wins[RACE_PAGES];
static atomic_bool stop;
static atomic_long total;

static void grab(int id)
{
	long n = 0;

	for (int i = 0; i < 700; i++)
		n += ALLOC(&ex, id, 1000 * id + i, 1) == 1;
	total += n;
}

static void capacity_is_exact_for_threads(void)
{
	for (int round = 0; round < 5; round++) {
		total = 0;
		ex_start(&ex, 1000 * THREADS, THREADS, 2000, -1);
		run_threads(THREADS, grab);
		CHECK_EQ(total, 2000);
		CHECK_EQ(ex_mapped(&ex), 2000);
		munmap(ex.base, ex.pages * PAGE);
		close(ex.fd);
	}
}

static void scribble(int id)
{
	const uint64_t patterns[] = { 0, ~0UL, 5, 700UL | 3UL << 52, 1UL << 45 };
	unsigned int n = 0;

	if (id) {
		for (; !stop; n++)
			__atomic_store_n(&ex.user[0]->iov[n % 64].value, patterns[n % 5],
					 __ATOMIC_RELAXED);
		return;
	}
	for (int i = 0; i < 3000; i++) {
		int ret = ex_action(&ex, 0, i % 2 ? EXMAP_OP_FREE : EXMAP_OP_ALLOC, 64);

		CHECK(ret >= 0 && ret <= 64);
	}
	stop = true;
}

static void racing_writer_harms_nobody(void)
{
	long mapped;

	ex_start(&ex, RACE_PAGES, 2, 1000, -1);
	run_threads(2, scribble);
	/* Each call saw vectors of some kind and did what they said: no frame is lost. */
	mapped = ex_mapped(&ex);
	CHECK_EQ(FREE(&ex, 1, 0, RACE_PAGES), mapped);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK_EQ(ALLOC(&ex, 1, 0, 1000), 1000);
	CHECK_EQ(ALLOC(&ex, 1, 1000, 1), -ENOMEM);
}

/*
 * Each thread allocates at most its share of the frames, and frees them through a second
 * interface. So enough frames are free at every moment, but in lists of other interfaces.
 */
static void churn(int id)
{
	for (int i = 0; i < 400; i++) {
		int n = 1 + (i * 7 + id) % 100;

		CHECK_EQ(ALLOC(&ex, id, 1000 * id, n), n);
		CHECK_EQ(FREE(&ex, id + THREADS, 1000 * id, n), n);
	}
}

static void alloc_never_fails_while_frames_are_free(void)
{
	ex_start(&ex, 1000 * THREADS, 2 * THREADS, 100 * THREADS, -1);
	run_threads(THREADS, churn);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void readers(int id)
{
	static atomic_int round;
	volatile char *page = ex_at(&ex, 7);

	if (!id) {
		for (int i = 0; i < 500; i++) {
			CHECK_EQ(ALLOC(&ex, 0, 7, 1), 1);
			__atomic_store_n(page, 1, __ATOMIC_RELAXED);
			CHECK_EQ(FREE(&ex, 0, 7, 1), 1);
			/* While round is odd the page is not mapped: every access must fault. */
			round = 2 * i + 1;
			for (int spin = 0; spin < 2000; spin++)
				atomic_signal_fence(memory_order_seq_cst);
			round = 2 * i + 2;
		}
		stop = true;
		return;
	}
	while (!stop) {
		int before = round;
		bool missing = faults(page, false, NULL);

		if (before % 2 && before == round)
			CHECK(missing);
	}
}

static void freed_pages_are_out_of_every_cpus_reach(void)
{
	ex_start(&ex, 64, 1, 8, -1);
	run_threads(2, readers);
}

/*
 * Two threads take turns. In each round one accesses the page before the other frees it, which
 * must work and puts the translation into its CPU's TLB; its access after the FREE must fault.
 */
#define ROUNDS 300

static atomic_int freed_round, warm_round, probed_round;

static void probe_after_free(int id)
{
	char *page = ex_at(&ex, 7);

	for (int i = 1; i <= ROUNDS; i++) {
		if (!id) {
			CHECK_EQ(ALLOC(&ex, 0, 7, 1), 1);
			warm_round = -i;
			while (warm_round != i)
				sched_yield();
			CHECK_EQ(FREE(&ex, 0, 7, 1), 1);
			freed_round = i;
			while (probed_round != i)
				sched_yield();
			continue;
		}
		while (warm_round != -i)
			sched_yield();
		CHECK(!faults(page, i % 2, NULL));
		warm_round = i;
		while (freed_round != i)
			sched_yield();
		CHECK(faults(page, i % 2, NULL));
		probed_round = i;
	}
}

static void no_stale_translation(void)
{
	ex_start(&ex, 64, 1, 8, -1);
	run_threads(2, probe_after_free);
}

static void race_for_pages(int id)
{
	for (int start = 0; start < RACE_PAGES; start += 64) {
		int n = 64;

		for (int i = 0; i < n; i++)
			ex_vector(&ex, id, i, start + (i * 7 + id * 13) % 64, 1);
		CHECK_EQ(ex_action(&ex, id, EXMAP_OP_ALLOC, n), 0);
		for (int i = 0; i < n; i++) {
			int page = start + (i * 7 + id * 13) % 64;

			CHECK_EQ(ex.user[id]->iov[i].res, 0);
			wins[page] += ex.user[id]->iov[i].pages;
			/* Whichever thread mapped the page, all see it mapped. */
			CHECK(!faults(ex_at(&ex, page), true, NULL));
		}
	}
}

static void race_to_free(int id)
{
	for (int start = 0; start < RACE_PAGES; start += 64) {
		for (int i = 0; i < 64; i++)
			ex_vector(&ex, id, i, start + (i * 7 + id * 13) % 64, 1);
		CHECK_EQ(ex_action(&ex, id, EXMAP_OP_FREE, 64), 0);
		for (int i = 0; i < 64; i++) {
			int page = start + (i * 7 + id * 13) % 64;

			wins[page] -= ex.user[id]->iov[i].pages;
			CHECK(faults(ex_at(&ex, page), false, NULL));
		}
	}
}

static void exactly_one_allocates_and_one_frees(void)
{
	ex_start(&ex, RACE_PAGES, THREADS, RACE_PAGES, -1);
	for (int round = 0; round < 4; round++) {
		run_threads(THREADS, race_for_pages);
		for (int i = 0; i < RACE_PAGES; i++)
			CHECK_EQ(wins[i], 1);
		CHECK_EQ(ex_mapped(&ex), RACE_PAGES);
		run_threads(THREADS, race_to_free);
		for (int i = 0; i < RACE_PAGES; i++)
			CHECK_EQ(wins[i], 0);
		CHECK_EQ(ex_mapped(&ex), 0);
	}
}

static void race_for_runs(int id)
{
	for (int i = 0; i < 200; i++)
		total += ALLOC(&ex, id, (i * 37) % 1024, 64);
}

static void runs_race_page_by_page(void)
{
	ex_start(&ex, RACE_PAGES, THREADS, RACE_PAGES, -1);
	run_threads(THREADS, race_for_runs);
	CHECK_EQ(total, ex_mapped(&ex));
	CHECK_EQ(FREE(&ex, 0, 0, RACE_PAGES), total);
}

static atomic_long balance;

/* All threads map and unmap the same pages: their counts must add up to the pages mapped. */
static void toggle(int id)
{
	unsigned int seed = 77 + id;
	long sum = 0;

	for (int i = 0; i < 600; i++) {
		int page = rand_r(&seed) % 500, len = rand_r(&seed) % 12;

		if (rand_r(&seed) % 2)
			sum += ALLOC(&ex, id, page, len);
		else
			sum -= FREE(&ex, id, page, len);
	}
	balance += sum;
}

static void allocs_and_frees_balance(void)
{
	long there = 0;

	ex_start(&ex, 512, 4, 512, -1);
	run_threads(4, toggle);
	CHECK_EQ(balance, ex_mapped(&ex));
	for (int i = 0; i < 512; i++)
		there += !faults(ex_at(&ex, i), true, NULL);
	CHECK_EQ(there, balance);
	CHECK_EQ(FREE(&ex, 0, 0, 512), there);
	CHECK_EQ(ALLOC(&ex, 0, 0, 512), 512);
}

static atomic_long bytes_read;

/*
 * page_is_backing() without ThreadSanitizer, which takes a buffer of pread() to be written when
 * pread() returns. Other threads may look at the page before that, and it would call that a race.
 */
__attribute__((noinline, no_sanitize("thread"))) static bool holds_backing(int page)
{
	const unsigned char *data = (unsigned char *)ex_at(&ex, page);

	for (size_t i = 0; i < PAGE; i++) {
		if (data[i] != backing_byte(page * PAGE + i))
			return false;
	}
	return true;
}

/* A READ that finds another filling the page waits until it is filled [4.9, 5.3]. */
static void read_the_same(int id)
{
	for (int i = 0; i < 200; i++) {
		ssize_t got = pread(ex.fd, ex_at(&ex, i), PAGE, read_offset(id, EXMAP_OP_READ));

		CHECK(got == (ssize_t)PAGE || got == 0);
		CHECK(holds_backing(i));
		bytes_read += got;
	}
}

static void reads_of_one_page_race(void)
{
	NOT_IN_LEANSTORE("8.12");
	ex_start(&ex, 256, 3, 256, backing_file(256 * PAGE));
	for (int round = 1; round <= 3; round++) {
		run_threads(3, read_the_same);
		CHECK_EQ(bytes_read, 200 * PAGE * round);
		CHECK_EQ(FREE(&ex, 0, 0, 256), 200);
	}
}

static void share_one_interface(int id)
{
	(void)id;
	/* The threads overwrite each other's vectors: no call may fail, no frame be lost. */
	for (int i = 0; i < 500; i++) {
		CHECK(ex_action(&ex, 0, EXMAP_OP_ALLOC, 8) >= 0);
		CHECK(ex_action(&ex, 0, EXMAP_OP_FREE, 8) >= 0);
	}
}

static void one_interface_serialises_its_threads(void)
{
	ex_start(&ex, 64, 2, 8, -1);
	run_threads(THREADS, share_one_interface);
	FREE(&ex, 1, 0, 64);
	CHECK_EQ(ALLOC(&ex, 1, 0, 8), 8);
}

const struct test action_race_tests[] = {
	{ "3.5", "capacity_is_exact_for_threads", capacity_is_exact_for_threads },
	{ "4.2", "racing_writer_harms_nobody", racing_writer_harms_nobody },
	{ "4.7", "alloc_never_fails_while_frames_are_free",
	  alloc_never_fails_while_frames_are_free },
	{ "4.9", "freed_pages_are_out_of_every_cpus_reach",
	  freed_pages_are_out_of_every_cpus_reach },
	{ "4.9", "no_stale_translation", no_stale_translation },
	{ "4.10", "exactly_one_allocates_and_one_frees", exactly_one_allocates_and_one_frees },
	{ "4.10", "runs_race_page_by_page", runs_race_page_by_page },
	{ "4.10", "allocs_and_frees_balance", allocs_and_frees_balance },
	{ "4.10", "reads_of_one_page_race", reads_of_one_page_race },
	{ "4.10", "one_interface_serialises_its_threads", one_interface_serialises_its_threads },
	{ 0 },
};

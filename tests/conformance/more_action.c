// SPDX-License-Identifier: MIT
/* more_action.c - section 4: the corners that its first tests leave out */

#include "harness.h"

#include <sched.h>
#include <stdatomic.h>

static struct ex ex;
static atomic_long balance;

static void half_an_action_is_efault(void)
{
	struct exmap_action_params params = { .iov_len = 1, .opcode = EXMAP_OP_ALLOC };
	char *half = at_the_edge(sizeof(params) / 2);

	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 1, 1);
	memcpy(half, &params, sizeof(params) / 2);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_ACTION, half), EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
	memcpy(half - sizeof(params) / 2, &params, sizeof(params));
	CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_ACTION, half - sizeof(params) / 2), 0);
	CHECK_EQ(ex_mapped(&ex), 1);
}

/* No interface page is touched but the one named, and of that not a vector too many. */
static void upper_bits_of_results_are_zero(void)
{
	ex_start(&ex, 64, 2, 8, -1);
	for (int opcode = EXMAP_OP_ALLOC; opcode <= EXMAP_OP_FREE; opcode++) {
		ex_vector(&ex, 0, 0, 5, 3);
		ex_vector(&ex, 0, 1, (1UL << 52) - 1, 4095);
		ex_vector(&ex, 0, 2, 5, 0);
		ex_vector(&ex, 0, 3, 0, 50);
		CHECK_EQ(ex_action(&ex, 0, opcode, 4), opcode == EXMAP_OP_ALLOC ? 2 : 1);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(ex.user[0]->iov[i].value >> 48, 0);
		for (int i = 0; i < 512; i++)
			CHECK_EQ(ex.user[1]->iov[i].value, 0);
	}
}

static void every_bit_of_a_page_number_counts(void)
{
	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	for (int bit = 6; bit < 52; bit++) {
		CHECK_EQ(ALLOC(&ex, 0, 4 | 1UL << bit, 1), -EFAULT);
		CHECK_EQ(FREE(&ex, 0, 3 | 1UL << bit, 1), -EFAULT);
	}
	/* These would end inside, if their sum could wrap. */
	CHECK_EQ(ALLOC(&ex, 0, (1UL << 52) - 4090, 4095), -EFAULT);
	CHECK_EQ(FREE(&ex, 0, (1UL << 52) - 4090, 4095), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 1);
}

static void bad_vectors_leave_the_others(void)
{
	ex_start(&ex, 64, 1, 8, -1);
	for (int opcode = EXMAP_OP_ALLOC; opcode <= EXMAP_OP_FREE; opcode++) {
		for (int i = 0; i < 16; i++)
			ex_vector(&ex, 0, i, i % 2 ? 64 - i : i / 2, i % 2 ? i + 1 : 1);
		CHECK_EQ(ex_action(&ex, 0, opcode, 16), 8);
		for (int i = 0; i < 16; i++) {
			CHECK_EQ(ex.user[0]->iov[i].res, i % 2 ? -EFAULT : 0);
			CHECK_EQ(ex.user[0]->iov[i].pages, !(i % 2));
		}
		CHECK_EQ(ex_mapped(&ex), opcode == EXMAP_OP_ALLOC ? 8 : 0);
	}
}

static void exhausted_run_counts_new_pages_only(void)
{
	int there = 0;

	ex_start(&ex, 64, 1, 8, -1);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(ALLOC(&ex, 0, 10 + 3 * i, 1), 1);
	CHECK_EQ(ALLOC(&ex, 0, 8, 20), -ENOMEM);
	CHECK_EQ(ex.user[0]->iov[0].pages, 3);
	for (int i = 0; i < 64; i++)
		there += !faults(ex_at(&ex, i), true, NULL);
	CHECK_EQ(there, 8);
	/* Nothing needed, nothing missed: mapped pages, no pages, and FREE. */
	CHECK_EQ(ALLOC(&ex, 0, 13, 1), 0);
	CHECK_EQ(ALLOC(&ex, 0, 40, 0), 0);
	CHECK_EQ(FREE(&ex, 0, 8, 20), 8);
	CHECK_EQ(ALLOC(&ex, 0, 56, 8), 8);
}

static void exact_fit_is_no_exhaustion(void)
{
	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 0, 3);
	ex_vector(&ex, 0, 1, 10, 5);
	ex_vector(&ex, 0, 2, 10, 5);
	ex_vector(&ex, 0, 3, 70, 1);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 4), 1);
	CHECK_EQ(ex.user[0]->iov[1].pages, 5);
	CHECK_EQ(ex.user[0]->iov[2].res, 0);
	CHECK_EQ(ex.user[0]->iov[2].pages, 0);
	CHECK_EQ(ex.user[0]->iov[3].res, -EFAULT);
}

static void one_frame_wanders_through_all_interfaces(void)
{
	ex_start(&ex, 2048, 64, 1030, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 1029), 1029);
	for (int i = 0; i < 1000; i++) {
		int to = i * 37 % 64;

		CHECK_EQ(ALLOC(&ex, to, 2000, 1), 1);
		CHECK_EQ(ALLOC(&ex, to, 2001, 1), -ENOMEM);
		CHECK_EQ(FREE(&ex, (to + 1 + i / 64) % 64, 2000, 1), 1);
	}
}

/*
 * Reader and writer take turns: every round has an access before the FREE that
 * must work (it fills the translation), and one after it that must not.
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

/* Everybody maps and unmaps everywhere: what was counted must be what is there. */
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
 * page_is_backing(), out of ThreadSanitizer's sight: to it, a pread() writes its
 * buffer when it returns, later than the page can be seen by others here.
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

/* Who loses a race of reads waits until the winner has filled the page [4.9, 5.3]. */
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
	ex_start(&ex, 256, 3, 256, backing_file(256 * PAGE));
	for (int round = 1; round <= 3; round++) {
		run_threads(3, read_the_same);
		CHECK_EQ(bytes_read, 200 * PAGE * round);
		CHECK_EQ(FREE(&ex, 0, 0, 256), 200);
	}
}

/* The page itself is handed out again, and every other frame too. */
static void io_never_sees_what_comes_after_free(void)
{
	static unsigned char out[PAGE];
	struct iovec iov;
	int pipes[2], freed;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	for (int round = 0; round < 20; round++) {
		CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
		memset(ex_at(&ex, 0), 0x77, PAGE);
		iov = (struct iovec){ ex_at(&ex, 0), PAGE };
		if (vmsplice(pipes[1], &iov, 1, 0) != (ssize_t)PAGE)
			SKIP("vmsplice from a surface: %s", strerror(errno));
		freed = FREE(&ex, 0, 0, 1);
		if (freed)
			CHECK(faults(ex_at(&ex, 0), false, NULL));
		CHECK_EQ(ALLOC(&ex, 0, 0, 8 - !freed), 8 - 2 * !freed);
		/* A page that FREE skipped is the client's still: leave it alone. */
		for (int i = !freed; i < 8 - !freed; i++)
			memset(ex_at(&ex, i), 0x11, PAGE);
		CHECK_EQ(read(pipes[0], out, PAGE), PAGE);
		for (size_t i = 0; i < PAGE; i++)
			CHECK_EQ(out[i], 0x77);
		CHECK_EQ(FREE(&ex, 0, 0, 64), 8 - !freed);
	}
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
}

const struct test more_action_tests[] = {
	{ "4.1", "half_an_action_is_efault", half_an_action_is_efault },
	{ "4.2", "upper_bits_of_results_are_zero", upper_bits_of_results_are_zero },
	{ "4.5", "every_bit_of_a_page_number_counts", every_bit_of_a_page_number_counts },
	{ "4.5", "bad_vectors_leave_the_others", bad_vectors_leave_the_others },
	{ "4.6", "exhausted_run_counts_new_pages_only", exhausted_run_counts_new_pages_only },
	{ "4.6", "exact_fit_is_no_exhaustion", exact_fit_is_no_exhaustion },
	{ "4.7", "one_frame_wanders_through_all_interfaces",
	  one_frame_wanders_through_all_interfaces },
	{ "4.9", "no_stale_translation", no_stale_translation },
	{ "4.10", "allocs_and_frees_balance", allocs_and_frees_balance },
	{ "4.10", "reads_of_one_page_race", reads_of_one_page_race },
	{ "4.11", "io_never_sees_what_comes_after_free", io_never_sees_what_comes_after_free },
	{ 0 },
};

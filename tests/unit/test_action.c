// SPDX-License-Identifier: MIT
/* test_action.c - ALLOC and FREE against section 4 of the interface, one thread */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define VECTORS EXMAP_USER_INTERFACE_PAGES

static int alloc_bytes(struct fake *f, long page, size_t pages)
{
	struct iovec iov = { (void *)(uintptr_t)(f->s.base + page * EXMAP_PAGE_SIZE),
			     pages * EXMAP_PAGE_SIZE };

	return fake_bytes(f, 0, ALLOC, &iov);
}

static int free_bytes(struct fake *f, long page, size_t pages)
{
	struct iovec iov = { (void *)(uintptr_t)(f->s.base + page * EXMAP_PAGE_SIZE),
			     pages * EXMAP_PAGE_SIZE };

	return fake_bytes(f, 0, FREE, &iov);
}

static void results_go_to_the_first_vectors_only_4_2(void **state)
{
	struct fake *f = fake_new(100, 50, 2);

	(void)state;
	for (u32 i = 0; i < 4; i++)
		fake_ask(f, 1, i, 10 * i, i);
	assert_int_equal(fake_do(f, 1, ALLOC, 3), 0);
	fake_expect(f, 1, 0, 0, 0);
	fake_expect(f, 1, 1, 0, 1);
	fake_expect(f, 1, 2, 0, 2);
	assert_int_equal(f->user[1].iov[3].page, 30);
	assert_int_equal(f->user[1].iov[3].len, 3);
	assert_int_equal(f->user[0].iov[0].value, 0);
	assert_int_equal(fake_present(f), 3);
	fake_free(f);
}

/* The client writes vectors while the backend works. The action must not see that. */
static void rewrite_vectors(struct fake *f, enum fake_op op, u32 id)
{
	(void)op;
	for (u32 i = 0; i < VECTORS; i++)
		fake_ask(f, id, i, 90 + i, 5);
}

static void a_vector_is_read_once_4_2(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	fake_ask(f, 0, 0, 0, 3);
	fake_ask(f, 0, 1, 200, 1);
	f->hook = rewrite_vectors;
	assert_int_equal(fake_do(f, 0, ALLOC, 2), 1);
	fake_expect(f, 0, 0, 0, 3);
	fake_expect(f, 0, 1, -EFAULT, 0);
	assert_int_equal(fake_present(f), 3);
	fake_ask(f, 0, 0, 0, 2);
	assert_int_equal(fake_do(f, 0, FREE, 1), 0);
	fake_expect(f, 0, 0, 0, 2);
	assert_int_equal(fake_present(f), 1);
	fake_free(f);
}

static void mapped_pages_are_left_alone_4_4(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	s64 frame;

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 5, 2), 2);
	frame = fake_frame(f, 5);
	assert_int_equal(fake_one(f, 0, ALLOC, 5, 2), 0);
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 10), 8);
	assert_int_equal(fake_frame(f, 5), frame);
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 0), 0);
	assert_int_equal(fake_one(f, 0, ALLOC, 100, 0), 0);
	assert_int_equal(fake_present(f), 10);
	fake_free(f);
}

static void ranges_outside_are_efault_others_are_done_4_5(void **state)
{
	static const struct {
		u64 page;
		u64 len;
	} bad[] = {
		{ 100, 1 }, { 99, 2 }, { 0, 101 }, { 1ull << 40, 1 }, { (1ull << 52) - 1, 4095 }
	};
	struct fake *f = fake_new(100, 50, 1);
	u32 n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_ask(f, 0, n++, 2 * i, 1);
		fake_ask(f, 0, n++, bad[i].page, bad[i].len);
	}
	for (int round = 0; round < 2; round++) {
		unsigned int opcode = round ? FREE : ALLOC;

		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			fake_ask(f, 0, 2 * i, 2 * i, 1);
			fake_ask(f, 0, 2 * i + 1, bad[i].page, bad[i].len);
		}
		assert_int_equal(fake_do(f, 0, opcode, n), n / 2);
		for (u32 i = 0; i < n; i += 2) {
			fake_expect(f, 0, i, 0, 1);
			fake_expect(f, 0, i + 1, -EFAULT, 0);
		}
		assert_int_equal(fake_present(f), round ? 0 : n / 2);
	}
	fake_free(f);
}

static void out_of_frames_marks_that_vector_and_all_later_4_3_4_6(void **state)
{
	struct fake *f = fake_new(100, 10, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 50, 1), 1);
	fake_ask(f, 0, 0, 0, 5);
	fake_ask(f, 0, 1, 200, 1);
	fake_ask(f, 0, 2, 10, 8);
	fake_ask(f, 0, 3, 50, 1);
	fake_ask(f, 0, 4, 200, 1);
	fake_ask(f, 0, 5, 20, 2);
	assert_int_equal(fake_do(f, 0, ALLOC, 6), 5);
	fake_expect(f, 0, 0, 0, 5);
	fake_expect(f, 0, 1, -EFAULT, 0);
	fake_expect(f, 0, 2, -ENOMEM, 4);
	for (u32 i = 3; i < 6; i++)
		fake_expect(f, 0, i, -ENOMEM, 0);
	assert_int_equal(fake_present(f), 10);
	assert_true(fake_frame(f, 13) >= 0);
	assert_int_equal(fake_frame(f, 14), -1);
	/* No frame is left. */
	assert_int_equal(fake_one(f, 0, ALLOC, 60, 1), -ENOMEM);
	fake_expect(f, 0, 0, -ENOMEM, 0);
	/* After a FREE, ALLOC works again. */
	assert_int_equal(fake_one(f, 0, FREE, 0, 3), 3);
	assert_int_equal(fake_one(f, 0, ALLOC, 60, 3), 3);
	fake_free(f);
}

/* Frames run out before, exactly at, and behind the end of each vector. */
static void out_of_frames_anywhere_4_6(void **state)
{
	(void)state;
	for (u32 frames = 1; frames <= 12; frames++) {
		struct fake *f = fake_new(100, frames, 1);
		u32 left = frames;
		int failed = 0;

		for (u32 i = 0; i < 4; i++)
			fake_ask(f, 0, i, 10 * i, 3);
		for (u32 i = 0; i < 4; i++)
			failed += frames < 3 * (i + 1);
		assert_int_equal(fake_do(f, 0, ALLOC, 4), failed);
		for (u32 i = 0; i < 4; i++) {
			u32 pages = EXMAP_MIN(left, 3u);

			fake_expect(f, 0, i, pages < 3 ? -ENOMEM : 0, pages);
			left -= pages;
		}
		fake_free(f);
	}
}

/* There are frames enough, but the backend is out of memory: the same rule holds. */
static void backend_out_of_memory_anywhere_4_6(void **state)
{
	(void)state;
	for (u32 limit = 0; limit <= 12; limit++) {
		struct fake *f = fake_new(100, 50, 1);
		u32 left = limit;

		for (u32 i = 0; i < 4; i++)
			fake_ask(f, 0, i, 10 * i, 3);
		f->map_limit = limit;
		assert_int_equal(fake_do(f, 0, ALLOC, 4), 4 - limit / 3);
		for (u32 i = 0; i < 4; i++) {
			u32 pages = EXMAP_MIN(left, 3u);

			fake_expect(f, 0, i, pages < 3 ? -ENOMEM : 0, pages);
			left -= pages;
		}
		assert_int_equal(fake_present(f), limit);
		fake_check(f);
		f->map_limit = UINT64_MAX;
		for (u32 i = 0; i < 4; i++)
			fake_ask(f, 0, i, 10 * i, 3);
		assert_int_equal(fake_do(f, 0, ALLOC, 4), 0);
		assert_int_equal(fake_present(f), 12);
		fake_free(f);
	}
}

/* Frames run out, and the backend is out of memory at an even earlier page. */
static void both_out_of_memory_4_6(void **state)
{
	struct fake *f = fake_new(100, 10, 1);

	(void)state;
	for (u32 i = 0; i < 6; i++)
		fake_ask(f, 0, i, 10 * i, 3);
	f->map_limit = 4;
	assert_int_equal(fake_do(f, 0, ALLOC, 6), 5);
	fake_expect(f, 0, 0, 0, 3);
	fake_expect(f, 0, 1, -ENOMEM, 1);
	for (u32 i = 2; i < 6; i++)
		fake_expect(f, 0, i, -ENOMEM, 0);
	fake_free(f);
}

static void no_memory_for_the_table_is_enomem_4_6(void **state)
{
	struct fake *f = fake_new(1000, 50, 1);

	(void)state;
	for (u32 i = 0; i < 4; i++)
		fake_ask(f, 0, i, 300 * i, 3);
	f->no_table = EXMAP_BLOCK_PAGES;
	assert_int_equal(fake_do(f, 0, ALLOC, 4), 2);
	fake_expect(f, 0, 0, 0, 3);
	fake_expect(f, 0, 1, 0, 3);
	fake_expect(f, 0, 2, -ENOMEM, 0);
	fake_expect(f, 0, 3, -ENOMEM, 0);
	assert_int_equal(fake_present(f), 6);
	/* If an earlier vector fails when the batch is carried out, that one is reported. */
	f->map_limit = 1;
	fake_ask(f, 0, 0, 3, 1);
	fake_ask(f, 0, 1, 4, 1);
	fake_ask(f, 0, 2, 900, 1);
	assert_int_equal(fake_do(f, 0, ALLOC, 3), 2);
	fake_expect(f, 0, 0, 0, 1);
	fake_expect(f, 0, 1, -ENOMEM, 0);
	fake_free(f);
}

/* A call waits for a page that another call never gives up, until the surface goes. */
static void who_waits_hears_that_the_surface_goes(void **state)
{
	struct iovec iov = { .iov_len = EXMAP_PAGE_SIZE };
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	f->s.touched[0] = 1;
	exmap_store(&f->s.table[7], EXMAP_WORD_BUSY);
	f->gone = 1;
	fake_ask(f, 0, 0, 3, 1);
	fake_ask(f, 0, 1, 7, 1);
	fake_ask(f, 0, 2, 9, 1);
	assert_int_equal(fake_do(f, 0, ALLOC, 3), -EPROTO);
	assert_int_equal(fake_do(f, 0, FREE, 3), -EPROTO);
	iov.iov_base = (void *)(uintptr_t)(f->s.base + 7 * EXMAP_PAGE_SIZE);
	assert_int_equal(fake_readv(f, 0, ALLOC, &iov, 1), -EPROTO);
	assert_int_equal(alloc_bytes(f, 7, 1), -EPROTO);
	exmap_store(&f->s.table[7], 0);
	f->gone = 0;
	assert_int_equal(fake_do(f, 0, ALLOC, 3), 0);
	fake_free(f);
}

static void free_counts_what_was_mapped_4_9(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, FREE, 0, 100), 0);
	assert_int_equal(f->calls[FAKE_UNMAP], 0);
	assert_int_equal(fake_one(f, 0, ALLOC, 10, 5), 5);
	assert_int_equal(fake_one(f, 0, ALLOC, 20, 1), 1);
	assert_int_equal(fake_one(f, 0, FREE, 12, 50), 4);
	assert_int_equal(f->calls[FAKE_UNMAP], 1);
	assert_int_equal(fake_present(f), 2);
	assert_int_equal(fake_one(f, 0, FREE, 0, 0), 0);
	fake_free(f);
}

static void frames_go_to_the_interface_that_frees_4_7_4_9(void **state)
{
	struct fake *f = fake_new(100, 20, 3);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 20), 20);
	assert_int_equal(fake_one(f, 1, FREE, 0, 20), 20);
	assert_int_equal(f->pool.lists[1].free, 20);
	assert_int_equal(fake_one(f, 2, ALLOC, 40, 20), 20);
	fake_free(f);
}

static void pinned_pages_stay_4_11(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	s64 frame;

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 10), 10);
	frame = fake_frame(f, 4);
	f->pinned[4] = f->pinned[9] = 1;
	assert_int_equal(fake_one(f, 0, FREE, 0, 10), 8);
	assert_int_equal(fake_frame(f, 4), frame);
	fake_check(f);
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 10), 8);
	f->pinned[4] = f->pinned[9] = 0;
	assert_int_equal(fake_one(f, 0, FREE, 0, 10), 10);
	fake_free(f);
}

static void alloc_of_bytes_is_an_action_of_one_vector_7_5(void **state)
{
	struct fake *f = fake_new(9000, 5000, 1);

	(void)state;
	assert_int_equal(alloc_bytes(f, 3, 4), 4 * EXMAP_PAGE_SIZE);
	assert_int_equal(alloc_bytes(f, 0, 10), 6 * EXMAP_PAGE_SIZE);
	assert_int_equal(alloc_bytes(f, 0, 10), 0);
	assert_int_equal(alloc_bytes(f, 0, 0), 0);
	/* More pages than one vector can name. */
	assert_int_equal(alloc_bytes(f, 0, 4500), 4490 * EXMAP_PAGE_SIZE);
	assert_int_equal(alloc_bytes(f, 4500, 501), -ENOMEM);
	assert_int_equal(fake_present(f), 5000);
	assert_int_equal(alloc_bytes(f, 8999, 2), -EFAULT);
	assert_int_equal(alloc_bytes(f, -1, 1), -EFAULT);
	assert_int_equal(f->user[0].iov[0].value, 0);
	assert_int_equal(f->ifc[0].counts.actions, 6);
	assert_int_equal(free_bytes(f, 4, 4), 4 * EXMAP_PAGE_SIZE);
	assert_int_equal(free_bytes(f, 0, 9000), 4996 * EXMAP_PAGE_SIZE);
	fake_free(f);
}

static void alloc_of_bytes_checks_them_7_5(void **state)
{
	struct fake *f = fake_new(100, 10, 1);
	struct iovec iov = { (void *)(uintptr_t)(f->s.base + 8), EXMAP_PAGE_SIZE };

	(void)state;
	assert_int_equal(fake_bytes(f, 0, ALLOC, &iov), -EINVAL);
	iov = (struct iovec){ (void *)(uintptr_t)f->s.base, 100 };
	assert_int_equal(fake_bytes(f, 0, ALLOC, &iov), -EINVAL);
	iov.iov_len = 1UL << 31;
	assert_int_equal(fake_bytes(f, 0, ALLOC, &iov), -EINVAL);
	assert_int_equal(fake_present(f), 0);
	f->no_table = 0;
	assert_int_equal(alloc_bytes(f, 50, 1), -ENOMEM);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_go_to_the_first_vectors_only_4_2),
		cmocka_unit_test(a_vector_is_read_once_4_2),
		cmocka_unit_test(mapped_pages_are_left_alone_4_4),
		cmocka_unit_test(ranges_outside_are_efault_others_are_done_4_5),
		cmocka_unit_test(out_of_frames_marks_that_vector_and_all_later_4_3_4_6),
		cmocka_unit_test(out_of_frames_anywhere_4_6),
		cmocka_unit_test(backend_out_of_memory_anywhere_4_6),
		cmocka_unit_test(both_out_of_memory_4_6),
		cmocka_unit_test(no_memory_for_the_table_is_enomem_4_6),
		cmocka_unit_test(who_waits_hears_that_the_surface_goes),
		cmocka_unit_test(free_counts_what_was_mapped_4_9),
		cmocka_unit_test(frames_go_to_the_interface_that_frees_4_7_4_9),
		cmocka_unit_test(pinned_pages_stay_4_11),
		cmocka_unit_test(alloc_of_bytes_is_an_action_of_one_vector_7_5),
		cmocka_unit_test(alloc_of_bytes_checks_them_7_5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

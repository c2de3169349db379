// SPDX-License-Identifier: MIT
/* test_read.c - exmap_read() against section 5 of the interface, one thread */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define READ EXMAP_OP_READ
#define PAGE EXMAP_PAGE_SIZE

static struct iovec range(const struct fake *f, u64 byte, u64 len)
{
	return (struct iovec){ .iov_base = (void *)(uintptr_t)(f->s.base + byte), .iov_len = len };
}

static s64 readv_at(struct fake *f, unsigned int opcode, const struct iovec *iov, u32 n)
{
	return fake_readv(f, 0, opcode, iov, n);
}

static void whole_ranges_5_2(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	assert_int_equal(fake_read(f, 0, READ, 0, 10), 10 * PAGE);
	assert_int_equal(f->calls[FAKE_FILL], 1);
	assert_int_equal(f->calls[FAKE_MAP], 0);
	assert_int_equal(fake_read(f, 0, ALLOC, 10, 10), 10 * PAGE);
	assert_int_equal(f->calls[FAKE_FILL], 1);
	assert_int_equal(f->calls[FAKE_MAP], 1);
	assert_int_equal(fake_read(f, 0, READ, 99, 1), PAGE);
	assert_int_equal(f->ifc[0].counts.bytes_read, 11 * PAGE);
	assert_int_equal(f->ifc[0].counts.allocated, 21);
	assert_int_equal(fake_present(f), 21);
	fake_free(f);
}

static void nothing_asked_is_nothing_done(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	struct iovec iov[2] = { range(f, 0, 0), range(f, PAGE, PAGE) };

	(void)state;
	assert_int_equal(readv_at(f, READ, iov, 0), 0);
	assert_int_equal(readv_at(f, READ, iov, 1), 0);
	assert_int_equal(readv_at(f, READ, iov, 2), PAGE);
	fake_free(f);
}

static void several_ranges_in_turn_5_2(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	struct iovec iov[] = { range(f, 50 * PAGE, 2 * PAGE), range(f, 0, 3 * PAGE),
			       range(f, 52 * PAGE, PAGE) };

	(void)state;
	assert_int_equal(readv_at(f, READ, iov, 3), 6 * PAGE);
	assert_int_equal(f->log[FAKE_FILL][0], 2);
	assert_int_equal(f->log[FAKE_FILL][1], 3);
	assert_int_equal(f->log[FAKE_FILL][2], 1);
	fake_free(f);
}

/* The mapped page is the first, the last, or in the middle of the range. */
static void a_mapped_page_ends_the_call_5_3(void **state)
{
	(void)state;
	for (u64 page = 10; page < 15; page++) {
		for (unsigned int opcode = READ; opcode <= ALLOC; opcode++) {
			struct fake *f = fake_new(100, 50, 1);
			struct iovec iov[] = { range(f, 0, 2 * PAGE), range(f, 10 * PAGE, 5 * PAGE),
					       range(f, 20 * PAGE, PAGE) };
			s64 frame;

			assert_int_equal(fake_one(f, 0, ALLOC, page, 1), 1);
			frame = fake_frame(f, page);
			assert_int_equal(readv_at(f, opcode, &iov[1], 2), 0);
			assert_int_equal(fake_present(f), 1);
			assert_int_equal(readv_at(f, opcode, iov, 3), 2 * PAGE);
			assert_int_equal(fake_present(f), 3);
			assert_int_equal(fake_frame(f, page), frame);
			fake_free(f);
		}
	}
}

static void all_pages_mapped_already_5_3(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 10, 5), 5);
	assert_int_equal(fake_read(f, 0, READ, 10, 5), 0);
	assert_int_equal(f->calls[FAKE_FILL], 0);
	fake_free(f);
}

/* A range that overlaps an earlier one of the call meets mapped pages. */
static void overlapping_ranges_5_3(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	struct iovec iov[] = { range(f, 0, 4 * PAGE), range(f, 3 * PAGE, 4 * PAGE),
			       range(f, 20 * PAGE, PAGE) };

	(void)state;
	assert_int_equal(readv_at(f, READ, iov, 3), 4 * PAGE);
	assert_int_equal(fake_present(f), 4);
	fake_free(f);
}

static void bad_ranges_5_4(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	const struct {
		struct iovec iov;
		s64 error;
	} bad[] = {
		{ range(f, 1, PAGE), -EINVAL },
		{ range(f, 0, PAGE - 1), -EINVAL },
		{ range(f, 8, PAGE - 8), -EINVAL },
		{ range(f, 100 * PAGE, PAGE), -EFAULT },
		{ range(f, 99 * PAGE, 2 * PAGE), -EFAULT },
		{ range(f, -PAGE, PAGE), -EFAULT },
		{ range(f, -PAGE, 2 * PAGE), -EFAULT },
		{ range(f, 0, -PAGE), -EFAULT },
		{ range(f, PAGE, -PAGE), -EFAULT },
		{ { NULL, PAGE }, -EFAULT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct iovec iov[] = { range(f, i * PAGE, PAGE), bad[i].iov,
				       range(f, 50 * PAGE, PAGE) };

		assert_int_equal(readv_at(f, READ, &bad[i].iov, 1), bad[i].error);
		assert_int_equal(readv_at(f, ALLOC, &iov[1], 2), bad[i].error);
		/* A later range fails: the read returns the bytes so far, and reads no more. */
		assert_int_equal(readv_at(f, READ, iov, 3), PAGE);
		assert_int_equal(fake_frame(f, 50), -1);
	}
	assert_int_equal(fake_present(f), sizeof(bad) / sizeof(bad[0]));
	fake_free(f);
}

static void out_of_frames_5_3_5_4(void **state)
{
	(void)state;
	for (unsigned int opcode = READ; opcode <= ALLOC; opcode++) {
		struct fake *f = fake_new(100, 10, 1);
		struct iovec iov[] = { range(f, 0, 8 * PAGE), range(f, 20 * PAGE, 3 * PAGE),
				       range(f, 30 * PAGE, PAGE) };

		assert_int_equal(fake_read(f, 0, opcode, 50, 11), -ENOMEM);
		assert_int_equal(fake_present(f), 0);
		fake_check(f);
		assert_int_equal(readv_at(f, opcode, iov, 3), 8 * PAGE);
		assert_int_equal(fake_present(f), 8);
		assert_int_equal(f->calls[READ == opcode ? FAKE_MAP : FAKE_FILL], 0);
		fake_free(f);
	}
}

/* The backend maps only some of the pages: they are unmapped again. */
static void backend_out_of_memory_5_3_5_4(void **state)
{
	(void)state;
	for (u32 limit = 0; limit < 10; limit++) {
		struct fake *f = fake_new(100, 50, 1);

		f->map_limit = limit;
		assert_int_equal(fake_read(f, 0, ALLOC, 5, 10), -ENOMEM);
		assert_int_equal(fake_present(f), 0);
		assert_int_equal(f->log[FAKE_UNMAP][0], limit);
		fake_check(f);
		f->map_limit = UINT64_MAX;
		assert_int_equal(fake_read(f, 0, ALLOC, 5, 10), 10 * PAGE);
		fake_free(f);
	}
}

static void no_memory_for_the_table_5_4(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	f->no_table = 12;
	assert_int_equal(fake_read(f, 0, READ, 5, 8), -ENOMEM);
	assert_int_equal(fake_read(f, 0, READ, 5, 7), 7 * PAGE);
	fake_free(f);
}

static void io_errors_5_4_5_6(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 4, 1), 1);
	assert_int_equal(fake_one(f, 0, ALLOC, 15, 1), 1);
	f->fill_error = -EIO;
	assert_int_equal(fake_read(f, 0, READ, 5, 10), -EIO);
	/* All pages of this call were unmapped, and its neighbours were not. */
	assert_int_equal(fake_present(f), 2);
	assert_int_equal(f->ifc[0].counts.bytes_read, 0);
	fake_free(f);
}

static void fail_next(struct fake *f, enum fake_op op, u32 id)
{
	(void)op;
	(void)id;
	f->fill_error = -EIO;
}

static void io_error_of_a_later_range_5_4(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	struct iovec iov[] = { range(f, 0, 2 * PAGE), range(f, 20 * PAGE, 3 * PAGE),
			       range(f, 30 * PAGE, PAGE) };

	(void)state;
	/* The hook runs in the first fill, which has its result already: the second fill fails. */
	f->hook = fail_next;
	assert_int_equal(readv_at(f, READ, iov, 3), 2 * PAGE);
	assert_int_equal(f->calls[FAKE_FILL], 2);
	assert_int_equal(fake_present(f), 2);
	fake_free(f);
}

/* The backing ends at each byte at which the result changes. */
static void end_of_the_backing_5_5(void **state)
{
	static const u64 ends[] = { 0, 1, 511, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 4 * PAGE - 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct fake *f = fake_new(100, 50, 1);
		struct iovec iov[] = { range(f, 8 * PAGE, 2 * PAGE), range(f, 10 * PAGE, 4 * PAGE),
				       range(f, 0, PAGE) };
		u64 pages = (ends[i] + PAGE - 1) / PAGE;

		f->eof = 10 * PAGE + ends[i];
		assert_int_equal(fake_read(f, 0, READ, 10, 4), ends[i]);
		assert_int_equal(fake_present(f), pages);
		assert_int_equal(f->ifc[0].counts.bytes_read, ends[i]);
		fake_check(f);
		assert_int_equal(fake_one(f, 0, EXMAP_OP_FREE, 0, 100), pages);
		/* The end of the backing ends the read: the third range is not read. */
		assert_int_equal(readv_at(f, READ, iov, 3), 2 * PAGE + ends[i]);
		assert_int_equal(fake_frame(f, 0), -1);
		fake_free(f);
	}
}

static void more_frames_than_a_buffer(void **state)
{
	(void)state;
	for (unsigned int opcode = READ; opcode <= ALLOC; opcode++) {
		struct fake *f = fake_new(70000, 70000, 1);

		assert_int_equal(fake_read(f, 0, opcode, 0, 70000), 70000 * PAGE);
		assert_int_equal(fake_present(f), 70000);
		fake_check(f);
		/* What the read has left in the interface must not change an action. */
		assert_int_equal(fake_one(f, 0, EXMAP_OP_FREE, 1, 4000), 4000);
		fake_expect(f, 0, 0, 0, 4000);
		fake_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_ranges_5_2),
		cmocka_unit_test(nothing_asked_is_nothing_done),
		cmocka_unit_test(several_ranges_in_turn_5_2),
		cmocka_unit_test(a_mapped_page_ends_the_call_5_3),
		cmocka_unit_test(all_pages_mapped_already_5_3),
		cmocka_unit_test(overlapping_ranges_5_3),
		cmocka_unit_test(bad_ranges_5_4),
		cmocka_unit_test(out_of_frames_5_3_5_4),
		cmocka_unit_test(backend_out_of_memory_5_3_5_4),
		cmocka_unit_test(no_memory_for_the_table_5_4),
		cmocka_unit_test(io_errors_5_4_5_6),
		cmocka_unit_test(io_error_of_a_later_range_5_4),
		cmocka_unit_test(end_of_the_backing_5_5),
		cmocka_unit_test(more_frames_than_a_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* test_read_groups.c - neighbouring ranges of one read, which one read of the backing fills */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define READ EXMAP_OP_READ
#define PAGE EXMAP_PAGE_SIZE
/* Bytes that one call reads at most, as with the kernel's read(). */
#define LONGEST 0x7ffff000ULL

static struct iovec range(const struct fake *f, u64 page, u64 pages)
{
	return (struct iovec){ .iov_base = (void *)(uintptr_t)(f->s.base + page * PAGE),
			       .iov_len = pages * PAGE };
}

static s64 readv_at(struct fake *f, unsigned int opcode, const struct iovec *iov, u32 n)
{
	return fake_readv(f, 0, opcode, iov, n);
}

static void as_many_as_a_batch_has_pages(void **state)
{
	struct fake *f = fake_new(2000, 2000, 1);
	struct iovec iov[] = { range(f, 0, 256), range(f, 256, 256), range(f, 512, 256),
			       range(f, 768, 513), range(f, 1281, 1) };

	(void)state;
	assert_int_equal(readv_at(f, READ, iov, 5), 1282 * PAGE);
	assert_int_equal(f->log[FAKE_FILL][0], 512);
	assert_int_equal(f->log[FAKE_FILL][1], 256);
	assert_int_equal(f->log[FAKE_FILL][2], 513);
	assert_int_equal(f->log[FAKE_FILL][3], 1);
	fake_free(f);
}

static void only_what_is_in_the_surface_5_4(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	struct iovec iov[] = { range(f, 97, 1), range(f, 98, 1), range(f, 99, 2),
			       range(f, 101, 1) };

	(void)state;
	assert_int_equal(readv_at(f, READ, iov, 4), 2 * PAGE);
	assert_int_equal(fake_present(f), 2);
	fake_free(f);
}

/* The group is given up at the mapped page, but no page is read twice. */
static void up_to_a_mapped_page_5_3(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	struct iovec iov[] = { range(f, 10, 2), range(f, 12, 2), range(f, 14, 2), range(f, 16, 2) };

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 15, 1), 1);
	assert_int_equal(readv_at(f, READ, iov, 4), 4 * PAGE);
	assert_int_equal(fake_present(f), 5);
	assert_int_equal(f->ifc[0].counts.bytes_read, 4 * PAGE);
	fake_free(f);
}

static u32 prepared;

/* After the end of the backing was met, another thread frees what the call has read. */
static bool free_behind_the_first(struct exmap_surface *s, u64 page, u64 len)
{
	struct fake *f = (struct fake *)s;

	if (prepared++)
		fake_one(f, 1, FREE, 0, 100);
	for (u64 i = page; i < page + len; i++)
		f->s.touched[i / EXMAP_BLOCK_PAGES / 64] |= 1ull << i / EXMAP_BLOCK_PAGES % 64;
	return true;
}

/* The end of the backing ends the call: the range that it is in is not read again [5.5]. */
static void up_to_the_end_of_the_backing_5_5(void **state)
{
	struct fake *f = fake_new(100, 50, 2);
	struct exmap_surface_ops ops = *f->s.ops;
	struct iovec iov[] = { range(f, 10, 2), range(f, 12, 2), range(f, 14, 2) };

	(void)state;
	ops.prepare = free_behind_the_first;
	f->s.ops = &ops;
	prepared = 0;
	f->eof = 13 * PAGE;
	assert_int_equal(readv_at(f, READ, iov, 3), 3 * PAGE);
	assert_int_equal(f->calls[FAKE_FILL], 1);
	assert_int_equal(fake_present(f), 3);
	fake_free(f);
}

/* The longest call, with its last ranges one by one, as one, or as one too long. */
static void no_more_than_a_call_can_return(void **state)
{
	u64 pages = LONGEST / PAGE;

	(void)state;
	for (u64 left = 0; left < 4; left++) {
		struct fake *f = fake_new(pages + 4, pages + 4, 1);
		struct iovec iov[] = { range(f, 0, pages - left), range(f, pages - left, 1),
				       range(f, pages - left + 1, 1),
				       range(f, pages - left + 2, 1) };

		assert_int_equal(readv_at(f, ALLOC, iov, 4),
				 (pages - left + EXMAP_MIN(left, 3)) * PAGE);
		assert_int_equal(fake_present(f), pages - left + EXMAP_MIN(left, 3));
		fake_free(f);
	}
}

static void a_longer_range_is_cut(void **state)
{
	u64 pages = LONGEST / PAGE;
	struct fake *f = fake_new(pages + 2, pages + 2, 1);
	struct iovec iov = range(f, 0, pages + 2);

	(void)state;
	assert_int_equal(readv_at(f, ALLOC, &iov, 1), LONGEST);
	assert_int_equal(fake_present(f), pages);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_a_batch_has_pages),
		cmocka_unit_test(only_what_is_in_the_surface_5_4),
		cmocka_unit_test(up_to_a_mapped_page_5_3),
		cmocka_unit_test(up_to_the_end_of_the_backing_5_5),
		cmocka_unit_test(no_more_than_a_call_can_return),
		cmocka_unit_test(a_longer_range_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

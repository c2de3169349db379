// SPDX-License-Identifier: MIT
/* test_dialect.c - what core/ does otherwise in the LeanStore dialect [8.9-8.12] */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define READ EXMAP_OP_READ
#define PAGE EXMAP_PAGE_SIZE

static struct fake *new_fake(u64 nr_pages, u32 nr_frames, u32 nr_ifc)
{
	struct fake *f = fake_new(nr_pages, nr_frames, nr_ifc);

	for (u32 i = 0; i < nr_ifc; i++)
		f->ifc[i].leanstore = true;
	return f;
}

static u64 request(u64 page, u64 len)
{
	struct exmap_iov v = { .value = 0 };

	v.page = page;
	v.len = len;
	return v.value;
}

static void setup_flags_8_10(void **state)
{
	struct exmap_ioctl_setup setup = { .max_interfaces = 1, .buffer_size = 1, .flags = 2 };
	struct exmap x = { .leanstore = true };

	(void)state;
	assert_int_equal(exmap_check_sizes(&x, &setup, 8), 0);
	x.leanstore = false;
	assert_int_equal(exmap_check_sizes(&x, &setup, 8), -EINVAL);
	setup.flags = 3;
	assert_int_equal(exmap_check_sizes(&x, &setup, 8), 0);
}

static void interfaces_know_the_dialect_8_9(void **state)
{
	struct exmap_interface ifc[2] = { 0 };
	struct exmap_interface *interfaces[] = { &ifc[0], &ifc[1] };
	struct exmap x = { .leanstore = true, .interfaces = interfaces };

	(void)state;
	exmap_setup_done(&x, 2);
	assert_int_equal(exmap_nr_interfaces(&x), 2);
	assert_true(ifc[0].leanstore && ifc[1].leanstore);
}

/* Of groups of neighbours and of single pages, those from the first without a frame on stay. */
static void out_of_frames_8_11(void **state)
{
	struct fake *f = new_fake(2000, 20, 1);

	(void)state;
	for (u32 i = 0; i < 16; i++)
		fake_ask(f, 0, i, 100 + i, 1);
	fake_ask(f, 0, 16, 3000, 0);
	fake_ask(f, 0, 17, 400, 8);
	fake_ask(f, 0, 18, 100, 1);
	fake_ask(f, 0, 19, 500, 0);
	assert_int_equal(fake_do(f, 0, ALLOC, 20), -ENOMEM);
	for (u32 i = 0; i < 16; i++)
		fake_expect(f, 0, i, 0, 1);
	fake_expect(f, 0, 16, 0, 0);
	assert_int_equal(f->user[0].iov[17].value, request(400, 8));
	assert_int_equal(f->user[0].iov[18].value, request(100, 1));
	assert_int_equal(f->user[0].iov[19].value, request(500, 0));
	assert_int_equal(fake_present(f), 20);
	/* The same call again, first without and then with frames. */
	assert_int_equal(fake_do(f, 0, ALLOC, 20), -ENOMEM);
	assert_int_equal(f->user[0].iov[17].value, request(400, 8));
	assert_int_equal(f->user[0].iov[0].value, 0);
	assert_int_equal(fake_one(f, 0, FREE, 100, 16), 16);
	fake_ask(f, 0, 0, 100, 1);
	assert_int_equal(fake_do(f, 0, ALLOC, 20), 0);
	fake_expect(f, 0, 0, 0, 1);
	fake_expect(f, 0, 17, 0, 4);
	fake_expect(f, 0, 18, 0, 0);
	fake_free(f);
}

static void no_memory_for_the_table_8_11(void **state)
{
	struct fake *f = new_fake(2000, 20, 1);

	(void)state;
	f->no_table = 1024;
	fake_ask(f, 0, 0, 5, 1);
	fake_ask(f, 0, 1, 1023, 2);
	assert_int_equal(fake_do(f, 0, ALLOC, 2), -ENOMEM);
	fake_expect(f, 0, 0, 0, 1);
	assert_int_equal(f->user[0].iov[1].value, request(1023, 2));
	fake_free(f);
}

static void outside_the_surface_8_11(void **state)
{
	struct fake *f = new_fake(100, 20, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 100, 1), -EFAULT);
	assert_int_equal(fake_one(f, 0, FREE, 1UL << 32, 1), -EFAULT);
	assert_int_equal(fake_one(f, 0, ALLOC, 1UL << 32, 0), 0);
	assert_int_equal(fake_one(f, 0, FREE, 1UL << 51, 0), 0);
	fake_free(f);
}

/* Mapped and other pages by turns, and more than one fetch takes. */
static void in_pieces_8_12(void **state)
{
	struct fake *f = new_fake(2000, 400, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 100, 150), 150);
	assert_int_equal(fake_one(f, 0, ALLOC, 260, 1), 1);
	assert_int_equal(fake_read(f, 0, READ, 90, 180), 180 * PAGE);
	assert_int_equal(f->calls[FAKE_FETCH], 4);
	assert_int_equal(f->log[FAKE_FETCH][0], 64);
	assert_int_equal(f->log[FAKE_FETCH][1], 64);
	assert_int_equal(f->log[FAKE_FETCH][2], 22);
	assert_int_equal(f->log[FAKE_FETCH][3], 1);
	assert_int_equal(f->calls[FAKE_FILL], 3);
	assert_int_equal(f->log[FAKE_FILL][0], 10);
	assert_int_equal(f->log[FAKE_FILL][1], 10);
	assert_int_equal(f->log[FAKE_FILL][2], 9);
	for (u64 page = 80; page < 280; page++)
		assert_int_equal(f->stored[page], (page >= 100 && page < 250) || page == 260);
	assert_int_equal(fake_present(f), 180);
	assert_int_equal(f->ifc[0].counts.allocated, 180);
	assert_int_equal(f->ifc[0].counts.bytes_read, 180 * PAGE);
	fake_free(f);
}

/* By the opcode ALLOC, and without the dialect, a mapped page ends the call. */
static void only_read_and_only_in_the_dialect_8_12(void **state)
{
	struct fake *f = new_fake(100, 20, 2);

	(void)state;
	f->ifc[1].leanstore = false;
	assert_int_equal(fake_one(f, 0, ALLOC, 10, 1), 1);
	assert_int_equal(fake_read(f, 0, ALLOC, 10, 1), 0);
	assert_int_equal(fake_read(f, 1, READ, 10, 1), 0);
	assert_int_equal(f->calls[FAKE_FETCH], 0);
	assert_int_equal(fake_read(f, 0, READ, 10, 1), PAGE);
	assert_int_equal(f->stored[10], 1);
	fake_free(f);
}

static void failures_8_12(void **state)
{
	struct fake *f = new_fake(100, 8, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 10, 4), 4);
	/* Frames for some stretches only. */
	assert_int_equal(fake_read(f, 0, READ, 10, 10), 4 * PAGE);
	assert_int_equal(fake_read(f, 0, READ, 8, 6), 6 * PAGE);
	assert_int_equal(fake_read(f, 0, READ, 5, 9), -ENOMEM);
	/* The backing fails, or ends. */
	f->fill_error = -EIO;
	assert_int_equal(fake_read(f, 0, READ, 10, 2), -EIO);
	f->fill_error = 0;
	f->eof = 12 * PAGE + 5;
	assert_int_equal(fake_read(f, 0, READ, 11, 3), PAGE + 5);
	assert_int_equal(f->stored[13], 2);
	assert_int_equal(f->stored[12], 3);
	assert_int_equal(fake_read(f, 0, READ, 13, 1), 0);
	/* No memory to store. */
	f->no_memory = true;
	assert_int_equal(fake_read(f, 0, READ, 11, 1), -ENOMEM);
	assert_int_equal(fake_present(f), 6);
	fake_free(f);
}

/* The group of both ranges has a mapped page, so each range is read by itself. */
static void neighbouring_ranges_8_12(void **state)
{
	struct fake *f = new_fake(100, 4, 1);
	struct iovec iov[] = {
		{ (void *)(uintptr_t)(f->s.base + 10 * PAGE), 2 * PAGE },
		{ (void *)(uintptr_t)(f->s.base + 12 * PAGE), 2 * PAGE },
		{ (void *)(uintptr_t)(f->s.base + 14 * PAGE), 3 * PAGE },
	};

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 11, 1), 1);
	assert_int_equal(fake_readv(f, 0, READ, iov, 3), 4 * PAGE);
	assert_int_equal(fake_present(f), 4);
	fake_free(f);
}

static void free_while_fetching(struct fake *f, enum fake_op op, u32 id)
{
	if (op != FAKE_FETCH || id)
		return;
	f->hook = NULL;
	assert_int_equal(fake_one(f, 1, FREE, 10, 1), 1);
	assert_int_equal(fake_one(f, 1, FREE, 13, 2), 2);
	assert_int_equal(fake_one(f, 1, FREE, 17, 1), 1);
	/* Page 14 is a shadow now. */
	fake_ask(f, 1, 0, 12, 1);
	assert_int_equal(fake_show(f, 1, 1, 14), 0);
}

static void pages_freed_meanwhile_8_12(void **state)
{
	struct fake *f = new_fake(100, 20, 2);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 10, 8), 8);
	f->hook = free_while_fetching;
	assert_int_equal(fake_read(f, 0, READ, 10, 8), 8 * PAGE);
	for (u64 page = 10; page < 18; page++)
		assert_int_equal(f->stored[page],
				 page != 10 && page != 13 && page != 14 && page != 17);
	assert_int_equal(fake_shown(f, 14), 12);
	assert_int_equal(fake_rm_sd(f, 1), 0);
	assert_int_equal(fake_present(f), 4);
	fake_free(f);
}

static u32 prepared;

/* The second of these is for the piece of two pages: one of them has just been mapped. */
static bool map_one_of_them(struct exmap_surface *s, u64 page, u64 len)
{
	struct fake *f = (struct fake *)s;

	(void)page, (void)len;
	if (++prepared == 2)
		assert_int_equal(fake_one(f, 1, ALLOC, 11, 1), 1);
	return true;
}

static void pages_mapped_meanwhile_8_12(void **state)
{
	struct fake *f = new_fake(100, 20, 2);
	struct exmap_surface_ops ops = *f->s.ops;

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 12, 1), 1);
	ops.prepare = map_one_of_them;
	f->s.ops = &ops;
	prepared = 0;
	assert_int_equal(fake_read(f, 0, READ, 10, 3), 3 * PAGE);
	assert_int_equal(f->stored[10], 0);
	assert_int_equal(f->stored[11], 1);
	assert_int_equal(f->stored[12], 1);
	assert_int_equal(fake_present(f), 3);
	fake_free(f);
}

static void claim_and_leave(struct fake *f, enum fake_op op, u32 id)
{
	(void)id;
	if (op == FAKE_FETCH) {
		f->s.table[10] = exmap_busy_of(f->s.table[10]);
		exmap_store(&f->gone, 1);
	}
}

static void surface_unmapped_meanwhile_8_12(void **state)
{
	struct fake *f = new_fake(100, 20, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 10, 1), 1);
	f->hook = claim_and_leave;
	assert_int_equal(fake_read(f, 0, READ, 10, 1), -EPROTO);
	f->s.table[10] = exmap_present_of(&f->s, f->s.table[10]);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_know_the_dialect_8_9),
		cmocka_unit_test(setup_flags_8_10),
		cmocka_unit_test(out_of_frames_8_11),
		cmocka_unit_test(no_memory_for_the_table_8_11),
		cmocka_unit_test(outside_the_surface_8_11),
		cmocka_unit_test(in_pieces_8_12),
		cmocka_unit_test(only_read_and_only_in_the_dialect_8_12),
		cmocka_unit_test(failures_8_12),
		cmocka_unit_test(neighbouring_ranges_8_12),
		cmocka_unit_test(pages_freed_meanwhile_8_12),
		cmocka_unit_test(pages_mapped_meanwhile_8_12),
		cmocka_unit_test(surface_unmapped_meanwhile_8_12),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

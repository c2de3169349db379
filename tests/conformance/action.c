// SPDX-License-Identifier: MIT
/* action.c - section 4: ALLOC and FREE, one thread; races.c has the rest */

#include "harness.h"

static void before_setup_is_ebadf(void)
{
	struct ex ex = { .fd = ex_open() };

	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), EBADF);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_ACTION, NULL), EBADF);
	ex_map(ex.fd, 8);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), EBADF);
}

static void unmapped_is_eproto(void)
{
	struct ex ex = { .fd = ex_open() };

	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	ex_interface(&ex, 0);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 1), EPROTO);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_FREE, 0), EPROTO);
}

static void bad_arguments_change_nothing(void)
{
	const int opcodes[] = { EXMAP_OP_READ, EXMAP_OP_WRITE, 4, 5, 99, 65535 };
	struct exmap_user_interface before;
	struct ex ex;

	ex_start(&ex, 64, 2, 8, -1);
	for (int i = 0; i < 512; i++)
		ex_vector(&ex, 0, i, i % 8, 1);
	before = *ex.user[0];
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_ACTION, NULL), EFAULT);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_ACTION, (void *)-16L), EFAULT);
	CHECK_ERRNO(ex_action(&ex, 2, EXMAP_OP_ALLOC, 1), EINVAL);
	CHECK_ERRNO(ex_action(&ex, 65535, EXMAP_OP_ALLOC, 1), EINVAL);
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		CHECK_ERRNO(ex_action(&ex, 0, opcodes[i], 1), EINVAL);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 513), EINVAL);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_FREE, 65535), EINVAL);
	CHECK_EQ(memcmp(&before, ex.user[0], sizeof(before)), 0);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void no_vectors_is_0(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	ex.user[0]->iov[0].value = ~0UL;
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), 0);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_FREE, 0), 0);
	CHECK_EQ(ex.user[0]->iov[0].value, ~0UL);
}

static void flags_are_ignored(void)
{
	struct exmap_action_params params = {
		.iov_len = 1,
		.opcode = EXMAP_OP_ALLOC,
		.flags = ~0UL,
	};
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 3, 2);
	CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_ACTION, &params), 0);
	CHECK_EQ(ex.user[0]->iov[0].pages, 2);
}

static void interface_never_mapped_holds_zeroes(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 1), 0);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void all_512_vectors(void)
{
	struct ex ex;

	ex_start(&ex, 2000, 1, 1024, -1);
	for (int i = 0; i < 512; i++)
		ex_vector(&ex, 0, i, 3 * i, 2);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 512), 0);
	for (int i = 0; i < 512; i++) {
		CHECK_EQ(ex.user[0]->iov[i].res, 0);
		CHECK_EQ(ex.user[0]->iov[i].pages, 2);
		*ex_at(&ex, 3 * i + 1) = 1;
		CHECK(i % 64 || faults(ex_at(&ex, 3 * i + 2), false, NULL));
	}
}

static void only_the_first_vectors_are_written(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	for (int i = 0; i < 512; i++)
		ex.user[0]->iov[i].value = ~0UL;
	ex_vector(&ex, 0, 0, 1, 1);
	ex_vector(&ex, 0, 1, 2, 1);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 2), 0);
	CHECK_EQ(ex.user[0]->iov[0].pages, 1);
	CHECK_EQ(ex.user[0]->iov[1].pages, 1);
	for (int i = 2; i < 512; i++)
		CHECK_EQ(ex.user[0]->iov[i].value, ~0UL);
}

static void returns_failed_vectors(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 0, 1);
	ex_vector(&ex, 0, 1, 64, 1);
	ex_vector(&ex, 0, 2, 1, 1);
	ex_vector(&ex, 0, 3, 60, 10);
	ex_vector(&ex, 0, 4, 2, 1);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 5), 2);
	CHECK_EQ(ex.user[0]->iov[1].res, -EFAULT);
	CHECK_EQ(ex.user[0]->iov[3].res, -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 3);
}

static void memory_failures_count_too(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 4, -1);
	for (int i = 0; i < 10; i++)
		ex_vector(&ex, 0, i, i, 1);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 10), 6);
}

static void alloc_counts_new_pages(void)
{
	struct ex ex;

	ex_start(&ex, 8192, 1, 5000, -1);
	CHECK_EQ(ALLOC(&ex, 0, 10, 1), 1);
	*ex_at(&ex, 10) = 42;
	CHECK_EQ(ALLOC(&ex, 0, 10, 1), 0);
	CHECK_EQ(ALLOC(&ex, 0, 8, 5), 4);
	CHECK_EQ(*ex_at(&ex, 10), 42);
	CHECK_EQ(ALLOC(&ex, 0, 508, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 600, 1000), 1000);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4095), 4095 - 1000 - 8 - 5);
	for (int i = 0; i < 4095; i++)
		ex_at(&ex, i)[4095] = i;
	for (int i = 0; i < 4095; i++)
		CHECK_EQ(ex_at(&ex, i)[4095], (char)i);
	CHECK_EQ(ex_mapped(&ex), 4095);
}

static void reallocation_loses_no_frame(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 16, -1);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(ALLOC(&ex, 0, 0, 10), i ? 0 : 10);
	CHECK_EQ(ALLOC(&ex, 0, 10, 6), 6);
	CHECK_EQ(ALLOC(&ex, 0, 16, 1), -ENOMEM);
}

static void alloc_of_mapped_pages_needs_no_frame(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 4, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), 4);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), 0);
}

static void length_0_does_nothing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 5, 0), 0);
	CHECK_EQ(ALLOC(&ex, 0, 64, 0), 0);
	CHECK_EQ(FREE(&ex, 0, 5, 0), 0);
	CHECK_EQ(ALLOC(&ex, 0, 65, 0), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void vectors_are_done_in_order(void)
{
	const int want[] = { 2, 1, 0, 0 };
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	for (int opcode = EXMAP_OP_ALLOC; opcode <= EXMAP_OP_FREE; opcode++) {
		ex_vector(&ex, 0, 0, 30, 2);
		ex_vector(&ex, 0, 1, 31, 2);
		ex_vector(&ex, 0, 2, 30, 3);
		ex_vector(&ex, 0, 3, 32, 1);
		CHECK_EQ(ex_action(&ex, 0, opcode, 4), 0);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(ex.user[0]->iov[i].pages, want[i]);
	}
}

static void outside_is_efault_and_maps_nothing(void)
{
	const uint64_t pages[] = { 64, 1UL << 40, (1UL << 52) - 1, (1UL << 51) };
	struct ex ex;

	ex_start(&ex, 64, 1, 32, -1);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		CHECK_EQ(ALLOC(&ex, 0, pages[i], 1), -EFAULT);
		CHECK_EQ(ex.user[0]->iov[0].pages, 0);
		CHECK_EQ(FREE(&ex, 0, pages[i], 1), -EFAULT);
	}
	CHECK_EQ(ALLOC(&ex, 0, 60, 5), -EFAULT);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4095), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK(faults(ex_at(&ex, 60), false, NULL));
	CHECK_EQ(ALLOC(&ex, 0, 60, 4), 4);
	CHECK_EQ(FREE(&ex, 0, 60, 5), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 4);
}

static void exhaustion_marks_this_and_later_vectors(void)
{
	struct ex ex;

	ex_start(&ex, 1024, 1, 10, -1);
	ex_vector(&ex, 0, 0, 0, 4);
	ex_vector(&ex, 0, 1, 2000, 1);
	ex_vector(&ex, 0, 2, 100, 16);
	ex_vector(&ex, 0, 3, 200, 1);
	ex_vector(&ex, 0, 4, 0, 1);
	ex_vector(&ex, 0, 5, 5000, 1);
	ex_vector(&ex, 0, 6, 0, 0);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 7), 6);
	CHECK_EQ(ex.user[0]->iov[0].res, 0);
	CHECK_EQ(ex.user[0]->iov[0].pages, 4);
	CHECK_EQ(ex.user[0]->iov[1].res, -EFAULT);
	CHECK_EQ(ex.user[0]->iov[2].res, -ENOMEM);
	CHECK_EQ(ex.user[0]->iov[2].pages, 6);
	for (int i = 3; i < 7; i++) {
		CHECK_EQ(ex.user[0]->iov[i].res, -ENOMEM);
		CHECK_EQ(ex.user[0]->iov[i].pages, 0);
	}
	*ex_at(&ex, 105) = 1;
	CHECK(faults(ex_at(&ex, 106), false, NULL));
	CHECK(faults(ex_at(&ex, 200), false, NULL));
	CHECK_EQ(ex_mapped(&ex), 10);
}

static void works_again_after_a_free(void)
{
	struct ex ex;

	ex_start(&ex, 4096, 1, 700, -1);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(ALLOC(&ex, 0, 0, 1000), -ENOMEM);
		CHECK_EQ(ex.user[0]->iov[0].pages, 700);
		CHECK_EQ(FREE(&ex, 0, 100, 50), 50);
		CHECK_EQ(ALLOC(&ex, 0, 3000, 50), 50);
		CHECK_EQ(FREE(&ex, 0, 0, 4095), 700);
	}
}

static void frames_are_found_in_every_list(void)
{
	struct ex ex;

	/* 8 interfaces hold frames that the ninth wants: all of them. */
	ex_start(&ex, 4096, 9, 2000, -1);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++)
			CHECK_EQ(ALLOC(&ex, i, 250 * i, 250), 250);
		for (int i = 0; i < 8; i++)
			CHECK_EQ(FREE(&ex, i, 250 * i, 250), 250);
		CHECK_EQ(ALLOC(&ex, 8, 0, 2000), 2000);
		CHECK_EQ(ALLOC(&ex, 0, 3000, 1), -ENOMEM);
		CHECK_EQ(FREE(&ex, round, 0, 2000), 2000);
	}
}

static void first_use_is_zero(void)
{
	struct ex ex;

	ex_start(&ex, 2048, 4, 2000, -1);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(ALLOC(&ex, i, 500 * i, 500), 500);
	for (size_t i = 0; i < 2000 * PAGE; i++)
		CHECK_EQ(ex.base[i], 0);
}

static void free_counts_mapped_pages(void)
{
	struct ex ex;

	ex_start(&ex, 8192, 1, 4000, -1);
	CHECK_EQ(FREE(&ex, 0, 5, 1), 0);
	CHECK_EQ(ALLOC(&ex, 0, 600, 1), 1);
	CHECK_EQ(FREE(&ex, 0, 256, 1024), 1);
	CHECK(faults(ex_at(&ex, 600), false, NULL));
	for (int i = 0; i < 100; i += 2)
		CHECK_EQ(ALLOC(&ex, 0, i, 1), 1);
	CHECK_EQ(FREE(&ex, 0, 0, 100), 50);
	CHECK_EQ(FREE(&ex, 0, 0, 100), 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4000), 4000);
	CHECK_EQ(FREE(&ex, 0, 0, 4000), 4000);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void any_interface_frees(void)
{
	struct ex ex;

	ex_start(&ex, 64, 2, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	CHECK_EQ(FREE(&ex, 1, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 1, 8, 8), 8);
	CHECK_EQ(FREE(&ex, 0, 8, 8), 8);
}

/* More holes than an action has vectors: 4095 pages, every other one mapped. */
static void free_of_a_comb(void)
{
	struct ex ex;

	ex_start(&ex, 8192, 1, 4096, -1);
	for (int start = 0; start < 4096; start += 1024) {
		for (int i = 0; i < 512; i++)
			ex_vector(&ex, 0, i, start + 2 * i, 1);
		CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 512), 0);
	}
	CHECK_EQ(FREE(&ex, 0, 0, 4095), 2048);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4095), 4095);
}

static void io_never_lands_in_a_recycled_page(void)
{
	unsigned char *out = malloc(PAGE);
	struct iovec iov;
	int pipes[2];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	memset(ex_at(&ex, 0), 0x77, PAGE);
	/* The pipe now holds a reference to the page, as I/O in flight does. */
	iov = (struct iovec){ ex_at(&ex, 0), PAGE };
	CHECK_EQ(vmsplice(pipes[1], &iov, 1, 0), PAGE);
	CHECK(FREE(&ex, 0, 0, 8) >= 7);
	FREE(&ex, 0, 0, 8);
	CHECK(ALLOC(&ex, 0, 16, 8) != 0);
	for (int i = 16; i < 24; i++) {
		if (!faults(ex_at(&ex, i), false, NULL))
			memset(ex_at(&ex, i), 0x11, PAGE);
	}
	CHECK_EQ(read(pipes[0], out, PAGE), PAGE);
	for (size_t i = 0; i < PAGE; i++)
		CHECK_EQ(out[i], 0x77);
	/* Then it is over, and every frame is there. */
	FREE(&ex, 0, 0, 64);
	CHECK_EQ(ALLOC(&ex, 0, 32, 8), 8);
}

const struct test action_tests[] = {
	{ "4.1", "before_setup_is_ebadf", before_setup_is_ebadf },
	{ "4.1", "unmapped_is_eproto", unmapped_is_eproto },
	{ "4.1", "bad_arguments_change_nothing", bad_arguments_change_nothing },
	{ "4.1", "no_vectors_is_0", no_vectors_is_0 },
	{ "4.1", "flags_are_ignored", flags_are_ignored },
	{ "4.1", "interface_never_mapped_holds_zeroes", interface_never_mapped_holds_zeroes },
	{ "4.2", "all_512_vectors", all_512_vectors },
	{ "4.2", "only_the_first_vectors_are_written", only_the_first_vectors_are_written },
	{ "4.3", "returns_failed_vectors", returns_failed_vectors },
	{ "4.3", "memory_failures_count_too", memory_failures_count_too },
	{ "4.4", "alloc_counts_new_pages", alloc_counts_new_pages },
	{ "4.4", "reallocation_loses_no_frame", reallocation_loses_no_frame },
	{ "4.4", "alloc_of_mapped_pages_needs_no_frame", alloc_of_mapped_pages_needs_no_frame },
	{ "4.4", "length_0_does_nothing", length_0_does_nothing },
	{ "4.4", "vectors_are_done_in_order", vectors_are_done_in_order },
	{ "4.5", "outside_is_efault_and_maps_nothing", outside_is_efault_and_maps_nothing },
	{ "4.6", "exhaustion_marks_this_and_later_vectors",
	  exhaustion_marks_this_and_later_vectors },
	{ "4.6", "works_again_after_a_free", works_again_after_a_free },
	{ "4.7", "frames_are_found_in_every_list", frames_are_found_in_every_list },
	{ "4.8", "first_use_is_zero", first_use_is_zero },
	{ "4.9", "free_counts_mapped_pages", free_counts_mapped_pages },
	{ "4.9", "any_interface_frees", any_interface_frees },
	{ "4.9", "free_of_a_comb", free_of_a_comb },
	{ "4.11", "io_never_lands_in_a_recycled_page", io_never_lands_in_a_recycled_page },
	{ 0 },
};

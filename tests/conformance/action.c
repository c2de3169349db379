// SPDX-License-Identifier: MIT
/* action.c - clauses 4.1 to 4.3: the ACTION call, its vectors and its result */

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
	const int opcodes[] = { EXMAP_OP_READ, EXMAP_OP_WRITE, 6, 99, 65535 };
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

static void half_an_action_is_efault(void)
{
	struct exmap_action_params params = { .iov_len = 1, .opcode = EXMAP_OP_ALLOC };
	char *half = at_the_edge(sizeof(params) / 2);
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 1, 1);
	memcpy(half, &params, sizeof(params) / 2);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_ACTION, half), EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
	memcpy(half - sizeof(params) / 2, &params, sizeof(params));
	CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_ACTION, half - sizeof(params) / 2), 0);
	CHECK_EQ(ex_mapped(&ex), 1);
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

/* The call writes to the vectors of the interface that it names, and to no other interface. */
static void upper_bits_of_results_are_zero(void)
{
	struct ex ex;

	NOT_IN_LEANSTORE("8.11");
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

	NOT_IN_LEANSTORE("8.11");
	ex_start(&ex, 64, 1, 4, -1);
	for (int i = 0; i < 10; i++)
		ex_vector(&ex, 0, i, i, 1);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 10), 6);
}

const struct test action_tests[] = {
	{ "4.1", "before_setup_is_ebadf", before_setup_is_ebadf },
	{ "4.1", "unmapped_is_eproto", unmapped_is_eproto },
	{ "4.1", "bad_arguments_change_nothing", bad_arguments_change_nothing },
	{ "4.1", "half_an_action_is_efault", half_an_action_is_efault },
	{ "4.1", "no_vectors_is_0", no_vectors_is_0 },
	{ "4.1", "flags_are_ignored", flags_are_ignored },
	{ "4.1", "interface_never_mapped_holds_zeroes", interface_never_mapped_holds_zeroes },
	{ "4.2", "all_512_vectors", all_512_vectors },
	{ "4.2", "only_the_first_vectors_are_written", only_the_first_vectors_are_written },
	{ "4.2", "upper_bits_of_results_are_zero", upper_bits_of_results_are_zero },
	{ "4.3", "returns_failed_vectors", returns_failed_vectors },
	{ "4.3", "memory_failures_count_too", memory_failures_count_too },
	{ 0 },
};

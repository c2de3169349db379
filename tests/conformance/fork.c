// SPDX-License-Identifier: MIT
/* fork.c - clause 1.4: what a child may do with its parent's exmap */

#include "harness.h"

static void expect_no_mapping(struct ex *ex)
{
	CHECK(faults(ex_at(ex, 0), false, NULL));
	CHECK(faults(ex_at(ex, 1), true, NULL));
}

static void expect_eproto(struct ex *ex)
{
	CHECK_ERRNO(ex_action(ex, 0, EXMAP_OP_ALLOC, 1), EPROTO);
	CHECK_ERRNO(ex_read(ex, EXMAP_OP_ALLOC, 5, 1), EPROTO);
	CHECK_ERRNO((long)mmap(NULL, 64 * PAGE, PROT_READ, MAP_SHARED, ex->fd, 0), EPROTO);
}

static void open_another(struct ex *parent)
{
	struct ex ex;

	(void)parent;
	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	CHECK(!faults(ex_at(&ex, 7), true, NULL));
}

static void start_forked(struct ex *ex)
{
	ex_start(ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(ex, 0, 0, 1), 1);
	*ex_at(ex, 0) = 5;
	ex_vector(ex, 0, 0, 5, 1);
}

static void check_parent(struct ex *ex)
{
	CHECK_EQ(*ex_at(ex, 0), 5);
	CHECK(faults(ex_at(ex, 5), false, NULL));
	CHECK_EQ(ALLOC(ex, 0, 5, 1), 1);
}

static void forked_child_has_no_mapping(void)
{
	struct ex ex;

	start_forked(&ex);
	CHECK_EQ(status_of_child(expect_no_mapping, &ex), 0);
	check_parent(&ex);
}

static void forked_child_gets_eproto(void)
{
	struct ex ex;

	start_forked(&ex);
	CHECK_EQ(status_of_child(expect_eproto, &ex), 0);
	check_parent(&ex);
}

static void try_everything(struct ex *ex)
{
	struct iovec iov = { ex_at(ex, 5), PAGE };

	CHECK_ERRNO(ex_action(ex, 0, EXMAP_OP_FREE, 1), EPROTO);
	CHECK_ERRNO(ex_action(ex, 0, EXMAP_OP_ALLOC, 0), EPROTO);
	CHECK_ERRNO(pread(ex->fd, ex_at(ex, 5), PAGE, 0), EPROTO);
	CHECK_ERRNO(read(ex->fd, ex_at(ex, 5), PAGE), EPROTO);
	CHECK_ERRNO(preadv(ex->fd, &iov, 1, 0x100), EPROTO);
	CHECK_ERRNO((long)mmap(NULL, 64 * PAGE, RW, MAP_SHARED, ex->fd, 0), EPROTO);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex->fd, EXMAP_OFF_INTERFACE(0)), EPROTO);
	close(ex->fd);
	munmap(ex->base, 64 * PAGE);
}

static void fork_again(struct ex *ex)
{
	CHECK_EQ(status_of_child(try_everything, ex), 0);
	try_everything(ex);
}

static void children_get_eproto_and_harm_nothing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	memset(ex.base, 0x42, 8 * PAGE);
	ex_vector(&ex, 0, 0, 0, 8);
	CHECK_EQ(status_of_child(fork_again, &ex), 0);
	CHECK_EQ(ex_mapped(&ex), 8);
	for (size_t i = 0; i < 8 * PAGE; i++)
		CHECK_EQ(ex.base[i], 0x42);
	CHECK_EQ(FREE(&ex, 0, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 50, 8), 8);
}

static void forked_child_may_open_its_own(void)
{
	struct ex ex;

	start_forked(&ex);
	CHECK_EQ(status_of_child(open_another, &ex), 0);
	check_parent(&ex);
}

static void map_inherited(struct ex *ex)
{
	ex->base = ex_map(ex->fd, 64);
	ex_interface(ex, 0);
	CHECK_EQ(ALLOC(ex, 0, 0, 8), 8);
	CHECK(!faults(ex_at(ex, 7), true, NULL));
}

static void set_up_before_fork_mapped_after(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	CHECK_EQ(status_of_child(map_inherited, &ex), 0);
}

static void map_it(struct ex *ex)
{
	ex->base = ex_map(ex->fd, 64);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, 8, 0), 0);
	ex_interface(ex, 0);
	CHECK_EQ(ALLOC(ex, 0, 0, 8), 8);
	memset(ex->base, 1, 8 * PAGE);
}

static void opened_before_fork_used_after(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

	CHECK_EQ(status_of_child(map_it, &ex), 0);
}

static void dofork_gives_a_child_nothing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	*ex_at(&ex, 0) = 3;
	/* Linux 7 refuses it for a mapping that a driver keeps from children. */
	CHECK(madvise(ex.base, 64 * PAGE, MADV_DOFORK) == 0 || errno == EINVAL);
	CHECK_EQ(status_of_child(expect_no_mapping, &ex), 0);
	CHECK_EQ(*ex_at(&ex, 0), 3);
}

const struct test fork_tests[] = {
	{ "1.4", "forked_child_has_no_mapping", forked_child_has_no_mapping },
	{ "1.4", "forked_child_gets_eproto", forked_child_gets_eproto },
	{ "1.4", "children_get_eproto_and_harm_nothing", children_get_eproto_and_harm_nothing },
	{ "1.4", "forked_child_may_open_its_own", forked_child_may_open_its_own },
	{ "1.4", "set_up_before_fork_mapped_after", set_up_before_fork_mapped_after },
	{ "1.4", "opened_before_fork_used_after", opened_before_fork_used_after },
	{ "1.4", "dofork_gives_a_child_nothing", dofork_gives_a_child_nothing },
	{ 0 },
};

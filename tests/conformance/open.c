// SPDX-License-Identifier: MIT
/* open.c - section 1: open, close, fork */

#include "harness.h"

#include <sys/stat.h>

static void opens_a_character_device(void)
{
	int fd = ex_open();
	struct stat st;

	CHECK_EQ(fstat(fd, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(stat("/dev/exmap", &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(access("/dev/exmap", R_OK | W_OK), 0);
}

static void lseek_is_espipe(void)
{
	CHECK_ERRNO(lseek(ex_open(), 0, SEEK_SET), ESPIPE);
}

static void write_is_einval(void)
{
	int fd = ex_open();

	CHECK_ERRNO(write(fd, "x", 1), EINVAL);
	CHECK_ERRNO(pwrite(fd, "x", 1, 0), EINVAL);
}

static void unknown_ioctl_is_einval(void)
{
	int fd = ex_open();
	int argument = 0;

	CHECK_ERRNO(ioctl(fd, _IOC(_IOC_WRITE, 'k', 9, 4), &argument), EINVAL);
	CHECK_ERRNO(ioctl(fd, _IOC(_IOC_WRITE, 'k', 2, 4), &argument), EINVAL);
	CHECK_ERRNO(ioctl(fd, FIONREAD, &argument), EINVAL);
}

static void dup_is_the_same_exmap(void)
{
	struct ex ex;
	int copy;

	ex_start(&ex, 64, 1, 8, -1);
	copy = dup(ex.fd);
	CHECK(copy >= 0);
	close(ex.fd);
	ex.fd = copy;
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	CHECK_ERRNO(ex_setup(copy, -1, 1, 1, 0), EBUSY);
}

static void mapping_outlives_the_last_fd(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	memset(ex_at(&ex, 3), 7, PAGE);
	CHECK_EQ(close(ex.fd), 0);
	CHECK_EQ(*ex_at(&ex, 3), 7);
	CHECK(faults(ex_at(&ex, 4), false, NULL));
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	CHECK(faults(ex_at(&ex, 3), false, NULL));
}

static void exmaps_are_independent(void)
{
	struct ex a, b;

	ex_start(&a, 64, 1, 4, -1);
	ex_start(&b, 64, 1, 4, -1);
	CHECK_EQ(ALLOC(&a, 0, 0, 4), 4);
	CHECK_EQ(ALLOC(&a, 0, 4, 1), -ENOMEM);
	CHECK_EQ(ALLOC(&b, 0, 0, 4), 4);
	*ex_at(&a, 0) = 1;
	*ex_at(&b, 0) = 2;
	CHECK_EQ(*ex_at(&a, 0), 1);
	CHECK_EQ(munmap(a.base, 64 * PAGE), 0);
	close(a.fd);
	CHECK_EQ(*ex_at(&b, 0), 2);
	CHECK_EQ(FREE(&b, 0, 0, 4), 4);
}

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

const struct test open_tests[] = {
	{ "1.1", "opens_a_character_device", opens_a_character_device },
	{ "1.1", "lseek_is_espipe", lseek_is_espipe },
	{ "1.1", "write_is_einval", write_is_einval },
	{ "1.1", "unknown_ioctl_is_einval", unknown_ioctl_is_einval },
	{ "1.2", "dup_is_the_same_exmap", dup_is_the_same_exmap },
	{ "1.2", "mapping_outlives_the_last_fd", mapping_outlives_the_last_fd },
	{ "1.3", "exmaps_are_independent", exmaps_are_independent },
	{ "1.4", "forked_child_has_no_mapping", forked_child_has_no_mapping },
	{ "1.4", "forked_child_gets_eproto", forked_child_gets_eproto },
	{ "1.4", "forked_child_may_open_its_own", forked_child_may_open_its_own },
	{ "1.4", "set_up_before_fork_mapped_after", set_up_before_fork_mapped_after },
	{ 0 },
};

// SPDX-License-Identifier: MIT
/* dialect.c - clauses 8.9 to 8.12: what exmaps of the LeanStore dialect do otherwise */

#include "harness.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The test is about an exmap of the dialect, whatever the others are about. */
static void in_the_dialect(void)
{
	if (!test_leanstore())
		test_device = "/dev/exmap0";
	if (access(test_device, F_OK))
		SKIP("no %s", test_device);
}

static void start(struct ex *ex, size_t frames)
{
	in_the_dialect();
	ex_start(ex, 1024, 2, frames, backing_file(1024 * PAGE));
}

static void numbered_names_are_the_same_device(void)
{
	char name[] = "/dev/exmapN";
	struct stat other = { 0 };
	struct stat st;

	in_the_dialect();
	for (char c = '0'; c <= '4'; c++) {
		int fd;

		name[sizeof(name) - 2] = c;
		CHECK_EQ(stat(name, &st), 0);
		CHECK(S_ISCHR(st.st_mode));
		CHECK(st.st_rdev != other.st_rdev);
		CHECK_EQ(access(name, R_OK | W_OK), 0);
		fd = open(name, O_RDWR);
		CHECK(fd >= 0);
		CHECK_EQ(fstat(fd, &other), 0);
		CHECK_EQ(other.st_rdev, st.st_rdev);
		CHECK_EQ(ex_setup(fd, -1, 1, 8, EXMAP_PAGEFAULT_ALLOC), 0);
	}
	CHECK_ERRNO(open("/dev/exmap5", O_RDWR), ENOENT);
	CHECK_ERRNO(open("/dev/exmap00", O_RDWR), ENOENT);
	CHECK_ERRNO(access("/dev/exmap5", F_OK), ENOENT);
}

/* A descriptor's exmap may be opened anew by its name in /proc. */
static void the_dialect_is_the_exmaps(void)
{
	struct ex ex;
	char name[64];
	int again;

	start(&ex, 8);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", ex.fd);
	again = open(name, O_RDWR);
	CHECK(again >= 0);
	CHECK_EQ(ex_setup(again, -1, 1, 8, EXMAP_PAGEFAULT_ALLOC), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 1, 1), PAGE);
	CHECK_EQ(dup2(ex.fd, again), again);
	CHECK_EQ(pread(again, ex_at(&ex, 1), PAGE, 0), PAGE);
}

static void setup_flags_are_ignored(void)
{
	in_the_dialect();
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, EXMAP_PAGEFAULT_ALLOC), 0);
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, ~0UL), 0);
	CHECK_ERRNO(ex_setup(ex_open(), -1, 0, 8, EXMAP_PAGEFAULT_ALLOC), EINVAL);
}

static uint64_t request(uint64_t page, unsigned int len)
{
	struct exmap_iov iov = { .value = 0 };

	iov.page = page;
	iov.len = len;
	return iov.value;
}

static void alloc_without_frames_is_enomem(void)
{
	struct exmap_iov *iov;
	struct ex ex;

	start(&ex, 8);
	iov = ex.user[0]->iov;
	ex_vector(&ex, 0, 0, 100, 3);
	ex_vector(&ex, 0, 1, 2000, 1);
	ex_vector(&ex, 0, 2, 200, 4);
	ex_vector(&ex, 0, 3, 300, 2);
	ex_vector(&ex, 0, 4, 100, 1);
	ex_vector(&ex, 0, 5, 2000, 1);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 6), ENOMEM);
	/* Done: these have their results. */
	CHECK_EQ(iov[0].res, 0);
	CHECK_EQ(iov[0].pages, 3);
	CHECK_EQ(iov[1].res, -EFAULT);
	CHECK_EQ(iov[2].res, 0);
	CHECK_EQ(iov[2].pages, 4);
	/* Not done. */
	CHECK_EQ(iov[3].value, request(300, 2));
	CHECK_EQ(iov[4].value, request(100, 1));
	CHECK_EQ(iov[5].value, request(2000, 1));
	/* Half of the vector that met it. */
	CHECK_EQ(ex_mapped(&ex), 8);
	CHECK(!faults(ex_at(&ex, 300), true, NULL) || !faults(ex_at(&ex, 301), true, NULL));
	/* The same call succeeds as soon as there are frames; the results in it ask for nothing. */
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 5), ENOMEM);
	CHECK_EQ(FREE(&ex, 1, 200, 4), 4);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 5), 0);
	CHECK_EQ(iov[3].pages, 1);
	CHECK_EQ(iov[4].pages, 0);
	CHECK_EQ(ex_mapped(&ex), 5);
}

static void single_vectors_without_frames(void)
{
	struct exmap_iov *iov;
	struct ex ex;

	start(&ex, 300);
	iov = ex.user[0]->iov;
	for (int i = 0; i < 512; i++)
		ex_vector(&ex, 0, i, i * 7 % 1024, 1);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 512), ENOMEM);
	for (int i = 0; i < 512; i++) {
		CHECK_EQ(iov[i].value, i < 300 ? 1UL << 32 : request(i * 7 % 1024, 1));
		CHECK_EQ(faults(ex_at(&ex, i * 7 % 1024), true, NULL), i >= 300);
	}
	CHECK_EQ(FREE(&ex, 1, 0, 1024), 300);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 512), 0);
	for (int i = 300; i < 512; i++)
		CHECK_EQ(iov[i].value, 1UL << 32);
	CHECK_EQ(ex_mapped(&ex), 212);
}

/* Vectors for pages that are there need no frame. */
static void vectors_that_need_no_frame(void)
{
	struct ex ex;

	start(&ex, 8);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 3, 5), 0);
	ex_vector(&ex, 0, 0, 2, 1);
	ex_vector(&ex, 0, 1, 4000, 0);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 2), 0);
	CHECK_ERRNO(pread(ex.fd, ex_at(&ex, 20), PAGE, 0), ENOMEM);
}

static struct ex storm;

/* An action of eight vectors, for every fifth page. */
static int every_fifth(int id, int opcode, int first)
{
	for (int i = 0; i < 8; i++)
		ex_vector(&storm, id, i, first + i * 5, 1);
	return ex_action(&storm, id, opcode, 8);
}

/* More pages than there are frames: each thread waits for what the others free. */
static void insist(int id)
{
	for (int round = 0; round < 300; round++) {
		int first = id * 128 + round % 64;

		while (every_fifth(id, EXMAP_OP_ALLOC, first) < 0) {
			CHECK_EQ(errno, ENOMEM);
			/* Some are mapped. If all waited with what they have, none would get more. */
			CHECK_EQ(every_fifth(id, EXMAP_OP_FREE, first), 0);
			sched_yield();
		}
		for (int i = 0; i < 8; i++)
			*ex_at(&storm, first + i * 5) = id;
		CHECK_EQ(every_fifth(id, EXMAP_OP_FREE, first), 0);
	}
}

static void threads_that_wait_for_frames(void)
{
	in_the_dialect();
	ex_start(&storm, 1024, 4, 20, -1);
	run_threads(4, insist);
	CHECK_EQ(ex_mapped(&storm), 0);
}

static void read_of_a_mapped_page_reads_it_again(void)
{
	struct ex ex;

	start(&ex, 64);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 5, 1), PAGE);
	memset(ex_at(&ex, 5), 0, PAGE);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 5, 1), PAGE);
	CHECK(page_is_backing(&ex, 5));
	CHECK_EQ(ALLOC(&ex, 1, 7, 1), 1);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 4, 5), 5 * PAGE);
	for (int i = 4; i < 9; i++)
		CHECK(page_is_backing(&ex, i));
	CHECK_EQ(ex_mapped(&ex), 5);
	CHECK_EQ(FREE(&ex, 1, 0, 1024), 5);
	CHECK_EQ(ALLOC(&ex, 1, 0, 64), 64);
}

/* More than one read of the backing, and no frame is left for more pages. */
static void many_mapped_pages(void)
{
	struct iovec iov[3];
	struct ex ex;

	start(&ex, 500);
	CHECK_EQ(ALLOC(&ex, 0, 100, 500), 500);
	for (int i = 100; i < 600; i++)
		memset(ex_at(&ex, i), 1, PAGE);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 110, 300), 300 * PAGE);
	for (int i = 100; i < 600; i++)
		CHECK_EQ(page_is_backing(&ex, i), i >= 110 && i < 410);
	iov[0] = ex_iovec(&ex, 100, 1);
	iov[1] = ex_iovec(&ex, 101, 2);
	iov[2] = ex_iovec(&ex, 590, 10);
	CHECK_EQ(preadv(ex.fd, iov, 3, read_offset(1, EXMAP_OP_READ)), 13 * PAGE);
	for (int i = 100; i < 600; i++)
		CHECK_EQ(page_is_backing(&ex, i), i < 103 || (i >= 110 && i < 410) || i >= 590);
	CHECK_EQ(ex_mapped(&ex), 500);
}

static void the_same_page_twice(void)
{
	struct iovec iov[2];
	struct ex ex;

	start(&ex, 8);
	iov[0] = iov[1] = ex_iovec(&ex, 4, 1);
	CHECK_EQ(preadv(ex.fd, iov, 2, 0), 2 * PAGE);
	CHECK(page_is_backing(&ex, 4));
	CHECK_EQ(ex_mapped(&ex), 1);
}

/* What is done before a stretch that fails stays done. */
static void a_failure_ends_the_call_there(void)
{
	struct ex ex;

	start(&ex, 4);
	CHECK_EQ(ALLOC(&ex, 0, 10, 2), 2);
	memset(ex_at(&ex, 10), 1, 2 * PAGE);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 10, 5), 2 * PAGE);
	CHECK(page_is_backing(&ex, 10) && page_is_backing(&ex, 11));
	CHECK_EQ(ex_mapped(&ex), 2);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_READ, 7, 5), ENOMEM);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 8, 4), 4 * PAGE);
	CHECK_EQ(ex_mapped(&ex), 4);
}

static void where_the_backing_ends(void)
{
	struct ex ex;

	in_the_dialect();
	ex_start(&ex, 64, 1, 64, backing_file(10 * PAGE + 600));
	/* A backend that reads such pages by a buffer has other content in it now. */
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), 4);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 0, 4), 4 * PAGE);
	CHECK_EQ(FREE(&ex, 0, 0, 4), 4);
	CHECK_EQ(ALLOC(&ex, 0, 9, 4), 4);
	memset(ex_at(&ex, 9), 0x77, 4 * PAGE);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 8, 8), 2 * PAGE + 600);
	CHECK(page_is_backing(&ex, 8) && page_is_backing(&ex, 9));
	for (size_t i = 0; i < PAGE; i++)
		CHECK_EQ((unsigned char)ex_at(&ex, 10)[i],
			 i < 600 ? backing_byte(10 * PAGE + i) : 0);
	/* What was mapped behind the end stays as it was. */
	for (size_t i = 0; i < 2 * PAGE; i++)
		CHECK_EQ(ex_at(&ex, 11)[i], 0x77);
	CHECK_EQ(ex_mapped(&ex), 5);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 12, 1), 0);
	CHECK_EQ(*ex_at(&ex, 12), 0x77);
}

static void alloc_by_read_is_as_ever(void)
{
	struct ex ex;

	start(&ex, 8);
	CHECK_EQ(ALLOC(&ex, 0, 4, 1), 1);
	memset(ex_at(&ex, 4), 1, PAGE);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_ALLOC, 4, 1), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_ALLOC, 3, 2), 0);
	CHECK_EQ(*ex_at(&ex, 4), 1);
	CHECK_EQ(ex_mapped(&ex), 1);
}

static void into_a_surface_that_is_not_writable(void)
{
	struct ex ex;

	start(&ex, 16);
	CHECK_EQ(ALLOC(&ex, 0, 2, 3), 3);
	memset(ex_at(&ex, 2), 1, 3 * PAGE);
	CHECK_EQ(mprotect(ex.base, ex.pages * PAGE, PROT_READ), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 1, 4), 4 * PAGE);
	for (int i = 1; i < 5; i++)
		CHECK(page_is_backing(&ex, i));
	CHECK(faults(ex_at(&ex, 3), true, NULL));
	CHECK(page_is_backing(&ex, 3));
}

/* What a shadow shows is not replaced, as it takes no frame; READ takes its place [8.4]. */
static void read_of_a_source_and_of_a_shadow(void)
{
	struct ex ex;

	start(&ex, 16);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 0, 2), 2 * PAGE);
	CHECK_EQ(SHADOW(&ex, 0, 0, 2, 100), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 0, 2), 2 * PAGE);
	CHECK(page_is_backing(&ex, 0) && page_is_backing(&ex, 1));
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 101, 1), PAGE);
	CHECK(page_is_backing(&ex, 101));
	CHECK_EQ(ex_mapped(&ex), 3);
	CHECK_EQ(RM_SD(&ex, 0), 0);
	CHECK(page_is_backing(&ex, 101));
}

/*
 * READ of pages that other threads use meanwhile, as these tests are about. By number: ThreadSanitizer
 * would call pread() a write of the client's.
 */
static ssize_t read_meanwhile(int id, int page, int len)
{
	return syscall(SYS_pread64, storm.fd, ex_at(&storm, page), len * PAGE,
		       read_offset(id, EXMAP_OP_READ));
}

/* The page is there at every moment, with the content of before or of the backing. */
static void watch_or_read(int id)
{
	for (int round = 0; round < 2000; round++) {
		if (id) {
			CHECK_EQ(read_meanwhile(id, 3, 2), 2 * PAGE);
		} else {
			CHECK(!faults(ex_at(&storm, 3), false, NULL));
			CHECK(!faults(ex_at(&storm, 4) + PAGE - 1, false, NULL));
		}
	}
}

static void a_page_stays_mapped_meanwhile(void)
{
	start(&storm, 16);
	ex_interface(&storm, 1);
	CHECK_EQ(ALLOC(&storm, 0, 3, 2), 2);
	run_threads(2, watch_or_read);
	CHECK(page_is_backing(&storm, 3) && page_is_backing(&storm, 4));
	CHECK_EQ(ex_mapped(&storm), 2);
}

/* READ against FREE, ALLOC and SHADOW of the same pages: no frame is lost, and no page holds junk. */
static void mix(int id)
{
	for (int round = 0; round < 1000; round++) {
		int page = (round * 7 + id) % 40;
		ssize_t ret;

		switch (id) {
		case 0:
		case 1:
			ret = read_meanwhile(id, page, 8);
			CHECK(ret == 8 * (ssize_t)PAGE);
			break;
		case 2:
			CHECK(FREE(&storm, id, page, 5) >= 0);
			break;
		default:
			CHECK_EQ(SHADOW(&storm, id, 60, 3, page), 0);
			CHECK_EQ(RM_SD(&storm, id), 0);
		}
	}
}

static void read_against_free_and_shadow(void)
{
	in_the_dialect();
	ex_start(&storm, 128, 4, 64, backing_file(128 * PAGE));
	CHECK_EQ(ALLOC(&storm, 0, 60, 3), 3);
	run_threads(4, mix);
	for (int i = 0; i < 50; i++) {
		if (FREE(&storm, 0, i, 1))
			continue;
		CHECK_EQ(ex_read(&storm, EXMAP_OP_READ, i, 1), PAGE);
		CHECK(page_is_backing(&storm, i));
		CHECK_EQ(FREE(&storm, 0, i, 1), 1);
	}
	CHECK_EQ(ex_mapped(&storm), 3);
	CHECK_EQ(ALLOC(&storm, 0, 64, 61), 61);
}

static void shadow_of_nothing_is_0(void)
{
	struct ex ex;

	start(&ex, 8);
	CHECK_EQ(SHADOW(&ex, 0, 10, 4, 100), 0);
	CHECK_EQ(ALLOC(&ex, 0, 10, 4), 4);
	CHECK_EQ(FREE(&ex, 0, 10, 4), 4);
	CHECK_EQ(SHADOW(&ex, 0, 10, 4, 100), 0);
	CHECK(faults(ex_at(&ex, 100), false, NULL));
	CHECK_EQ(RM_SD(&ex, 0), 0);
}

const struct test dialect_tests[] = {
	{ "8.3", "shadow_of_nothing_is_0", shadow_of_nothing_is_0 },
	{ "8.9", "numbered_names_are_the_same_device", numbered_names_are_the_same_device },
	{ "8.9", "the_dialect_is_the_exmaps", the_dialect_is_the_exmaps },
	{ "8.10", "setup_flags_are_ignored", setup_flags_are_ignored },
	{ "8.11", "alloc_without_frames_is_enomem", alloc_without_frames_is_enomem },
	{ "8.11", "single_vectors_without_frames", single_vectors_without_frames },
	{ "8.11", "vectors_that_need_no_frame", vectors_that_need_no_frame },
	{ "8.11", "threads_that_wait_for_frames", threads_that_wait_for_frames },
	{ "8.12", "read_of_a_mapped_page_reads_it_again", read_of_a_mapped_page_reads_it_again },
	{ "8.12", "many_mapped_pages", many_mapped_pages },
	{ "8.12", "the_same_page_twice", the_same_page_twice },
	{ "8.12", "a_failure_ends_the_call_there", a_failure_ends_the_call_there },
	{ "8.12", "where_the_backing_ends", where_the_backing_ends },
	{ "8.12", "alloc_by_read_is_as_ever", alloc_by_read_is_as_ever },
	{ "8.12", "into_a_surface_that_is_not_writable", into_a_surface_that_is_not_writable },
	{ "8.12", "read_of_a_source_and_of_a_shadow", read_of_a_source_and_of_a_shadow },
	{ "8.12", "a_page_stays_mapped_meanwhile", a_page_stays_mapped_meanwhile },
	{ "8.12", "read_against_free_and_shadow", read_against_free_and_shadow },
	{ 0 },
};

// SPDX-License-Identifier: MIT
/* shadows.c - shadows and what else holds, drops or copies their pages */

#include "abuse.h"

#define PAGES 1024
#define FRAMES 64
#define TARGET 512

static void start(struct ex *ex)
{
	ex_start(ex, PAGES, 2, FRAMES, -1);
	CHECK_EQ(ALLOC(ex, 0, 0, FRAMES), FRAMES);
	ex_fill(ex, 0, FRAMES);
}

/* No frame is lost, and no page of it is somebody else's. */
static void all_is_well(struct ex *ex)
{
	CHECK_EQ(RM_SD(ex, 0), 0);
	CHECK_EQ(RM_SD(ex, 1), 0);
	for (int i = 0; i < PAGES; i += 512)
		FREE(ex, 0, i, 512);
	CHECK_EQ(ex_mapped(ex), 0);
	CHECK_EQ(ALLOC(ex, 1, 0, FRAMES), FRAMES);
	CHECK_EQ(ALLOC(ex, 1, FRAMES, 1), -ENOMEM);
	ex_fill(ex, 0, FRAMES);
	for (int i = 0; i < FRAMES; i++)
		CHECK(ex_shows(ex, i, i));
}

/* Gives a pipe, by reference, as many pages as it takes. Return: their number. */
static int send_pages(struct ex *ex, int fd, uint64_t page)
{
	int n = 0;

	for (; n < 8; n++) {
		struct iovec iov = ex_iovec(ex, page + n, 1);

		if (vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK) != (ssize_t)PAGE)
			break;
	}
	return n;
}

static void expect_sent(int fd, int n)
{
	static uint64_t out[PAGE / 8];

	for (int i = 0; i < n; i++) {
		CHECK_EQ(read(fd, out, PAGE), PAGE);
		for (size_t j = 0; j < PAGE / 8; j++)
			CHECK_EQ(out[j], i * PAGE + j * 8);
	}
}

/*
 * I/O has pinned pages by way of the shadows. RM_SD ends these, FREE comes, and all frames are
 * allocated and written: the I/O still takes the old content.
 */
static void io_in_flight_from_a_shadow(void)
{
	struct ex ex;
	int pipes[2];
	int n;

	CHECK_EQ(pipe(pipes), 0);
	start(&ex);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, TARGET), 0);
	n = send_pages(&ex, pipes[1], TARGET);
	CHECK(n > 0);
	CHECK_EQ(RM_SD(&ex, 0), 0);
	FREE(&ex, 1, 0, FRAMES);
	ALLOC(&ex, 1, 100, FRAMES);
	for (int i = 0; i < FRAMES; i++) {
		if (!faults(ex_at(&ex, 100 + i), false, NULL))
			memset(ex_at(&ex, 100 + i), 0x11, PAGE);
	}
	expect_sent(pipes[0], n);
	all_is_well(&ex);
}

/* The same, but the surface goes, with shadows and I/O on it, and comes again. */
static void munmap_with_io_in_flight(void)
{
	struct ex ex;
	int pipes[2];
	int n;

	CHECK_EQ(pipe(pipes), 0);
	start(&ex);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, TARGET), 0);
	CHECK_EQ(SHADOW(&ex, 1, 0, 8, TARGET + 8), 0);
	n = send_pages(&ex, pipes[1], TARGET);
	CHECK_EQ(munmap(ex.base, PAGES * PAGE), 0);
	ex.base = ex_map(ex.fd, PAGES);
	CHECK_EQ(ALLOC(&ex, 1, 0, FRAMES), FRAMES);
	memset(ex.base, 0x11, FRAMES * PAGE);
	expect_sent(pipes[0], n);
	all_is_well(&ex);
}

/*
 * Where this advice frees pages, it does so under live shadows, too, and ends all of these: no
 * shadow keeps its source from FREE any more.
 */
static void dontneed_of_sources_and_shadows(void)
{
	struct ex ex;

	for (int round = 0; round < 20; round++) {
		bool sources = round % 2;
		bool taken;

		start(&ex);
		CHECK_EQ(SHADOW(&ex, 0, 0, 32, TARGET), 0);
		CHECK_EQ(SHADOW(&ex, 1, 16, 32, TARGET + 64), 0);
		CHECK_EQ(SHADOW(&ex, 1, 20, 4, TARGET + 40), 0);
		taken = !madvise(ex_at(&ex, sources ? 8 : TARGET + 8), 20 * PAGE, MADV_DONTNEED);
		CHECK_EQ(FREE(&ex, 0, 20, 8), taken && sources ? 0 : 8);
		ALLOC(&ex, 1, 200, 20);
		for (int i = 0; i < 32; i++) {
			/* A shadow shows its source's old content, or nothing. */
			if (!faults(ex_at(&ex, TARGET + i), false, NULL))
				CHECK(ex_shows(&ex, TARGET + i, i));
		}
		CHECK_EQ(SHADOW(&ex, 0, 40, 8, TARGET), 0);
		CHECK(ex_shows(&ex, TARGET + 7, 47));
		all_is_well(&ex);
		CHECK_EQ(munmap(ex.base, PAGES * PAGE), 0);
		close(ex.fd);
	}
}

static void expect_nothing(struct ex *ex)
{
	CHECK(faults(ex_at(ex, TARGET), false, NULL));
	CHECK_ERRNO(RM_SD(ex, 0), EPROTO);
	CHECK_ERRNO(SHADOW(ex, 0, 0, 8, TARGET), EPROTO);
}

/* A child has neither pages nor shadows, and its end takes nothing away. */
static void children_of_shadows(void)
{
	struct ex ex;

	start(&ex);
	CHECK_EQ(SHADOW(&ex, 0, 0, 32, TARGET), 0);
	for (int round = 0; round < 20; round++) {
		madvise(ex.base, PAGES * PAGE, round % 2 ? MADV_DOFORK : MADV_DONTFORK);
		CHECK_EQ(status_of_child(expect_nothing, &ex), 0);
		CHECK(ex_shows(&ex, TARGET + 31, 31));
	}
	all_is_well(&ex);
}

/* As many as one interface may have, of pages of all frames, then an end without RM_SD. */
static void leave_many(struct ex *ex)
{
	start(ex);
	for (int i = 0; i < 2000; i++)
		any_answer(SHADOW(ex, i % 2, i % 32, 32, TARGET + i % 400));
	for (int i = 0; i < FRAMES; i += 2)
		FREE(ex, 0, i, 1);
	if (getpid() % 2)
		munmap(ex->base, PAGES * PAGE);
}

static void ends_without_rm_sd(void)
{
	long frames = frames_settled();
	struct ex ex;

	for (int i = 0; i < 20; i++)
		CHECK_EQ(status_of_child(leave_many, &ex), 0);
	CHECK(frames < 0 || frames_return_to(frames));
}

const struct test shadow_tests[] = {
	{ "8.7", "io_in_flight_from_a_shadow", io_in_flight_from_a_shadow },
	{ "8.8", "munmap_with_io_in_flight", munmap_with_io_in_flight },
	{ "8.8", "dontneed_of_sources_and_shadows", dontneed_of_sources_and_shadows },
	{ "8.8", "children_of_shadows", children_of_shadows },
	{ "8.8", "ends_without_rm_sd", ends_without_rm_sd },
	{ 0 },
};

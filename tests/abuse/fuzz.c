// SPDX-License-Identifier: MIT
/* fuzz.c - arguments that no client would pass: calls may fail, and nothing else may happen */

#include "abuse.h"

#include <sys/uio.h>

#define PAGES 2048
#define FRAMES 512
#define ROUNDS 20000

static unsigned int seed = 20260101;

static uint64_t next(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* Small, huge, negative, or with one odd bit. */
static uint64_t odd_number(void)
{
	switch (next() % 5) {
	case 0:
		return next() % 8;
	case 1:
		return next() << 40 | next() << 16 | next();
	case 2:
		return -(next() % 4096);
	case 3:
		return 1ull << next() % 64;
	default:
		return next() % PAGES * PAGE;
	}
}

/* A pointer to the surface, near it, to no memory, to the stack, or to the kernel. */
static void *odd_pointer(struct ex *ex)
{
	static char own[PAGE];

	switch (next() % 5) {
	case 0:
		return ex->base + odd_number();
	case 1:
		return (void *)odd_number();
	case 2:
		return own;
	case 3:
		return (void *)(0xffffffff81000000ul + odd_number() % 65536);
	default:
		return NULL;
	}
}

static void all_is_well(struct ex *ex)
{
	/* FREE may keep pages that shadows show [8.7]. */
	RM_SD(ex, 0);
	RM_SD(ex, 1);
	for (size_t i = 0; i < PAGES; i += 512)
		FREE(ex, 0, i, 512);
	CHECK_EQ(ex_mapped(ex), 0);
	CHECK_EQ(ALLOC(ex, 0, 0, FRAMES), FRAMES);
	CHECK_EQ(FREE(ex, 1, 0, FRAMES), FRAMES);
}

static void ioctl_numbers_and_arguments(void)
{
	static const unsigned long known[] = { EXMAP_IOCTL_SETUP, EXMAP_IOCTL_ACTION,
					       EXMAP_IOCTL_STATS };
	struct ex ex;

	ex_start(&ex, PAGES, 2, FRAMES, -1);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned long request = next() % 2 ? known[next() % 3] : odd_number();

		/* Not CLONE, nor ioctls that every file has: they change the descriptor itself. */
		if ((request >> 8 & 0xff) == 'k' && (request & 0xff) == (EXMAP_IOCTL_CLONE & 0xff))
			continue;
		if ((request >> 8 & 0xff) == 'T' || (request >> 8 & 0xff) == 'f')
			continue;
		ioctl(ex.fd, request, odd_pointer(&ex));
	}
	all_is_well(&ex);
}

static void actions_of_any_kind(void)
{
	struct ex ex;

	ex_start(&ex, PAGES, 2, FRAMES, backing_file(PAGES * PAGE));
	for (int i = 0; i < ROUNDS; i++) {
		struct exmap_action_params p = {
			.interface = next() % 4 ? next() % 2 : odd_number(),
			.opcode = next() % 4 ? 1 + next() % 4 : odd_number(),
			.iov_len = next() % 4 ? next() % 513 : odd_number(),
			.page_id = next() % 4 ? next() % PAGES : odd_number(),
		};
		struct exmap_user_interface *user = ex.user[p.interface % 2];

		/* SHADOW does nothing if one of its vectors is outside. */
		if (p.opcode == EXMAP_OP_SHADOW && next() % 4)
			p.iov_len %= 4;
		for (int j = 0; j < 512; j += 1 + next() % 64)
			user->iov[j].value =
				next() % 4 ? next() % PAGES | (next() % 4) << 52 : odd_number();
		ioctl(ex.fd, EXMAP_IOCTL_ACTION, &p);
	}
	all_is_well(&ex);
}

static void reads_of_any_kind(void)
{
	struct ex ex;

	ex_start(&ex, PAGES, 2, FRAMES, backing_file(PAGES / 2 * PAGE + 100));
	for (int i = 0; i < ROUNDS; i++) {
		struct iovec iov[8];
		off_t offset =
			next() % 3 ? read_offset(next() % 2, next() % 2) : (off_t)odd_number();

		for (int j = 0; j < 8; j++)
			iov[j] = (struct iovec){ odd_pointer(&ex), odd_number() };
		if (next() % 2)
			any_answer(preadv(ex.fd, iov, next() % 9, offset));
		else
			any_answer(pread(ex.fd, iov[0].iov_base, iov[0].iov_len, offset));
		if (i % 64 == 0)
			FREE(&ex, 0, 0, PAGES);
	}
	all_is_well(&ex);
}

static void mappings_of_any_kind(void)
{
	struct ex ex;

	ex_start(&ex, PAGES, 2, FRAMES, -1);
	for (int i = 0; i < ROUNDS / 10; i++) {
		uint64_t offset =
			next() % 2 ? odd_number() : EXMAP_OFF_INTERFACE_BASE + odd_number();
		size_t len = next() % 2 ? (1 + next() % 600) * PAGE : odd_number();
		int flags = next() % 2 ? MAP_SHARED : 1 << next() % 20;
		void *p;

		/* MAP_FIXED could replace memory that the test itself needs. */
		flags &= ~MAP_FIXED;
		p = mmap(NULL, len, next() % 16, flags, ex.fd, offset & ~4095ull);
		if (p != MAP_FAILED)
			munmap(p, len);
	}
	all_is_well(&ex);
}

/* Whatever these calls answer, no frame is lost. */
static void address_space_calls_of_any_kind(void)
{
	struct ex ex;

	ex_start(&ex, PAGES, 2, FRAMES, -1);
	ALLOC(&ex, 0, 0, FRAMES);
	for (int i = 0; i < ROUNDS; i++) {
		size_t at = next() % PAGES;
		size_t len = (1 + next() % (PAGES - at)) * PAGE;
		void *moved;

		switch (next() % 5) {
		case 0:
			madvise(ex_at(&ex, at), len,
				(int)(next() % 2 ? next() % 30 : odd_number()));
			break;
		case 1:
			mprotect(ex_at(&ex, at), len, next() % 8);
			break;
		case 2:
			moved = mremap(ex_at(&ex, at), len, odd_number(), 1 + next() % 2,
				       odd_pointer(&ex));
			/* Only an mremap to the same length may work; it moves nothing. */
			CHECK(moved == MAP_FAILED || moved == ex_at(&ex, at));
			break;
		case 3:
			if (at || len < PAGES * PAGE)
				CHECK_EQ(munmap(ex_at(&ex, at), len), -1);
			break;
		default:
			mlock(ex_at(&ex, at), len);
			munlock(ex_at(&ex, at), len);
		}
	}
	CHECK_EQ(mprotect(ex.base, PAGES * PAGE, PROT_READ | PROT_WRITE), 0);
	all_is_well(&ex);
}

const struct test fuzz_tests[] = {
	{ "4.1", "ioctl_numbers_and_arguments", ioctl_numbers_and_arguments },
	{ "4.1", "actions_of_any_kind", actions_of_any_kind },
	{ "5.1", "reads_of_any_kind", reads_of_any_kind },
	{ "2.3", "mappings_of_any_kind", mappings_of_any_kind },
	{ "2.5", "address_space_calls_of_any_kind", address_space_calls_of_any_kind },
	{ 0 },
};

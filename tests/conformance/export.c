// SPDX-License-Identifier: MIT
/* export.c - clause 7.3: the page-table export */

#include "harness.h"

#define MIB2 (2UL << 20)

/* A surface that starts @skew bytes behind a multiple of 2 MiB. */
static void start_skewed(struct ex *ex, size_t skew, size_t pages, int frames)
{
	char *room = hole(pages * PAGE + 2 * MIB2);
	char *start = (char *)(((uintptr_t)room + MIB2 - 1) & ~(MIB2 - 1)) + skew;

	*ex = (struct ex){ .fd = ex_open(), .pages = pages };
	ex->base = mmap(start, pages * PAGE, RW, MAP_SHARED | MAP_FIXED, ex->fd, 0);
	CHECK(ex->base == start);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, frames, 0), 0);
	ex_interface(ex, 0);
}

static void *export_words(int fd, size_t length, int prot)
{
	return mmap(NULL, length, prot, MAP_SHARED, fd, EXMAP_OFF_PTEXPORT);
}

static void export_shows_each_page(void)
{
	volatile uint64_t *words;
	struct ex ex;

	start_skewed(&ex, 0, 1024, 100);
	words = export_words(ex.fd, ex.pages * 8, PROT_READ);
	if (words == MAP_FAILED && errno == EPERM)
		SKIP("this backend has page-table export switched off");
	CHECK(words != MAP_FAILED);
	CHECK_EQ(words[0], 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 3), 3);
	CHECK_EQ(ALLOC(&ex, 0, 600, 1), 1);
	CHECK_EQ(words[3], 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(words[i] & 7, 7);
		CHECK(words[i] >> 63);
	}
	*ex_at(&ex, 600) = 1;
	CHECK_EQ(words[600] & 0x67, 0x67);
	CHECK(words[0] >> 12 != words[1] >> 12 && words[1] >> 12 != words[600] >> 12);
	CHECK_EQ(FREE(&ex, 0, 0, 1000), 4);
	CHECK_EQ(words[0] | words[1] | words[2] | words[600], 0);
}

static void export_words_name_different_frames(void)
{
	volatile uint64_t *words;
	struct ex ex;

	start_skewed(&ex, 0, 1024, 600);
	words = export_words(ex.fd, 100, PROT_READ); /* rounded up to a page: 512 words */
	if (words == MAP_FAILED && errno == EPERM)
		SKIP("this backend has page-table export switched off");
	CHECK(words != MAP_FAILED);
	CHECK_EQ(ALLOC(&ex, 0, 100, 100), 100);
	memset(ex_at(&ex, 100), 1, 100 * PAGE);
	for (int i = 0; i < 512; i++) {
		if (i < 100 || i >= 200) {
			CHECK_EQ(words[i], 0);
			continue;
		}
		CHECK_EQ(words[i] & 0x67, 0x67);
		CHECK(words[i] >> 63);
		for (int j = 100; j < i; j++)
			CHECK((words[i] ^ words[j]) << 12 >> 24);
	}
	CHECK_EQ(FREE(&ex, 0, 0, 1024), 100);
	for (int i = 0; i < 512; i++)
		CHECK_EQ(words[i], 0);
}

static void words_follow_the_protection(void)
{
	volatile uint64_t *words;
	struct ex ex;

	start_skewed(&ex, 0, 512, 100);
	words = export_words(ex.fd, PAGE, PROT_READ);
	if (words == MAP_FAILED && errno == EPERM)
		SKIP("this backend has page-table export switched off");
	CHECK(words != MAP_FAILED);
	CHECK_EQ(ALLOC(&ex, 0, 7, 1), 1);
	CHECK_EQ(words[7] & 7, 7);
	CHECK_EQ(mprotect(ex.base, ex.pages * PAGE, PROT_READ), 0);
	CHECK_EQ(words[7] & 7, 5);
	CHECK_EQ(ALLOC(&ex, 0, 8, 1), 1);
	CHECK_EQ(words[8] & 7, 5);
	CHECK_EQ(mprotect(ex.base, ex.pages * PAGE, RW), 0);
	CHECK_EQ(words[7] & 7, 7);
	CHECK_EQ(words[8] & 7, 7);
}

static void export_has_no_second_view(void)
{
	void *words;
	struct ex ex;

	start_skewed(&ex, 0, 512, 100);
	words = export_words(ex.fd, PAGE, PROT_READ);
	if (words == MAP_FAILED && errno == EPERM)
		SKIP("this backend has page-table export switched off");
	CHECK(words != MAP_FAILED);
	/* From a length of 0 mremap() makes one more mapping of a shared page. */
	CHECK(mremap(words, 0, PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK_EQ(munmap(words, PAGE), 0);
	CHECK(export_words(ex.fd, PAGE, PROT_READ) != MAP_FAILED);
}

static void export_errors(void)
{
	struct ex ex = { .fd = ex_open() };

	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EPROTO);
	start_skewed(&ex, 0, 512, 8);
	CHECK_ERRNO((long)export_words(ex.fd, 2 * PAGE, PROT_READ), EOVERFLOW);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, RW), EACCES);
	CHECK(export_words(ex.fd, PAGE, PROT_READ) != MAP_FAILED);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EBUSY);
}

static void export_of_an_unaligned_surface_is_efault(void)
{
	int fd = ex_open();

	ex_map(fd, 3);
	CHECK_ERRNO((long)export_words(fd, PAGE, PROT_READ), EFAULT);
}

static void export_needs_both_ends_aligned(void)
{
	struct ex ex;

	start_skewed(&ex, 0, 513, 8);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EFAULT);
	start_skewed(&ex, PAGE, 511, 8);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EFAULT);
	start_skewed(&ex, PAGE, 512, 8);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EFAULT);
}

static void export_is_read_only(void)
{
	char *words;
	struct ex ex;

	start_skewed(&ex, 0, 512, 8);
	words = export_words(ex.fd, PAGE, PROT_READ);
	CHECK(words != MAP_FAILED);
	CHECK(faults(words, true, NULL));
	CHECK_ERRNO(mprotect(words, PAGE, PROT_READ | PROT_WRITE), EACCES);
}

const struct test export_tests[] = {
	{ "7.3", "export_shows_each_page", export_shows_each_page },
	{ "7.3", "export_words_name_different_frames", export_words_name_different_frames },
	{ "7.3", "words_follow_the_protection", words_follow_the_protection },
	{ "7.3", "export_has_no_second_view", export_has_no_second_view },
	{ "7.3", "export_errors", export_errors },
	{ "7.3", "export_of_an_unaligned_surface_is_efault",
	  export_of_an_unaligned_surface_is_efault },
	{ "7.3", "export_needs_both_ends_aligned", export_needs_both_ends_aligned },
	{ "7.3", "export_is_read_only", export_is_read_only },
	{ 0 },
};

// SPDX-License-Identifier: MIT
/*
 * test_emu_uffd.c - what the kernel answers to UFFDIO_MOVE, and what is made of the answer; what is found
 * out about the kernel by trying
 */

#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/advice.h"
#include "emu/hidden_fd.h"
#include "emu/uffd.h"

#define PAGE EXMAP_PAGE_SIZE

/* Pages of a userfaultfd: @n of them, none there. Skips the test where the kernel has no MOVE. */
static char *make_pages(size_t n, int *uffd)
{
	char *pages =
		mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(pages, MAP_FAILED);
	*uffd = emu_uffd_open();
	if (*uffd < 0 || !emu_uffd_moves(*uffd)) {
		print_message("UFFDIO_MOVE is not to be had here\n");
		skip();
	}
	assert_int_equal(emu_uffd_register(*uffd, pages, n * PAGE), 0);
	return pages;
}

static void fill(int uffd, char *page, char value)
{
	static char source[PAGE] __attribute__((aligned(PAGE)));
	int error;

	memset(source, value, PAGE);
	assert_int_equal(emu_uffd_copy(uffd, page, source, PAGE, &error), PAGE);
}

/*
 * Linux 6.18 sometimes moves a page that it is migrating, and answers EEXIST all the same: its
 * second try finds the page in its new place. The answer is the same where the page came there by
 * other means.
 */
static void a_page_that_was_moved_counts_whatever_the_answer(void **state)
{
	int uffd;
	int error;
	char *pages = make_pages(6, &uffd);

	(void)state;
	for (int i = 0; i < 3; i++)
		fill(uffd, pages + i * PAGE, i + 1);
	/* The second page is in its new place already, and not in the old one. */
	fill(uffd, pages + 4 * PAGE, 2);
	assert_int_equal(madvise(pages + PAGE, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(emu_uffd_move(uffd, pages + 3 * PAGE, pages, 3 * PAGE, &error), 3 * PAGE);
	assert_int_equal(error, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pages[(3 + i) * PAGE], i + 1);
	emu_close_hidden(uffd);
	munmap(pages, 6 * PAGE);
}

static void a_page_that_is_in_the_way_is_an_error(void **state)
{
	int uffd;
	int error;
	char *pages = make_pages(4, &uffd);

	(void)state;
	fill(uffd, pages, 1);
	fill(uffd, pages + PAGE, 2);
	fill(uffd, pages + 3 * PAGE, 9);
	assert_int_equal(emu_uffd_move(uffd, pages + 2 * PAGE, pages, 2 * PAGE, &error), PAGE);
	assert_int_equal(error, -EEXIST);
	assert_int_equal(pages[2 * PAGE], 1);
	assert_int_equal(pages[3 * PAGE], 9);
	assert_int_equal(pages[PAGE], 2);
	emu_close_hidden(uffd);
	munmap(pages, 4 * PAGE);
}

/**
 * struct found - what the kernel has
 * @moves:    UFFDIO_MOVE
 * @guards:   guard regions
 * @vectored: vectored MADV_DONTNEED
 */
struct found {
	bool moves;
	bool guards;
	bool vectored;
};

static struct found try_all(void)
{
	int uffd = emu_uffd_open();
	int advice = emu_advice_fd();
	struct found found = {
		.moves = uffd >= 0 && emu_uffd_moves(uffd),
		.guards = emu_guards(),
		.vectored = advice != EMU_NOT_VECTORED,
	};

	emu_close_hidden(uffd);
	emu_close_hidden(advice);
	return found;
}

/* The kernel neither moves nor guards nor drops locked pages: those on which that is tried must not be. */
static void locked_memory_hides_nothing(void **state)
{
	struct found before = try_all();
	struct found found;

	(void)state;
	if (mlockall(MCL_FUTURE)) {
		print_message("memory may not be locked here\n");
		skip();
	}
	found = try_all();
	munlockall();
	assert_int_equal(found.moves, before.moves);
	assert_int_equal(found.guards, before.guards);
	assert_int_equal(found.vectored, before.vectored);
}

static void *fork_until(void *ended)
{
	while (!__atomic_load_n((bool *)ended, __ATOMIC_RELAXED)) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

/* The kernel does not move a page that a child shares: the page on which that is tried must not be. */
static void a_fork_hides_no_move(void **state)
{
	int uffd = emu_uffd_open();
	unsigned int refused = 0;
	bool ended = false;
	pthread_t forking;

	(void)state;
	if (uffd < 0 || !emu_uffd_moves(uffd)) {
		print_message("UFFDIO_MOVE is not to be had here\n");
		skip();
	}
	assert_int_equal(pthread_create(&forking, NULL, fork_until, &ended), 0);
	for (unsigned int i = 0; i < UNIT_ROUNDS(20000); i++)
		refused += !emu_uffd_moves(uffd);
	__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
	pthread_join(forking, NULL);
	emu_close_hidden(uffd);
	assert_int_equal(refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_that_was_moved_counts_whatever_the_answer),
		cmocka_unit_test(a_page_that_is_in_the_way_is_an_error),
		cmocka_unit_test(locked_memory_hides_nothing),
		cmocka_unit_test(a_fork_hides_no_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

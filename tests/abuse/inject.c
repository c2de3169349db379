// SPDX-License-Identifier: MIT
/* inject.c - the module's injected errors do what the clauses say of real ones */

#include "abuse.h"

#include <pthread.h>

#define RULES "/sys/kernel/debug/exmap/inject"
#define PAGES 100

static bool write_rules(const char *rules)
{
	int fd = open(RULES, O_WRONLY | O_TRUNC);
	ssize_t n;

	if (fd < 0)
		SKIP("no " RULES
		     ": not the module, or no debugfs; the emulator has exmap-run --inject");
	n = write(fd, rules, strlen(rules));
	close(fd);
	return n == (ssize_t)strlen(rules);
}

static const char *read_rules(void)
{
	static char text[4096];
	int fd = open(RULES, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	CHECK(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

/* How often the only rule did something. */
static int times(void)
{
	const char *blank = strchr(read_rules(), ' ');

	CHECK(blank);
	return atoi(blank);
}

/* Has a child do @fn under the rules, which are gone afterwards, whatever became of the child. */
static void under(const char *rules, void (*fn)(struct ex *ex))
{
	struct ex ex = { 0 };
	int status;

	CHECK(write_rules(rules));
	status = status_of_child(fn, &ex);
	CHECK(write_rules("\n"));
	CHECK(!*read_rules());
	CHECK_EQ(status, 0);
}

static void rules_are_replaced_as_a_whole(void)
{
	static const char *const bad[] = {
		"aloc:enomem",	     "alloc:eio",
		"read:eio:every=0",  "read:eio:p=2",
		"read:delay=61s",    "alloc:enomem\nread:no",
		"setup:enomem:if=1", "read:eio:p=.1:seed=0",
	};
	const char *text;
	char many[10 * 16] = "";

	CHECK(write_rules("alloc:enomem:every=10:if=3\n read,eio,p=0.5;setup:enomem:every=9"));
	text = read_rules();
	CHECK(strstr(text, "alloc:enomem:every=10:if=3 0 times\n") == text);
	CHECK(strstr(text, "\nread:eio:p=0.5:seed="));
	CHECK(strstr(text, "\nsetup:enomem:every=9 0 times\n"));
	CHECK(write_rules("free:delay=1ms"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (write_rules(bad[i]))
			test_fail(__FILE__, __LINE__, "%s is taken for a rule", bad[i]);
		CHECK_EQ(errno, EINVAL);
	}
	for (int i = 0; i < 9; i++)
		strcat(many, "alloc:enomem\n");
	CHECK(!write_rules(many));
	CHECK(!strcmp(read_rules(), "free:delay=1ms 0 times\n"));
	many[8 * strlen("alloc:enomem\n")] = '\0';
	CHECK(write_rules(many));
	CHECK(write_rules(""));
	CHECK(write_rules("\n"));
	CHECK(!*read_rules());
}

static void expect(struct ex *ex, int vec, int res, unsigned int pages)
{
	CHECK_EQ(ex->user[0]->iov[vec].res, res);
	CHECK_EQ(ex->user[0]->iov[vec].pages, pages);
}

static void run_out_of_frames(struct ex *ex)
{
	ex_start(ex, PAGES, 2, PAGES, -1);
	/* Of another interface: not counted. */
	CHECK_EQ(ALLOC(ex, 1, 50, 15), 15);
	ex_vector(ex, 0, 0, 0, 4);
	ex_vector(ex, 0, 1, 10, 4);
	ex_vector(ex, 0, 2, 20, 4);
	ex_vector(ex, 0, 3, 30, 1);
	CHECK_EQ(ex_action(ex, 0, EXMAP_OP_ALLOC, 4), 2);
	expect(ex, 0, 0, 4);
	expect(ex, 1, 0, 4);
	expect(ex, 2, -ENOMEM, 1);
	expect(ex, 3, -ENOMEM, 0);
	CHECK(!faults(ex_at(ex, 20), false, NULL));
	CHECK(faults(ex_at(ex, 21), false, NULL));
	CHECK_EQ(ex_mapped(ex), 15 + 9);
	CHECK_EQ(times(), 1);
	/* And it works again, up to the next fault. */
	CHECK_EQ(ALLOC(ex, 0, 70, 9), 9);
	CHECK_EQ(ALLOC(ex, 0, 80, 1), -ENOMEM);
	/* No frame is lost. */
	CHECK_EQ(FREE(ex, 0, 0, PAGES), 15 + 9 + 9);
	CHECK_EQ(ALLOC(ex, 1, 0, PAGES), PAGES);
}

static void alloc_runs_out_of_frames(void)
{
	NOT_IN_LEANSTORE("8.11");
	under("alloc:enomem:every=10:if=0", run_out_of_frames);
}

static void read_failing(struct ex *ex)
{
	struct iovec iov[5];

	ex_start(ex, PAGES, 1, PAGES, backing_file(PAGES * PAGE));
	for (int i = 0; i < 5; i++)
		iov[i] = ex_iovec(ex, i, 1);
	CHECK_EQ(preadv(ex->fd, iov, 5, read_offset(0, EXMAP_OP_READ)), 2 * PAGE);
	for (int i = 0; i < 2; i++)
		CHECK(page_is_backing(ex, i));
	CHECK(faults(ex_at(ex, 2), false, NULL));
	CHECK_EQ(ex_read(ex, EXMAP_OP_READ, 2, 3), 3 * PAGE);
	CHECK_EQ(ex_read(ex, EXMAP_OP_READ, 5, 3), 3 * PAGE);
	CHECK_ERRNO(ex_read(ex, EXMAP_OP_READ, 8, 3), EIO);
	CHECK_EQ(ex_mapped(ex), 8);
	CHECK_EQ(times(), 2);
}

static void read_fails_in_the_range_that_is_hit(void)
{
	under("read:eio:every=3", read_failing);
}

static void read_short(struct ex *ex)
{
	ex_start(ex, PAGES, 1, PAGES, backing_file(PAGES * PAGE));
	for (int round = 0; round < 20; round++) {
		ssize_t bytes = ex_read(ex, EXMAP_OP_READ, 40, 8);
		ssize_t pages = (bytes + PAGE - 1) / PAGE;

		CHECK(bytes >= 512 && bytes <= (ssize_t)(8 * PAGE - 512));
		for (ssize_t i = 0; i < pages * (ssize_t)PAGE; i++) {
			unsigned char want = i < bytes ? backing_byte(40 * PAGE + i) : 0;

			CHECK_EQ((unsigned char)ex_at(ex, 40)[i], want);
		}
		CHECK_EQ(ex_mapped(ex), pages);
		CHECK_EQ(FREE(ex, 0, 40, 8), pages);
	}
	CHECK_EQ(times(), 20);
	CHECK_EQ(ex_read(ex, EXMAP_OP_READ, 61, 10), 10 * PAGE);
	CHECK(page_is_backing(ex, 70));
}

static void short_read_is_as_the_end_of_the_backing(void)
{
	under("read:short:pages=40-60", read_short);
}

static void set_up_again(struct ex *ex)
{
	long before = frames_settled();

	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, 0), 0);
	ex->fd = ex_open();
	CHECK_ERRNO(ex_setup(ex->fd, -1, 1, 100, 0), ENOMEM);
	CHECK_EQ(frames_held(), before + 8);
	CHECK_EQ(ex_stats(ex->fd).buffer_size, 0);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, 100, 0), 0);
	CHECK_EQ(times(), 1);
}

static void setup_that_fails_may_be_tried_again(void)
{
	under("setup:enomem:every=2", set_up_again);
}

/* Waits until the only rule has done something. */
static void until_it_strikes(void)
{
	while (!times())
		usleep(1000);
}

static void *read_slowly(void *arg)
{
	struct ex *ex = arg;
	intptr_t ret = ex_read(ex, EXMAP_OP_READ, 0, 1);

	return (void *)(ret < 0 ? -errno : ret);
}

static pthread_t unmap_during_read(struct ex *ex)
{
	pthread_t thread;

	ex_start(ex, PAGES, 1, PAGES, backing_file(PAGES * PAGE));
	CHECK_EQ(pthread_create(&thread, NULL, read_slowly, ex), 0);
	until_it_strikes();
	CHECK_EQ(munmap(ex->base, PAGES * PAGE), 0);
	return thread;
}

static void unmap_and_end(struct ex *ex)
{
	/* Ends a munmap() that waits for the READ. */
	alarm(30);
	unmap_during_read(ex);
}

static void munmap_does_not_wait_for_a_slow_read(void)
{
	under("read:delay=60s", unmap_and_end);
}

static void unmap_and_look(struct ex *ex)
{
	void *ret;

	CHECK_EQ(pthread_join(unmap_during_read(ex), &ret), 0);
	CHECK_EQ((intptr_t)ret, -EPROTO);
}

static void slow_read_notices_the_munmap(void)
{
	under("read:delay=1s", unmap_and_look);
}

static void *free_slowly(void *arg)
{
	return (void *)(intptr_t)FREE((struct ex *)arg, 0, 3, 1);
}

static void free_and_look(struct ex *ex)
{
	pthread_t thread;

	ex_start(ex, PAGES, 1, PAGES, -1);
	CHECK_EQ(ALLOC(ex, 0, 3, 1), 1);
	ex_fill(ex, 3, 1);
	CHECK_EQ(pthread_create(&thread, NULL, free_slowly, ex), 0);
	until_it_strikes();
	/* Long enough for a FREE that does not wait to end. */
	usleep(500000);
	CHECK(ex_shows(ex, 3, 3));
}

static void page_of_a_slow_free_stays_until_its_end(void)
{
	under("free:delay=60s", free_and_look);
}

/* Twenty minutes, in all. */
static void alloc_slowly(struct ex *ex)
{
	struct iovec iov[20];

	ex_start(ex, PAGES, 1, PAGES, -1);
	for (int i = 0; i < 20; i++)
		iov[i] = ex_iovec(ex, 2 * i, 1);
	any_answer(preadv(ex->fd, iov, 20, read_offset(0, EXMAP_OP_ALLOC)));
}

static void kill_while_slow(struct ex *ex)
{
	long before = frames_settled();
	pid_t pid = fork();
	int status;

	if (!pid) {
		alloc_slowly(ex);
		_exit(0);
	}
	until_it_strikes();
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	CHECK(frames_return_to(before));
}

static void delay_ends_when_the_client_is_killed(void)
{
	under("alloc:delay=60s", kill_while_slow);
}

const struct test inject_tests[] = {
	{ "4.6", "inject_rules_are_replaced_as_a_whole", rules_are_replaced_as_a_whole },
	{ "4.6", "inject_alloc_runs_out_of_frames", alloc_runs_out_of_frames },
	{ "5.4", "inject_read_fails_in_the_range_that_is_hit",
	  read_fails_in_the_range_that_is_hit },
	{ "5.5", "inject_short_read_is_as_the_end_of_the_backing",
	  short_read_is_as_the_end_of_the_backing },
	{ "3.1", "inject_setup_that_fails_may_be_tried_again",
	  setup_that_fails_may_be_tried_again },
	{ "2.4", "inject_munmap_does_not_wait_for_a_slow_read",
	  munmap_does_not_wait_for_a_slow_read },
	{ "2.4", "inject_slow_read_notices_the_munmap", slow_read_notices_the_munmap },
	{ "4.9", "inject_page_of_a_slow_free_stays_until_its_end",
	  page_of_a_slow_free_stays_until_its_end },
	{ "4.6", "inject_delay_ends_when_the_client_is_killed",
	  delay_ends_when_the_client_is_killed },
	{ 0 },
};

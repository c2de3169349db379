// SPDX-License-Identifier: MIT
/*
 * reentry - a signal handler that calls an exmap in the middle of a call of its own thread
 *
 * Such a handler would wait for itself. The emulator tells it so, and changes nothing. The module
 * has no such limit: a system call is over when a handler begins.
 */
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "check.h"

#define PAGES 64
#define MAPPED 60 /* a page that stays allocated */
#define WANTED 20 /* refusals to wait for */

static struct client pool, second;
static volatile sig_atomic_t refused, wrong, ticks;

/* Counts what a call of a handler returned: success, as between two calls, or EDEADLK. */
static void judge(long ret, long success)
{
	if (ret == -1 && errno == EDEADLK)
		refused++;
	else if (ret != success)
		wrong++;
}

/* This read returns 0, as the page is mapped already [5.3], and touches no vector. */
static long read_mapped(const struct client *c, int interface)
{
	return pread(c->fd, c->mem + MAPPED * PAGE, PAGE, interface | EXMAP_OP_ALLOC << 8);
}

static void same_interface(int signum)
{
	(void)signum;
	judge(read_mapped(&pool, 0), 0);
}

static void same_exmap(int signum)
{
	(void)signum;
	judge(read_mapped(&pool, 1), 0);
}

/* Nothing of another exmap is held. */
static void other_exmap(int signum)
{
	(void)signum;
	ticks++;
	wrong += read_mapped(&second, 0) != 0;
}

static void mapping(int signum)
{
	void *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, second.fd, EXMAP_OFF_INTERFACE(0));

	(void)signum;
	judge(p == MAP_FAILED ? -1 : 0, 0);
	if (p != MAP_FAILED)
		wrong += munmap(p, PAGE) != 0;
}

static void opening(int signum)
{
	int fd = open("/dev/exmap", O_RDWR);

	(void)signum;
	judge(fd < 0 ? -1 : 0, 0);
	if (fd >= 0)
		wrong += close(fd) != 0;
}

static void duplicating(int signum)
{
	int fd = dup(second.fd);

	(void)signum;
	judge(fd < 0 ? -1 : 0, 0);
	if (fd >= 0)
		wrong += close(fd) != 0;
}

static volatile sig_atomic_t spare = -1;

static void closing(int signum)
{
	int ret = spare < 0 ? 0 : close(spare);

	(void)signum;
	judge(ret, 0);
	if (ret == 0)
		spare = -1;
}

/* fork() is none of an exmap's calls, and works. It takes long, so a few times will do. */
static void forking(int signum)
{
	pid_t pid = fork();
	int status = -1;

	(void)signum;
	if (pid == 0)
		_exit(0);
	ticks += 5;
	wrong += waitpid(pid, &status, 0) != pid || status != 0;
}

/* Runs @work again and again, interrupted by @handler, until that has been refused often. */
static void interrupt(int (*work)(void), void (*handler)(int))
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	int bad = 0;

	refused = wrong = ticks = 0;
	CHECK(signal(SIGPROF, handler) != SIG_ERR);
	CHECK(setitimer(ITIMER_PROF, &often, NULL) == 0);
	while (refused < WANTED && ticks < 10 * WANTED)
		bad += !work();
	CHECK(setitimer(ITIMER_PROF, &never, NULL) == 0);
	CHECK(signal(SIGPROF, SIG_IGN) == handler);
	CHECK(bad == 0 && wrong == 0);
}

static int allocate(void)
{
	return client_alloc(&pool, 0, 0, 32) == 32 && client_free(&pool, 0, 0, 32) == 32;
}

static int map(void)
{
	struct client c;
	int ok = client_open(&c, PAGES, 8, 1, -1) == 0;

	if (ok)
		client_close(&c);
	return ok;
}

static int map_with_spare(void)
{
	int fd = spare < 0 ? open("/dev/exmap", O_RDWR) : -1;

	if (fd >= 0)
		spare = fd;
	return map();
}

/* Number of lines on stderr with "EDEADLK". */
static int lines_about_it(int fd)
{
	char text[4096] = "";
	const char *at = text;
	int n = 0;

	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	while ((at = strstr(at, "EDEADLK"))) {
		at++;
		n++;
	}
	return n;
}

int main(void)
{
	int saved = dup(STDERR_FILENO);
	int ends[2];

	if (!check_emulated()) {
		check_skip("reentry", "the kernel's calls are over when a handler begins");
		return check_done();
	}
	check_need(client_open(&pool, PAGES, PAGES, 2, -1) == 0, "exmap");
	check_need(client_open(&second, PAGES, PAGES, 1, -1) == 0, "exmap");
	CHECK(client_alloc(&pool, 0, MAPPED, 1) == 1 && client_alloc(&second, 0, MAPPED, 1) == 1);
	check_need(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0, "pipe");
	interrupt(allocate, same_interface);
	dup2(saved, STDERR_FILENO);
	CHECK(refused >= WANTED);
	CHECK(lines_about_it(ends[0]) == 1);

	interrupt(allocate, same_exmap);
	CHECK(refused >= WANTED);
	interrupt(allocate, other_exmap);
	CHECK(ticks > 0);
	interrupt(map, mapping);
	CHECK(refused >= WANTED);
	interrupt(map, opening);
	CHECK(refused >= WANTED);
	interrupt(map, duplicating);
	CHECK(refused >= WANTED);
	interrupt(map_with_spare, closing);
	CHECK(refused >= WANTED);
	CHECK(spare < 0 || close(spare) == 0);
	interrupt(map, forking);
	CHECK(ticks > 0);
	interrupt(allocate, forking);
	CHECK(ticks > 0);

	/* Nothing was left behind. */
	CHECK(client_mapped(pool.fd) == 1 && allocate());
	client_close(&pool);
	client_close(&second);
	return check_done();
}

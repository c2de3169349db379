// SPDX-License-Identifier: MIT
/*
 * efault_reports - under exmap-run --debug, system calls from a page that was freed
 *
 * Each is reported, but not for ever, and a signal handler that makes one more while a report is
 * printed does not wait for that report.
 */
#include <signal.h>
#include <sys/time.h>

#include "check.h"

#define CALLS 60

static struct client pool;
static int pipe_end;
static volatile sig_atomic_t interrupted, wrong;

static void write_freed_page(void)
{
	wrong += write(pipe_end, pool.mem, 10) != -1 || errno != EFAULT;
}

static void on_alarm(int signum)
{
	(void)signum;
	interrupted++;
	write_freed_page();
}

/* Number of lines in a file that have @what in them. */
static int lines_with(FILE *file, const char *what)
{
	char line[1024];
	int n = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file))
		n += strstr(line, what) != NULL;
	return n;
}

int main(void)
{
	struct itimerval often = { { 0, 3000 }, { 0, 3000 } }, never = { { 0, 0 }, { 0, 0 } };
	int saved = dup(STDERR_FILENO);
	FILE *reports = tmpfile();
	int ends[2];

	check_need(client_open(&pool, 16, 16, 1, -1) == 0, "exmap");
	check_need(reports && pipe(ends) == 0, "file and pipe");
	pipe_end = ends[1];
	CHECK(client_alloc(&pool, 0, 0, 1) == 1 && client_free(&pool, 0, 0, 1) == 1);

	dup2(fileno(reports), STDERR_FILENO);
	CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
	for (int i = 0; i < CALLS || !interrupted; i++)
		write_freed_page();
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
	dup2(saved, STDERR_FILENO);

	CHECK(wrong == 0);
	CHECK(lines_with(reports, "page 0 of exmap 1 is not allocated") == 10);
	CHECK(lines_with(reports, "page 0 was freed") >= 1);
	CHECK(lines_with(reports, "page 0 was freed") <= 10);
	client_close(&pool);
	return check_done();
}

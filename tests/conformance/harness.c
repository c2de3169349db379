// SPDX-License-Identifier: MIT
/* harness.c - the runner: children, time limits, TAP; see harness.h */

#include "harness.h"

#include <argp.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <time.h>

#define EXIT_SKIPPED 77

/* A child that skips its test writes the reason here, and the parent prints it. */
static char *skip_reason;
#define SKIP_REASON_SIZE 256

static int passed, failed, skipped;

const char *test_device = "/dev/exmap";

bool test_leanstore(void)
{
	return strchr("01234", test_device[strlen(test_device) - 1]);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	flockfile(stdout);
	printf("# %s:%d: ", file, line);
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void test_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(skip_reason, SKIP_REASON_SIZE, format, args);
	va_end(args);
	_exit(EXIT_SKIPPED);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double time_limit(void)
{
	const char *scale = getenv("EXMAP_TEST_TIMEOUT_SCALE");
	double factor = scale ? atof(scale) : 1;

	return test_seconds * (factor > 0 ? factor : 1);
}

/* Return: wait status, or -1 after the time limit. */
static int wait_for(pid_t pid, double limit)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	double end = now() + limit;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now() > end) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		nanosleep(&nap, NULL);
	}
	return status;
}

static void run_test(const struct test *test, int number)
{
	double limit = time_limit();
	int status;
	pid_t pid;

	fflush(stdout);
	*skip_reason = '\0';
	pid = fork();
	if (pid == 0) {
		test->run();
		fflush(stdout);
		_exit(0);
	}
	status = wait_for(pid, limit);
	if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		passed++;
		printf("ok %d - %s %s\n", number, test->clause, test->name);
		return;
	}
	if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
		skipped++;
		printf("ok %d - %s %s # SKIP %s\n", number, test->clause, test->name, skip_reason);
		return;
	}
	failed++;
	if (status == -1)
		printf("# killed after %g s\n", limit);
	else if (WIFSIGNALED(status))
		printf("# died of SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	printf("not ok %d - %s %s\n", number, test->clause, test->name);
}

struct options {
	const char *filter;
	bool list;
};

static const struct argp_option argp_options[] = {
	{ "list", 'l', NULL, 0, "Print the tests' names and do nothing", 0 },
	{ "filter", 'f', "PATTERN", 0,
	  "Run tests whose clause and name match: a part of them, or a pattern with * and ?", 0 },
	{ "device", 'd', "PATH", 0,
	  "Test this one of /dev/exmap (the default) and /dev/exmap0 to /dev/exmap4", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'l':
		options->list = true;
		return 0;
	case 'f':
		options->filter = arg;
		return 0;
	case 'd':
		test_device = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static struct argp argp = {
	.options = argp_options,
	.parser = parse,
};

static const char environment[] =
	"Prints TAP.\v"
	"Environment: EXMAP_TEST_DIR, a directory for backing files; EXMAP_TEST_BDEV, a block "
	"device that may be overwritten; EXMAP_TEST_TIMEOUT_SCALE, for slow machines.";

static bool matches(const struct test *test, const char *filter)
{
	char name[256];

	if (!filter)
		return true;
	snprintf(name, sizeof(name), "%s %s", test->clause, test->name);
	return strstr(name, filter) || !fnmatch(filter, name, 0);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	int number = 0;
	char doc[1024];

	snprintf(doc, sizeof(doc), "%s %s", test_doc, environment);
	argp.doc = doc;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	skip_reason = mmap(NULL, SKIP_REASON_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (skip_reason == MAP_FAILED)
		return 1;
	for (size_t i = 0; test_sections[i]; i++) {
		for (const struct test *test = test_sections[i]; test->run; test++) {
			if (!matches(test, options.filter))
				continue;
			if (options.list)
				printf("%s %s\n", test->clause, test->name);
			else
				run_test(test, ++number);
		}
	}
	if (options.list)
		return 0;
	printf("1..%d\n%d passed, %d failed, %d skipped\n", number, passed, failed, skipped);
	return failed || !number;
}

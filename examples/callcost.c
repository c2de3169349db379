// SPDX-License-Identifier: MIT
/*
 * callcost.c - what a call to exmap costs that does nothing
 *
 * Compares an ACTION without vectors with a cheap system call, and with a read of one byte from
 * /dev/zero. The three take turns, so that a change of clock speed or a busy machine affects all
 * of them. The difference of minimum and maximum shows how much it did.
 *
 * callcost --plain opens no exmap: it tells what the other two cost in a program without one.
 * callcost --quick makes few rounds, to see that all of it works.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/exmap.h>

#define ROUNDS 101
#define QUICK_ROUNDS 3
#define CALLS 10000

static int fd;
static int zero;
static int rounds = ROUNDS;

static void empty_action(void)
{
	struct exmap_action_params params = { .opcode = EXMAP_OP_ALLOC };

	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		err(1, "EXMAP_IOCTL_ACTION");
}

static void empty_system_call(void)
{
	/* glibc does not cache its result, and the shim does not catch it. */
	getppid();
}

static void small_read(void)
{
	char byte;

	if (read(zero, &byte, 1) != 1)
		err(1, "/dev/zero");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double time_of(void (*call)(void))
{
	double start = now();

	for (int i = 0; i < CALLS; i++)
		call();
	return (now() - start) / CALLS;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Prints minimum, median and maximum. Returns the median. */
static double show(const char *what, double *times)
{
	qsort(times, rounds, sizeof(*times), ascending);
	printf("%-28s %9.1f %9.1f %9.1f\n", what, times[0], times[rounds / 2], times[rounds - 1]);
	return times[rounds / 2];
}

static void open_exmap(void)
{
	struct exmap_ioctl_setup setup = { .fd = -1, .max_interfaces = 1, .buffer_size = 16 };

	fd = open("/dev/exmap", O_RDWR);
	if (fd < 0)
		err(1, "/dev/exmap (use exmap-run, or load the exmap module)");
	if (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_EXMAP) ==
	    MAP_FAILED)
		err(1, "mmap");
	if (ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		err(1, "EXMAP_IOCTL_SETUP");
}

struct line {
	const char *what;
	void (*call)(void);
	double times[ROUNDS];
};

/* Return: whether to open no exmap. */
static bool read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ .name = "plain", .val = 'p' },
		{ .name = "quick", .val = 'q' },
		{ 0 },
	};
	bool plain = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			plain = true;
		else if (option == 'q')
			rounds = QUICK_ROUNDS;
		else
			exit(2);
	}
	return plain;
}

int main(int argc, char **argv)
{
	static struct line lines[] = {
		{ .what = "system call (getppid)", .call = empty_system_call },
		{ .what = "read of one byte", .call = small_read },
		{ .what = "ACTION of no vectors", .call = empty_action },
	};
	int n = read_options(argc, argv) ? 2 : 3;
	double medians[3];

	zero = open("/dev/zero", O_RDONLY);
	if (n == 3)
		open_exmap();
	for (int round = -1; round < rounds; round++) {
		for (int i = 0; i < n; i++)
			/* Round -1 warms up: round 0 overwrites its result. */
			lines[i].times[round < 0 ? 0 : round] = time_of(lines[i].call);
	}
	printf("%-28s %9s %9s %9s\n", "nanoseconds a call", "minimum", "median", "maximum");
	for (int i = 0; i < n; i++)
		medians[i] = show(lines[i].what, lines[i].times);
	if (n == 3)
		printf("%-28s %29.2f\n", "ACTION / system call", medians[2] / medians[0]);
	return 0;
}

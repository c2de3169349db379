// SPDX-License-Identifier: MIT
/*
 * callcost.c - what a call to exmap costs before it has done anything
 *
 * An ACTION of no vectors, against the cheapest system call that there is. The
 * two take turns, so that a change of clock speed or a busy neighbour meets
 * both; what is left of that shows in the difference of minimum and maximum.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/exmap.h>

#define ROUNDS 101
#define CALLS 10000

static int fd;

static void empty_action(void)
{
	struct exmap_action_params params = { .opcode = EXMAP_OP_ALLOC };

	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		err(1, "EXMAP_IOCTL_ACTION");
}

static void empty_system_call(void)
{
	/* glibc does not remember the answer, and nobody interposes it. */
	getppid();
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

/* Returns the median. */
static double show(const char *what, double *times)
{
	qsort(times, ROUNDS, sizeof(*times), ascending);
	printf("%-28s %9.1f %9.1f %9.1f\n", what, times[0], times[ROUNDS / 2], times[ROUNDS - 1]);
	return times[ROUNDS / 2];
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

int main(void)
{
	static double action[ROUNDS], system_call[ROUNDS];
	double a, s;

	open_exmap();
	time_of(empty_action);
	time_of(empty_system_call);
	for (int i = 0; i < ROUNDS; i++) {
		action[i] = time_of(empty_action);
		system_call[i] = time_of(empty_system_call);
	}
	printf("%-28s %9s %9s %9s\n", "nanoseconds a call", "minimum", "median", "maximum");
	a = show("ACTION of no vectors", action);
	s = show("system call (getppid)", system_call);
	printf("%-28s %29.2f\n", "ratio of the medians", a / s);
	return 0;
}

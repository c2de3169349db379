// SPDX-License-Identifier: MIT
/*
 * trace_cost.c - what an emulator's trace costs each action and each vector
 *
 * An action whose vectors are outside the surface makes no system call and claims no page, so that
 * some nanoseconds show. It is the dearest to trace: its results are not what was asked for, and are
 * recorded too. Actions come in bursts that fit into a thread's ring, with pauses in which the ring
 * is emptied: a trace that drops events is cheap.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <linux/exmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "emu/trace_format.h"

/* Pages of the surface. */
#define PAGES 512
#define BURSTS 31
/* Bytes that a burst may put into the ring, which has 4 MiB. */
#define BURST_BYTES (1UL << 19)
#define PAUSE_US 25000

/* Nanoseconds of an action of one vector, and of one of MAX_BATCH. */
struct times {
	double one;
	double batch;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ALLOC of pages behind the surface, all of which fail [4.5]; they are no neighbours. */
static void act(int fd, struct exmap_user_interface *user, int n)
{
	struct exmap_action_params params = { .iov_len = n, .opcode = EXMAP_OP_ALLOC };

	for (int i = 0; i < n; i++)
		user->iov[i] = (struct exmap_iov){ { .page = PAGES + 2 * i, .len = 1 } };
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params) != n)
		die("ACTION");
}

/* Return: nanoseconds of an action of @n vectors: the burst at a quarter, as others may disturb. */
static double time_action(int fd, struct exmap_user_interface *user, int n)
{
	int actions = BURST_BYTES / (64 + n * 2 * sizeof(struct exmap_iov));
	double bursts[BURSTS];

	for (int burst = 0; burst < BURSTS; burst++) {
		double start;

		usleep(PAUSE_US);
		act(fd, user, n);
		start = now();
		for (int i = 0; i < actions; i++)
			act(fd, user, n);
		bursts[burst] = (now() - start) / actions;
	}
	qsort(bursts, BURSTS, sizeof(*bursts), by_size);
	return bursts[BURSTS / 4];
}

int trace_cost_child(void)
{
	struct exmap_ioctl_setup setup = { .fd = -1, .max_interfaces = 1, .buffer_size = PAGES };
	int fd = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	size_t len = PAGES * PAGE;
	struct exmap_user_interface *user;

	if (fd < 0)
		die("/dev/exmap");
	if (mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_EXMAP) == MAP_FAILED)
		die("mmap of the surface");
	if (ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		die("SETUP");
	user = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_INTERFACE(0));
	if (user == MAP_FAILED)
		die("mmap of an interface");
	printf("%f %f\n", time_action(fd, user, 1), time_action(fd, user, MAX_BATCH));
	return 0;
}

/* Exits if the trace lacks events: then the figures say nothing. */
static void check_trace(const char *path)
{
	struct emu_trace_chunk end;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	if (lseek(fd, -(off_t)sizeof(end), SEEK_END) < 0 ||
	    read(fd, &end, sizeof(end)) != sizeof(end))
		die("reading the trace");
	close(fd);
	unlink(path);
	if (end.kind == EMU_TRACE_END && !end.dropped)
		return;
	fprintf(stderr, "exmap-bench: the trace lacks events; measure on an idle machine\n");
	exit(1);
}

/* Runs a child under exmap-run, with a trace in file @trace or without one. */
static struct times run(const char *trace)
{
	struct times times;
	int status, got;
	pid_t pid;
	FILE *out = child_start_cost(trace, &pid);

	got = fscanf(out, "%lf %lf", &times.one, &times.batch);
	fclose(out);
	if (waitpid(pid, &status, 0) != pid)
		die("waiting for a child");
	if (status || got != 2) {
		fprintf(stderr, "exmap-bench: no figures of an action; the lines above say why\n");
		exit(1);
	}
	if (trace)
		check_trace(trace);
	return times;
}

static double of_vector(const struct times *t)
{
	return (t->batch - t->one) / (MAX_BATCH - 1);
}

static double of_action(const struct times *t)
{
	return t->one - of_vector(t);
}

/* Nanoseconds of an action or a vector without a trace, with one, and the difference. */
struct cost {
	int n;
	double off[MAX_REPEAT];
	double on[MAX_REPEAT];
	double more[MAX_REPEAT];
};

static void add(struct cost *cost, double off, double on)
{
	cost->off[cost->n] = off;
	cost->on[cost->n] = on;
	cost->more[cost->n++] = on - off;
}

static double median(double *values, int n)
{
	qsort(values, n, sizeof(*values), by_size);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static void print_cost(const char *what, struct cost *cost)
{
	int n = cost->n;
	double more = median(cost->more, n);

	printf("%-8s %12.2f %12.2f %12.2f [%.2f .. %.2f]\n", what, median(cost->off, n),
	       median(cost->on, n), more, cost->more[0], cost->more[n - 1]);
}

static struct json_object *json_of(const double *values, int n)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_double(values[i]));
	return list;
}

static void add_cost(struct json_object *root, const char *what, const struct cost *cost)
{
	struct json_object *item = json_object_new_object();

	json_object_object_add(item, "off", json_of(cost->off, cost->n));
	json_object_object_add(item, "on", json_of(cost->on, cost->n));
	json_object_object_add(root, what, item);
}

static void print_json(const struct cost *action, const struct cost *vector)
{
	struct json_object *root = json_object_new_object();

	add_cost(root, "action", action);
	add_cost(root, "vector", vector);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

int trace_cost(const struct options *options)
{
	const char *folder = getenv("TMPDIR");
	struct cost action = { 0 }, vector = { 0 };
	char trace[PATH_MAX];

	snprintf(trace, sizeof(trace), "%s/exmap-bench.%d", folder ? folder : "/tmp", getpid());
	for (int i = 0; i < options->repeat; i++) {
		struct times off = run(NULL), on = run(trace);

		add(&action, of_action(&off), of_action(&on));
		add(&vector, of_vector(&off), of_vector(&on));
	}
	if (options->format == JSON) {
		print_json(&action, &vector);
		return 0;
	}
	printf("%-8s %12s %12s %12s\n", "ns", "no trace", "trace", "more");
	print_cost("action", &action);
	print_cost("vector", &vector);
	return 0;
}

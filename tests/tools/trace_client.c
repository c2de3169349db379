// SPDX-License-Identifier: MIT
/*
 * trace_client.c - a client whose trace is looked at: one thing, by the name of its argument
 *
 *	vectors  actions with results of all kinds, a read, a fault
 *	refused  calls that fail before they begin
 *	killed   actions, and then SIGKILL
 *	_exit    actions, and then _exit()
 *	forked   a child that uses an exmap of its own, and one that maps what the parent has set up
 *	exec     executes itself with "vectors"
 *	signals  signals of the process while the trace's writer runs: none may be delivered there
 *	threads  threads that end, one after the other, each after an action
 *	race     two threads allocate and free the same pages
 *	flood    more events than a small disk can hold
 *	shadow   SHADOW and RM_SD
 *	dialect  what is special to the LeanStore dialect: ALLOC that fails as a whole, READ again
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/exmap.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define PAGES 4096
#define INTERFACES 4

struct exmap {
	int fd;
	char *base;
	struct exmap_user_interface *user[INTERFACES];
};

static sigjmp_buf after_fault;

static void set_up(int fd, int backing, size_t frames)
{
	struct exmap_ioctl_setup setup = {
		.fd = backing,
		.max_interfaces = INTERFACES,
		.buffer_size = frames,
	};

	if (ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		err(1, "SETUP");
}

static void map(struct exmap *x)
{
	x->base = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd,
		       EXMAP_OFF_EXMAP);
	if (x->base == MAP_FAILED)
		err(1, "mmap");
	for (int i = 0; i < INTERFACES; i++) {
		x->user[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd,
				  EXMAP_OFF_INTERFACE(i));
		if (x->user[i] == MAP_FAILED)
			err(1, "mmap of an interface");
	}
}

static struct exmap open_name(const char *name, int backing, size_t frames)
{
	struct exmap x = { .fd = open(name, O_RDWR | O_CLOEXEC) };

	if (x.fd < 0)
		err(1, "%s", name);
	set_up(x.fd, backing, frames);
	map(&x);
	return x;
}

static struct exmap open_exmap(int backing, size_t frames)
{
	return open_name("/dev/exmap", backing, frames);
}

static int act(struct exmap *x, int interface, int opcode, int n)
{
	struct exmap_action_params params = {
		.interface = interface,
		.iov_len = n,
		.opcode = opcode,
	};

	return ioctl(x->fd, EXMAP_IOCTL_ACTION, &params);
}

static int act_on(struct exmap *x, int interface, int opcode, uint64_t page, uint64_t len)
{
	x->user[interface]->iov[0] = (struct exmap_iov){ { .page = page, .len = len } };
	return act(x, interface, opcode, 1);
}

static void on_segv(int sig)
{
	(void)sig;
	siglongjmp(after_fault, 1);
}

/* A backing of four pages; it has no name. */
static int make_backing(void)
{
	const char *folders[] = { getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm" };

	for (int i = 0; i < 4; i++) {
		int fd = folders[i] ? open(folders[i], O_TMPFILE | O_RDWR | O_DIRECT, 0600) : -1;

		if (fd >= 0 && !ftruncate(fd, 4 * PAGE))
			return fd;
	}
	errx(1, "no folder for a file with O_DIRECT");
}

static void vectors(void)
{
	struct exmap x = open_exmap(make_backing(), 8);
	struct exmap_iov *iov = x.user[1]->iov;

	/* The second is half there already; the third is outside; the fourth is nothing. */
	iov[0] = (struct exmap_iov){ { .page = 100, .len = 3 } };
	iov[1] = (struct exmap_iov){ { .page = 102, .len = 2 } };
	iov[2] = (struct exmap_iov){ { .page = PAGES, .len = 1 } };
	iov[3] = (struct exmap_iov){ { .page = 7, .len = 0 } };
	act(&x, 1, EXMAP_OP_ALLOC, 4);
	/* Runs out of frames at the second. */
	iov[0] = (struct exmap_iov){ { .page = 200, .len = 2 } };
	iov[1] = (struct exmap_iov){ { .page = 300, .len = 5 } };
	act(&x, 1, EXMAP_OP_ALLOC, 2);
	act_on(&x, 1, EXMAP_OP_FREE, 0, 4095);
	if (pread(x.fd, x.base + 2 * PAGE, 2 * PAGE, 2 | EXMAP_OP_READ << 8) != 2 * (ssize_t)PAGE)
		err(1, "pread");
	/* Behind the end of the backing. */
	if (pread(x.fd, x.base + 4 * PAGE, PAGE, 2 | EXMAP_OP_READ << 8))
		err(1, "pread behind the end");
	signal(SIGSEGV, on_segv);
	if (!sigsetjmp(after_fault, 1))
		*(volatile char *)(x.base + 50 * PAGE + 5) = 1;
	munmap(x.base, PAGES * PAGE);
	close(x.fd);
}

static void refused(void)
{
	struct exmap x = { .fd = open("/dev/exmap", O_RDWR) };

	act(&x, 0, EXMAP_OP_ALLOC, 1);
	set_up(x.fd, -1, 16);
	act(&x, 0, EXMAP_OP_ALLOC, 1);
	map(&x);
	act(&x, INTERFACES, EXMAP_OP_ALLOC, 1);
	act(&x, 0, 77, 1);
	act(&x, 0, EXMAP_OP_ALLOC, 0);
	if (pread(x.fd, x.base, PAGE, 0) != -1 || errno != EINVAL)
		err(1, "READ without a backing");
	if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, x.fd, 0) != MAP_FAILED || errno != EBUSY)
		err(1, "a second surface");
}

static void some_actions(int n)
{
	struct exmap x = open_exmap(-1, 64);

	for (int i = 0; i < n; i++) {
		act_on(&x, 0, EXMAP_OP_ALLOC, i, 1);
		act_on(&x, 0, EXMAP_OP_FREE, i, 1);
	}
}

static void killed(void)
{
	some_actions(10);
	/* The writer looks every 10 ms, so that this is enough but for a machine that stands still. */
	sleep(1);
	kill(getpid(), SIGKILL);
}

static void join(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "a child failed: %#x", status);
}

static void forked(void)
{
	struct exmap ours = open_exmap(-1, 64), theirs = { .fd = open("/dev/exmap", O_RDWR) };
	pid_t pid;

	set_up(theirs.fd, -1, 32);
	act_on(&ours, 0, EXMAP_OP_ALLOC, 1, 1);
	pid = fork();
	if (!pid) {
		some_actions(3);
		_exit(0);
	}
	join(pid);
	pid = fork();
	if (!pid) {
		map(&theirs);
		act_on(&theirs, 0, EXMAP_OP_ALLOC, 5, 2);
		_exit(0);
	}
	join(pid);
	/* One that uses no exmap has no trace. */
	pid = fork();
	if (!pid)
		_exit(0);
	join(pid);
	act_on(&ours, 0, EXMAP_OP_FREE, 1, 1);
}

/* The signals that the writer blocks, as /proc shows them; 0 if there is no such thread. */
static unsigned long long blocked_by_writer(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned long long blocked = 0;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[300], line[256], name[32] = "";
		unsigned long long set = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file)) {
			sscanf(line, "Name: %31[^\n]", name);
			sscanf(line, "SigBlk: %llx", &set);
		}
		if (file)
			fclose(file);
		if (!strcmp(name, "exmap trace"))
			blocked = set;
	}
	if (dir)
		closedir(dir);
	return blocked;
}

static void signals(void)
{
	struct exmap x;
	sigset_t set;

	x = open_exmap(-1, 64);
	act_on(&x, 0, EXMAP_OP_ALLOC, 1, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGBUS);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGTERM);
	usleep(50000);
	/* All but SIGKILL and SIGSTOP, which nobody blocks, and the two of glibc's. */
	if (blocked_by_writer() != (~0ULL & ~(1ULL << 8 | 1ULL << 18 | 3ULL << 31)))
		errx(1, "the writer blocks %llx", blocked_by_writer());
	/* glibc has every thread of the process take part. */
	if (setuid(getuid()))
		err(1, "setuid");
	sigpending(&set);
	if (!sigismember(&set, SIGUSR1) || !sigismember(&set, SIGTERM))
		errx(1, "a signal was delivered");
	act_on(&x, 0, EXMAP_OP_FREE, 1, 1);
}

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %ld", &kib);
	if (file)
		fclose(file);
	return kib;
}

static void *one_action(void *x)
{
	act_on(x, 1, EXMAP_OP_ALLOC, 1, 1);
	act_on(x, 1, EXMAP_OP_FREE, 1, 1);
	return NULL;
}

/* Their rings, of 4 MiB each, are given back. */
static void threads(void)
{
	struct exmap x = open_exmap(-1, 64);
	long before = resident_kib();
	pthread_t thread;

	for (int i = 0; i < 20; i++) {
		errno = pthread_create(&thread, NULL, one_action, &x);
		if (errno)
			err(1, "pthread_create");
		pthread_join(thread, NULL);
	}
	for (int i = 0; resident_kib() > before + 30000; i++) {
		if (i == 1000)
			errx(1, "%ld KiB are resident, and were %ld", resident_kib(), before);
		usleep(20000);
	}
}

struct racer {
	struct exmap *x;
	int id;
};

static void *race_on(void *arg)
{
	struct racer *racer = arg;
	unsigned int seed = racer->id;

	for (int i = 0; i < 3000; i++) {
		int opcode = rand_r(&seed) % 2 ? EXMAP_OP_ALLOC : EXMAP_OP_FREE;

		act_on(racer->x, racer->id, opcode, rand_r(&seed) % 8, rand_r(&seed) % 4);
	}
	return NULL;
}

static void race(void)
{
	struct exmap x = open_exmap(-1, 8);
	struct racer racers[2] = { { &x, 0 }, { &x, 1 } };
	pthread_t thread[2];

	for (int i = 0; i < 2; i++) {
		errno = pthread_create(&thread[i], NULL, race_on, &racers[i]);
		if (errno)
			err(1, "pthread_create");
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

/* As many threads as can be meet the end of the trace in the middle of an event. */
static void *flood_one(void *arg)
{
	struct racer *racer = arg;
	struct exmap_user_interface *user = racer->x->user[racer->id];

	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 512; i++)
			user->iov[i] = (struct exmap_iov){ { .page = racer->id * 1024 + 2 * i,
							     .len = 1 } };
		act(racer->x, racer->id, round % 2 ? EXMAP_OP_FREE : EXMAP_OP_ALLOC, 512);
		usleep(1000);
	}
	return NULL;
}

static void flood(void)
{
	struct exmap x = open_exmap(-1, INTERFACES * 512);
	struct racer racers[INTERFACES];
	pthread_t thread[INTERFACES];

	for (int i = 0; i < INTERFACES; i++) {
		racers[i] = (struct racer){ &x, i };
		errno = pthread_create(&thread[i], NULL, flood_one, &racers[i]);
		if (errno)
			err(1, "pthread_create");
	}
	for (int i = 0; i < INTERFACES; i++)
		pthread_join(thread[i], NULL);
}

static void shadow(void)
{
	struct exmap x = open_exmap(-1, 16);
	struct exmap_action_params params = { .opcode = EXMAP_OP_SHADOW, .iov_len = 2 };

	act_on(&x, 0, EXMAP_OP_ALLOC, 8, 2);
	act_on(&x, 0, EXMAP_OP_ALLOC, 20, 1);
	x.user[0]->iov[0] = (struct exmap_iov){ { .page = 20, .len = 1 } };
	x.user[0]->iov[1] = (struct exmap_iov){ { .page = 8, .len = 2 } };
	params.page_id = 1000;
	if (ioctl(x.fd, EXMAP_IOCTL_ACTION, &params))
		err(1, "SHADOW");
	/* It does not look at vectors. */
	if (act(&x, 0, EXMAP_OP_RM_SD, 3))
		err(1, "RM_SD");
}

static void dialect(void)
{
	struct exmap x = open_name("/dev/exmap0", make_backing(), 4);
	struct exmap_iov *iov = x.user[0]->iov;

	iov[0] = (struct exmap_iov){ { .page = 100, .len = 3 } };
	iov[1] = (struct exmap_iov){ { .page = 200, .len = 3 } };
	if (act(&x, 0, EXMAP_OP_ALLOC, 2) != -1 || errno != ENOMEM)
		err(1, "ALLOC of too many pages");
	act_on(&x, 0, EXMAP_OP_FREE, 100, 103);
	for (int i = 0; i < 2; i++) {
		if (pread(x.fd, x.base, 2 * PAGE, EXMAP_OP_READ << 8) != 2 * (ssize_t)PAGE)
			err(1, "pread");
	}
}

static void exit_at_once(void)
{
	some_actions(10);
	_exit(0);
}

static void execute(void)
{
	some_actions(10);
	execl("/proc/self/exe", "trace-client", "vectors", NULL);
	err(1, "exec");
}

static const struct {
	const char *name;
	void (*run)(void);
} things[] = {
	{ "vectors", vectors },	   { "refused", refused }, { "killed", killed },
	{ "_exit", exit_at_once }, { "forked", forked },   { "exec", execute },
	{ "signals", signals },	   { "threads", threads }, { "race", race },
	{ "flood", flood },	   { "shadow", shadow },   { "dialect", dialect },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], things[i].name)) {
			things[i].run();
			return 0;
		}
	}
	errx(2, "usage: trace-client THING");
}

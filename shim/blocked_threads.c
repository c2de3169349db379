// SPDX-License-Identifier: MIT
/*
 * blocked_threads.c - see blocked_threads.h
 *
 * A thread's mask can be changed by the thread alone. So each gets a signal, whose handler changes
 * the mask that the thread returns to. The signal is SIGSETXID, glibc's own, by which setuid() has
 * all threads change their ids: glibc lets no thread block it for good, and has a handler of it since
 * the first pthread_create(). What is not ours goes on to that handler.
 */

#define _GNU_SOURCE
#include "shim/blocked_threads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "core/platform.h"
#include "emu/say.h"
#include "emu/sys.h"
#include "emu/trace_file.h"
#include "emu/uapi.h"
#include "shim/masks.h"

/* nptl/nptl-signals.h of glibc. */
#define SIGSETXID 33

/* Turns to wait for a thread that has all signals blocked, as in pthread_create(): 30 ms or so. */
#define ROUNDS 60

/* The kernel's SIGKILL and SIGSTOP cannot be blocked. */
#define ALL_SIGNALS (~(1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1)))

/* glibc's handler. Set once, before ours can be called. */
static struct emu_kernel_sigaction glibc_action;

static void on_setxid(int sig, siginfo_t *info, void *context)
{
	if (info->si_code == SI_QUEUE && info->si_value.sival_ptr == &glibc_action)
		masks_open_context(context);
	else
		((void (*)(int, siginfo_t *, void *))(uintptr_t)glibc_action.handler)(sig, info,
										      context);
}

/* Return: false if glibc has no handler: then it has made no thread. */
static bool install(void)
{
	struct emu_kernel_sigaction ours;

	if (emu_sys(SYS_rt_sigaction, SIGSETXID, NULL, &glibc_action, MASKS_SIZE))
		return false;
	if (glibc_action.handler == SIG_DFL || !(glibc_action.flags & SA_SIGINFO))
		return false;
	ours = glibc_action;
	ours.handler = (void (*)(int))(uintptr_t)on_setxid;
	return !emu_sys(SYS_rt_sigaction, SIGSETXID, &ours, NULL, MASKS_SIZE);
}

static void send_to(int tid)
{
	siginfo_t info = { 0 };

	info.si_code = SI_QUEUE;
	info.si_value.sival_ptr = &glibc_action;
	emu_sys(SYS_rt_tgsigqueueinfo, emu_sys(SYS_getpid), tid, SIGSETXID, &info);
}

/* What the kernel shows of a thread's signals. */
struct signals {
	uint64_t pending;
	uint64_t blocked;
};

static uint64_t read_set(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line ? strtoull(line + strlen(key), NULL, 16) : 0;
}

/* Return: all zero for a thread that has ended. */
static struct signals read_signals(int tid)
{
	char text[4096];
	long fd;
	long n;

	snprintf(text, sizeof(text), "/proc/self/task/%d/status", tid);
	fd = emu_sys(SYS_openat, AT_FDCWD, text, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return (struct signals){ 0 };
	n = emu_sys(SYS_read, fd, text, sizeof(text) - 1);
	emu_sys(SYS_close, fd);
	text[n > 0 ? n : 0] = '\0';
	return (struct signals){ read_set(text, "\nSigPnd:\t"), read_set(text, "\nSigBlk:\t") };
}

/* Threads that are remembered to be in our handler. Of more of them, one could be named in error. */
#define MAX_REACHED 256

/**
 * struct scan - what the looks at all threads have found
 * @can_reach:  whether SIGSETXID has our handler
 * @reached:    the threads that got the signal
 * @nr_reached: number of these
 * @sent:       this look: number of threads that got it
 * @left:       this look: number of threads that have an open signal blocked, and SIGSETXID too
 * @names:      this look: the numbers of these threads, as far as there is room
 */
struct scan {
	bool can_reach;
	int reached[MAX_REACHED];
	unsigned int nr_reached;
	unsigned int sent;
	unsigned int left;
	char names[128];
};

/* Whether a thread that has SIGSETXID blocked has it so because it is in our handler. */
static bool is_reached(const struct scan *scan, int tid)
{
	for (unsigned int i = 0; i < scan->nr_reached; i++) {
		if (scan->reached[i] == tid)
			return true;
	}
	return false;
}

static void look_at(struct scan *scan, int tid)
{
	struct signals s = read_signals(tid);
	size_t len = strlen(scan->names);

	if (!(s.blocked & masks_open()) || s.pending & masks_bit(SIGSETXID))
		return;
	if (scan->can_reach && !(s.blocked & masks_bit(SIGSETXID))) {
		/* The thread runs the handler before any other instruction of the client's. */
		send_to(tid);
		scan->sent++;
		if (scan->nr_reached < MAX_REACHED)
			scan->reached[scan->nr_reached++] = tid;
		return;
	}
	if (is_reached(scan, tid))
		return;
	scan->left++;
	/* Threads of the kernel's for io_uring, and sanitizers', block all, and touch no page. */
	if ((s.blocked & ALL_SIGNALS) != ALL_SIGNALS)
		snprintf(scan->names + len, sizeof(scan->names) - len, " %d", tid);
}

/* Return: false if there is no /proc. */
static bool look_at_all(struct scan *scan)
{
	long self = emu_sys(SYS_gettid);
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;

	scan->sent = scan->left = 0;
	scan->names[0] = '\0';
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		int tid = atoi(entry->d_name);

		if (tid && tid != self && !emu_trace_is_writer(tid))
			look_at(scan, tid);
	}
	closedir(dir);
	return true;
}

void blocked_threads_open(void)
{
	static bool done;
	struct scan scan = { .nr_reached = 0 };
	unsigned int round = 0;

	if (__atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL))
		return;
	scan.can_reach = install();
	/* A thread may make another before it is reached: the last look finds nothing to do. */
	while (look_at_all(&scan) && (scan.sent || scan.left) && round < ROUNDS)
		exmap_wait(round++);
	if (scan.names[0])
		emu_say("SIGBUS is blocked in thread%s, in a way that the emulator cannot undo: the "
			"thread dies of SIGBUS at the first page that is not allocated; block SIGBUS "
			"after opening /dev/exmap, or use "
			"strategy=guard or mprotect",
			scan.names);
}

// SPDX-License-Identifier: MIT
/* doctor.c - see doctor.h */

#define _GNU_SOURCE
#include "tools/exmap-run/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "emu/advice.h"
#include "emu/device.h"
#include "emu/memory.h"
#include "emu/mover.h"
#include "emu/options.h"
#include "emu/surface.h"
#include "emu/sys.h"
#include "emu/uapi.h"
#include "emu/uffd.h"
#include "tools/exmap-run/finding.h"
#include "tools/exmap-run/installed.h"

/* Pages and frames of the exmap that is timed: one batch. */
#define PAGES 512
#define ROUNDS 200

static void say_error(const char *what, long ret)
{
	say(what, ret >= 0 ? "yes" : strerror(errno));
}

static bool read_number(const char *path, const char *format, long *number)
{
	FILE *file = fopen(path, "r");
	char line[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, format, number) == 1;
	if (file)
		fclose(file);
	return found;
}

static void look_at_userfaultfd(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	int device;

	say_error("userfaultfd()", fd);
	if (fd >= 0)
		close(fd);
	device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	fd = device < 0 ? -1 : ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	say_error("/dev/userfaultfd", fd);
	if (device >= 0)
		close(device);
	if (fd >= 0)
		close(fd);
	fd = emu_uffd_open();
	if (fd >= 0)
		say("UFFDIO_MOVE (Linux 6.8)", emu_uffd_moves(fd) ? "yes" : "no");
}

static void look_at_the_rest(void)
{
	struct io_uring_params params = { 0 };
	struct rlimit limit;
	long number;
	int ring;

	say("vectored MADV_DONTNEED (about 6.13)",
	    emu_advice_fd() == EMU_NOT_VECTORED ? "no" : "yes");
	say("guard regions (6.13)", emu_guards() ? "yes" : "no");
	say_error("Syscall User Dispatch (5.11)",
		  prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0));
	ring = syscall(SYS_io_uring_setup, 1, &params);
	say_error("io_uring", ring);
	if (ring >= 0)
		close(ring);
	if (read_number("/proc/self/status", "Seccomp_filters: %ld", &number))
		printf(FINDING "%ld\n", "seccomp filters on this process", number);
	if (read_number("/proc/sys/vm/max_map_count", "%ld", &number))
		printf(FINDING "%ld\n", "vm.max_map_count", number);
	if (!getrlimit(RLIMIT_MEMLOCK, &limit)) {
		if (limit.rlim_cur == RLIM_INFINITY)
			say("RLIMIT_MEMLOCK (the module's)", "unlimited");
		else
			printf(FINDING "%llu KiB\n", "RLIMIT_MEMLOCK (the module's)",
			       (unsigned long long)limit.rlim_cur >> 10);
	}
}

/* The strategies that --strategy= may name here, in the order in which auto tries them. */
static void say_strategies(void)
{
	int fd = emu_uffd_open();
	char names[64];

	snprintf(names, sizeof(names), "%s%s%smprotect",
		 fd >= 0 && emu_uffd_moves(fd) ? "move " : "", fd >= 0 ? "copy " : "",
		 emu_guards() ? "guard " : "");
	say("strategies that work here", names);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* Makes an exmap by the emulator's functions, as the shim does. Return: NULL if that fails. */
static struct exmap_file *make_exmap(char **base, struct exmap_user_interface **user)
{
	struct exmap_ioctl_setup setup = { .fd = -1, .max_interfaces = 1, .buffer_size = PAGES };
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);

	if (!file)
		return NULL;
	*base = emu_mmap(file, NULL, PAGES * EXMAP_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 EXMAP_OFF_EXMAP);
	if (emu_is_error(*base) || emu_ioctl(file, EXMAP_IOCTL_SETUP, (unsigned long)&setup, NULL))
		return NULL;
	*user = emu_mmap(file, NULL, EXMAP_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 EXMAP_OFF_INTERFACE(0));
	return emu_is_error(*user) ? NULL : file;
}

/* ALLOC or FREE of all pages with one vector; @scattered: of every other page, a vector each. */
static int do_action(struct exmap_file *file, struct exmap_user_interface *user, int opcode,
		     bool scattered)
{
	struct exmap_action_params params = {
		.iov_len = scattered ? PAGES / 2 : 1,
		.opcode = opcode,
	};

	for (int i = 0; i < params.iov_len; i++) {
		user->iov[i].value = 0;
		user->iov[i].page = 2 * i;
		user->iov[i].len = scattered ? 1 : PAGES;
	}
	return emu_action(file, &params);
}

/* Return: nanoseconds for ALLOC, touch and FREE of one page; -1 if ALLOC or FREE fails. */
static double time_pages(struct exmap_file *file, char *base, struct exmap_user_interface *user,
			 bool scattered)
{
	int step = scattered ? 2 : 1;
	double start = now();

	for (int round = 0; round < ROUNDS; round++) {
		if (do_action(file, user, EXMAP_OP_ALLOC, scattered))
			return -1;
		for (int i = 0; i < PAGES; i += step)
			*(volatile char *)(base + i * EXMAP_PAGE_SIZE) = 1;
		if (do_action(file, user, EXMAP_OP_FREE, scattered))
			return -1;
	}
	return (now() - start) / ROUNDS / (PAGES / step);
}

/* One line, if another kernel or another permission would give a client a faster strategy. */
static void advise(const struct emu_mover *mover)
{
	if (emu_options()->strategy != EMU_STRATEGY_AUTO)
		return;
	if (mover == &emu_mover_guard)
		puts("for faster pages: permit userfaultfd; in a container by docker run --security-opt "
		     "seccomp=..., elsewhere by access to /dev/userfaultfd");
	else if (mover == &emu_mover_mprotect)
		puts("for much faster pages, and no need to mind vm.max_map_count: permit userfaultfd, "
		     "in a container by docker run --security-opt seccomp=..., elsewhere by access to "
		     "/dev/userfaultfd; or use Linux 6.13");
	else if (mover == &emu_mover_copy)
		puts("for faster long runs of pages: use Linux 6.8 or newer");
}

/* @strategy: what the emulator would use, or NULL if it cannot run. */
static void say_choice(const char *strategy)
{
	const char *module = device_error() ? "no exmap" : "the kernel module";
	char emulator[64] = "no exmap";

	if (strategy)
		snprintf(emulator, sizeof(emulator), "the emulator, strategy %s", strategy);
	say("a client gets, by exmap-run",
	    emu_options()->backend == EMU_BACKEND_MODULE ? module : emulator);
	say("a client gets, without", module);
}

/* Times the strategy that a client would get. Return: its mover, or NULL if no client can run. */
static const struct emu_mover *try_strategy(void)
{
	struct exmap_user_interface *user;
	const struct emu_mover *mover;
	struct exmap_file *file;
	double run, scattered;
	char *base;

	file = make_exmap(&base, &user);
	if (!file) {
		puts("strategy: none: exmap clients cannot run here; the line on stderr says why");
		return NULL;
	}
	mover = file->dev->surface->mover;
	run = time_pages(file, base, user, false);
	scattered = time_pages(file, base, user, true);
	if (run < 0 || scattered < 0) {
		puts("strategy: none: pages cannot be allocated here");
		return NULL;
	}
	printf("strategy: %s\n", mover->name);
	printf("ALLOC, touch and FREE, a page: %.0f ns of a run of %d, %.0f ns of scattered ones\n",
	       run, PAGES, scattered);
	emu_file_put(file);
	return mover;
}

int doctor(void)
{
	bool found = say_installed();
	const struct emu_mover *mover;
	struct utsname uts;

	uname(&uts);
	printf("\nLinux %s, glibc %s, %ld CPUs\n", uts.release, gnu_get_libc_version(),
	       sysconf(_SC_NPROCESSORS_ONLN));
	look_at_userfaultfd();
	look_at_the_rest();
	say_strategies();
	putchar('\n');
	mover = try_strategy();
	putchar('\n');
	say_choice(found && mover ? mover->name : NULL);
	advise(mover);
	advise_module();
	return !found || !mover;
}

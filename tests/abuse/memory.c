// SPDX-License-Identifier: MIT
/* memory.c - more frames than there is memory, or than limits permit; nothing leaks */

#include "abuse.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>

static size_t machine_pages(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return info.totalram / PAGE * info.mem_unit;
}

static void setup_larger_than_memory(void)
{
	struct ex ex = { .fd = ex_open() };

	CHECK_ERRNO(ex_setup(ex.fd, -1, 1, machine_pages() + 1, 0), ENOMEM);
	CHECK_ERRNO(ex_setup(ex.fd, -1, 1, 1ul << 40, 0), ENOMEM);
	CHECK_ERRNO(ex_setup(ex.fd, -1, 1, UINT32_MAX, 0), ENOMEM);
	CHECK_ERRNO(ex_setup(ex.fd, -1, 1, SIZE_MAX, 0), ENOMEM);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	ex.base = ex_map(ex.fd, 8);
	ex_interface(&ex, 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
}

/* The module takes frames at SETUP, a fifth of the memory each time: one SETUP must fail. */
static void setups_until_memory_is_exhausted(void)
{
	size_t step = machine_pages() / 5;
	long before = frames_settled();
	struct ex ex;
	int fds[16];
	int n;

	if (before < 0)
		SKIP("frames are made with pages here, not by SETUP");
	for (n = 0; n < 16; n++) {
		fds[n] = ex_open();
		if (ex_setup(fds[n], -1, 1, step, 0)) {
			CHECK_EQ(errno, ENOMEM);
			break;
		}
	}
	CHECK(n > 0 && n < 16);
	/* A small pool still fits into what is left. */
	ex_start(&ex, 16, 1, 16, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 16), 16);
	for (int i = 0; i <= n; i++)
		close(fds[i]);
	munmap(ex.base, 16 * PAGE);
	munmap(ex.user[0], PAGE);
	close(ex.fd);
	CHECK(frames_return_to(before));
	ex_start(&ex, 16, 1, step, -1);
}

static size_t available_pages(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[256];
	size_t kib = 0;

	CHECK(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "MemAvailable: %zu kB", &kib);
	fclose(file);
	CHECK(kib);
	return kib * 1024 / PAGE;
}

/* A client that was killed and is started again finds the frames that it had. */
static void setup_follows_a_close(void)
{
	size_t frames;

	if (frames_settled() < 0)
		SKIP("frames are made with pages here, not by SETUP");
	/* Twice as many are not there. */
	frames = available_pages() * 3 / 5;
	for (int i = 0; i < 4; i++) {
		struct ex ex;

		ex_start(&ex, 16, 1, frames, -1);
		CHECK_EQ(ALLOC(&ex, 0, 0, 16), 16);
		munmap(ex.base, 16 * PAGE);
		munmap(ex.user[0], PAGE);
		close(ex.fd);
	}
}

static long locked_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmLck: %ld kB", &kib);
	fclose(file);
	return kib;
}

static void frames_are_locked_memory(void)
{
	long before = locked_kib();
	struct ex ex;

	if (frames_held() < 0)
		SKIP("the emulator's pages are ordinary ones, and not locked");
	ex_start(&ex, 64, 1, 1000, -1);
	CHECK_EQ(locked_kib() - before, 4000);
	munmap(ex.base, 64 * PAGE);
	munmap(ex.user[0], PAGE);
	close(ex.fd);
	for (int i = 0; i < 500 && locked_kib() != before; i++)
		usleep(10000);
	CHECK_EQ(locked_kib(), before);
}

static void memlock_limits_frames(void)
{
	struct rlimit limit = { 100 * PAGE, 100 * PAGE };
	int fd = ex_open(), other = ex_open();

	if (frames_held() < 0)
		SKIP("the emulator's pages are ordinary ones, and not locked");
	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	CHECK_EQ(setuid(12345), 0);
	CHECK_ERRNO(ex_setup(fd, -1, 1, 101, 0), ENOMEM);
	CHECK_EQ(ex_setup(fd, -1, 1, 60, 0), 0);
	CHECK_ERRNO(ex_setup(other, -1, 1, 41, 0), ENOMEM);
	/* The limit is the user's: what the parent holds counts for its child, too. */
	if (!fork())
		_exit(ex_setup(other, -1, 1, 41, 0) == -1 && errno == ENOMEM ? 0 : 1);
	int status;
	CHECK(wait(&status) > 0 && status == 0);
	CHECK_EQ(ex_setup(other, -1, 1, 40, 0), 0);
}

/* In a memory cgroup that is too small SETUP fails, or the OOM killer ends the client. */
static void memory_cgroup_limits_frames(void)
{
	static const char group[] = "/tmp/exmap-cgroup/exmap-abuse";
	long before = frames_settled();
	int status, fd;
	pid_t pid;

	if (before < 0)
		SKIP("frames are made with pages here, not by SETUP");
	mkdir("/tmp/exmap-cgroup", 0700);
	if (mount("none", "/tmp/exmap-cgroup", "cgroup2", 0, NULL))
		SKIP("no cgroup2 here: %s", strerror(errno));
	fd = open("/tmp/exmap-cgroup/cgroup.subtree_control", O_WRONLY);
	if (write(fd, "+memory", 7) != 7 || (mkdir(group, 0700) && errno != EEXIST))
		SKIP("no memory controller here: %s", strerror(errno));
	fd = open("/tmp/exmap-cgroup/exmap-abuse/memory.max", O_WRONLY);
	CHECK_EQ(write(fd, "16777216", 8), 8);
	pid = fork();
	if (!pid) {
		fd = open("/tmp/exmap-cgroup/exmap-abuse/cgroup.procs", O_WRONLY);
		CHECK_EQ(write(fd, "0", 1), 1);
		CHECK_EQ(ex_setup(ex_open(), -1, 1, 1000, 0), 0);
		CHECK_ERRNO(ex_setup(ex_open(), -1, 1, 16384, 0), ENOMEM);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	CHECK(frames_return_to(before));
	for (int i = 0; i < 100 && rmdir(group); i++)
		usleep(10000);
	umount("/tmp/exmap-cgroup");
}

const struct test memory_tests[] = {
	{ "3.2", "setup_larger_than_memory", setup_larger_than_memory },
	{ "3.2", "setups_until_memory_is_exhausted", setups_until_memory_is_exhausted },
	{ "3.2", "setup_follows_a_close", setup_follows_a_close },
	{ "3.2", "frames_are_locked_memory", frames_are_locked_memory },
	{ "3.2", "memlock_limits_frames", memlock_limits_frames },
	{ "3.2", "memory_cgroup_limits_frames", memory_cgroup_limits_frames },
	{ 0 },
};

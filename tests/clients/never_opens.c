// SPDX-License-Identifier: MIT
/*
 * never_opens - a program that never opens the device must not notice the emulator
 *
 * It asks the kernel itself where it can, by instructions that no library sees.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

#include "check.h"
#include "tests/call.h"

/* What rt_sigaction(2) fills in; libc's struct sigaction has another layout. */
struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

static void check_default(int signum)
{
	struct kernel_sigaction raw;
	struct sigaction sa;

	CHECK(sigaction(signum, NULL, &sa) == 0);
	CHECK(sa.sa_handler == SIG_DFL);
	memset(&raw, 0xff, sizeof(raw));
	CHECK(call_raw(SYS_rt_sigaction, signum, 0, (long)&raw, 8) == 0);
	CHECK(raw.handler == NULL && raw.flags == 0);
}

/* What the kernel calls what the emulator makes. No path of the machine's own files begins so. */
static int is_of_emulator(const char *name)
{
	return !strncmp(name, "anon_inode:[userfaultfd]", 24) || !strncmp(name, "/memfd:exmap", 12);
}

static int entries(const char *dir, int *found)
{
	DIR *d = opendir(dir);
	char path[512], target[512];
	struct dirent *e;
	ssize_t len;
	int n = 0;

	if (!d)
		return -1;
	*found = 0;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		*found += is_of_emulator(target);
	}
	closedir(d);
	return n;
}

/*
 * Mappings of this process; and the kilobytes of memory that neither a file nor the kernel made.
 * What nobody may access is no memory.
 */
static int mappings(unsigned long *anonymous_kb)
{
	unsigned long start, end, inode;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[1024], name[512], access[5];
	int n = 0;

	if (!maps)
		return -1;
	*anonymous_kb = 0;
	while (fgets(line, sizeof(line), maps)) {
		name[0] = '\0';
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu %511s", &start, &end, access, &inode,
			   name) < 4)
			continue;
		n++;
		if (inode == 0 && name[0] == '\0' && strncmp(access, "---", 3))
			*anonymous_kb += (end - start) / 1024;
		/* Shared memory without a file is of /dev/zero. */
		CHECK(!is_of_emulator(name) && strcmp(name, "/dev/zero") &&
		      strcmp(name, "/dev/exmap"));
	}
	fclose(maps);
	return n;
}

/* Open files by asking for each, so that the question opens none. */
static int fds_open(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int main(void)
{
	int found, fd, i, before = fds_open(), maps;
	unsigned long first_kb, kb;
	struct stat st;
	void *p;

	/* What we inherited survived an exec; anything else was opened in here, before main(). */
	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) == FD_CLOEXEC)
			break;
	CHECK(fd == 1024);
	check_default(SIGSEGV);
	check_default(SIGBUS);
	check_default(SIGSYS);
	CHECK(entries("/proc/self/task", &found) == 1);
	/* libc's buffers and the thread's own block, and no pool or table of anybody's. */
	maps = mappings(&first_kb);
	CHECK(maps > 0 && first_kb < 1024);
	CHECK(entries("/proc/self/fd", &found) == before + 1 && found == 0);

	/* Ordinary calls of all the kinds that are stood in for, and still nothing. */
	for (i = 0; i < 100; i++) {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0 && write(fd, "x", 1) == 1 && read(fd, &st, 1) == 0);
		CHECK(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode));
		CHECK_ERR(ioctl(fd, EXMAP_IOCTL_STATS, &st), ENOTTY);
		CHECK(dup2(fd, 90) == 90 && close(90) == 0 && close(fd) == 0);
		p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
		CHECK(p != MAP_FAILED && !mprotect(p, PAGE, PROT_READ) && !munmap(p, 8 * PAGE));
	}
	CHECK(stat("/dev/exmap", &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(access("/dev/exmap", R_OK | W_OK) == 0);
	CHECK(fds_open() == before);
	CHECK(mappings(&kb) == maps && kb == first_kb);
	check_default(SIGSEGV);
	check_default(SIGBUS);
	CHECK(entries("/proc/self/task", &found) == 1);
	CHECK(entries("/proc/self/fd", &found) == before + 1 && found == 0);
	return check_done();
}

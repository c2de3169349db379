// SPDX-License-Identifier: MIT
/* paths - long ways to the device: links, /proc, openat2() */
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <sys/syscall.h>

#include "check.h"

static char dir[] = "/tmp/exmap-paths-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Only an exmap knows this ioctl. Closes it, if it is one. */
static int opens(int fd)
{
	struct exmap_ioctl_stats stats;
	int ok = fd >= 0 && ioctl(fd, EXMAP_IOCTL_STATS, &stats) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static int open2(int at, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };

	how.mode = flags & O_CREAT ? 0600 : 0;
	return syscall(SYS_openat2, at, path, &how, sizeof(how));
}

static void make_links(void)
{
	check_need(mkdtemp(dir) != NULL, "directory in /tmp");
	check_need(symlink("/dev/exmap", in_dir("a")) == 0, "symlink");
	check_need(symlink("a", in_dir("b")) == 0, "symlink");
	check_need(symlink("b", in_dir("c")) == 0, "symlink");
	check_need(symlink("../../dev/exmap", in_dir("up")) == 0, "symlink");
	check_need(symlink("nothing", in_dir("broken")) == 0, "symlink");
	check_need(symlink("exmap", in_dir("other")) == 0, "symlink");
}

static void remove_links(void)
{
	static const char *const names[] = { "a", "b", "c", "up", "broken", "other" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(names[i]));
	CHECK(rmdir(dir) == 0);
}

/* As ls asks, which says "No such file" otherwise. */
static void test_attributes(void)
{
	char text[64];

	CHECK(getxattr("/dev/exmap", "user.exmap", text, sizeof(text)) == -1 && errno != ENOENT);
	CHECK(lgetxattr("/dev/exmap", "user.exmap", text, sizeof(text)) == -1 && errno != ENOENT);
	CHECK(listxattr("/dev/exmap", text, sizeof(text)) != -1 || errno != ENOENT);
	CHECK(llistxattr("/dev/exmap", text, sizeof(text)) != -1 || errno != ENOENT);
	CHECK_ERR(getxattr("/dev/exmap-no", "user.exmap", text, sizeof(text)), ENOENT);
}

static void test_links(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	struct stat st;

	CHECK(opens(open(in_dir("a"), O_RDWR)));
	CHECK(opens(open(in_dir("b"), O_RDWR)));
	CHECK(opens(open(in_dir("c"), O_RDWR)));
	CHECK(opens(open(in_dir("c"), O_RDWR | O_CREAT, 0600)));
	CHECK(opens(open(in_dir("up"), O_RDWR)));
	CHECK(opens(openat(at, "c", O_RDWR)));
	CHECK(stat(in_dir("c"), &st) == 0 && S_ISCHR(st.st_mode));
	CHECK_ERR(open(in_dir("broken"), O_RDWR), ENOENT);
	/* A file of that name, in this folder. */
	CHECK_ERR(open(in_dir("other"), O_RDWR), ENOENT);
	CHECK_ERR(openat(at, "exmap", O_RDWR), ENOENT);
	CHECK_ERR(open(in_dir("b"), O_RDWR | O_NOFOLLOW), ELOOP);
	close(at);
}

static void test_openat2(void)
{
	int root = open("/", O_RDONLY | O_DIRECTORY), at = open(dir, O_RDONLY | O_DIRECTORY);

	for (uint64_t flags = O_RDWR;; flags |= O_CREAT) {
		CHECK(opens(open2(root, "dev/exmap", flags, 0)));
		CHECK(opens(open2(root, "dev/exmap", flags, RESOLVE_NO_SYMLINKS)));
		CHECK(opens(open2(at, "a", flags, 0)));
		CHECK_ERR(open2(at, "a", flags, RESOLVE_NO_SYMLINKS), ELOOP);
		CHECK_ERR(open2(at, "c", flags, RESOLVE_NO_SYMLINKS), ELOOP);
		/* There is no folder dev in this one. */
		CHECK_ERR(open2(at, "/dev/exmap", flags, RESOLVE_IN_ROOT), ENOENT);
		CHECK_ERR(open2(at, "a", flags, RESOLVE_IN_ROOT), ENOENT);
		if (flags & O_CREAT)
			break;
	}
	close(at);
	close(root);
}

static void test_proc(void)
{
	int fd = open("/dev/exmap", O_RDWR);
	char path[64];

	check_need(fd >= 0, "exmap");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(opens(open(path, O_RDWR)));
	strcat(path, "x");
	CHECK_ERR(open(path, O_RDWR), ENOENT);
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	CHECK(opens(open(path, O_RDWR)));
	snprintf(path, sizeof(path), "/proc/%d/fd/0%d", getpid(), fd);
	CHECK_ERR(open(path, O_RDWR), ENOENT);
	/* Behind the digits comes what would be ten. */
	CHECK(dup2(fd, 10) == 10);
	CHECK(opens(open("/proc/self/fd/10", O_RDWR)));
	CHECK_ERR(open("/proc/self/fd/:", O_RDWR), ENOENT);
	close(10);
	close(fd);
}

int main(void)
{
	make_links();
	test_links();
	test_attributes();
	test_openat2();
	test_proc();
	remove_links();
	return check_done();
}

// SPDX-License-Identifier: MIT
/* two_devices, part two: every way to open the device and to look at it */
#include <dirent.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "check.h"
#include "two_devices.h"

/* Only an exmap accepts this ioctl. */
static int is_exmap(int fd)
{
	struct exmap_ioctl_stats stats;

	return fd >= 0 && ioctl(fd, EXMAP_IOCTL_STATS, &stats) == 0;
}

static int opens(int fd)
{
	int ok = is_exmap(fd);

	if (fd >= 0)
		close(fd);
	return ok;
}

static void test_open(void)
{
	int dev = open("/dev", O_RDONLY | O_DIRECTORY);
	int root = open("/", O_RDONLY | O_DIRECTORY);

	check_need(dev >= 0 && root >= 0, "/dev");
	CHECK(opens(open("/dev/exmap", O_RDWR)));
	CHECK(opens(open64("/dev/exmap", O_RDWR)));
	CHECK(opens(openat(AT_FDCWD, "/dev/exmap", O_RDWR)));
	CHECK(opens(openat(dev, "exmap", O_RDWR | O_CLOEXEC)));
	CHECK(opens(openat64(dev, "exmap", O_RDWR)));
	CHECK(opens(openat(-1, "/dev/exmap", O_RDWR)));
	CHECK(opens(open("/dev/exmap", O_RDWR | O_CREAT, 0600)));

	CHECK(opens(fortified_open("/dev/exmap", O_RDWR)));
	CHECK(opens(fortified_open64("/dev/exmap", O_RDWR | O_CLOEXEC)));
	CHECK(opens(fortified_openat(dev, "exmap", O_RDWR)));
	CHECK(opens(fortified_openat64(dev, "exmap", O_RDWR)));

	CHECK_ERR(openat(root, "exmap", O_RDWR), ENOENT);
	CHECK_ERR(open("/dev/exmap5", O_RDWR), ENOENT);
	CHECK_ERR(open("/dev/exma", O_RDWR), ENOENT);
	CHECK_ERR(open("/dev/exmap", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERR(open("/dev/exmap", O_RDONLY | O_DIRECTORY), ENOTDIR);
	close(dev);
	close(root);
}

/* Whether SETUP ignores flags: by a name with a number an exmap is another client's kind [8.10]. */
static int ignores_flags(int fd)
{
	struct exmap_ioctl_setup setup = {
		.fd = -1,
		.max_interfaces = 1,
		.buffer_size = 1,
		.flags = EXMAP_PAGEFAULT_ALLOC,
	};
	int ok = fd >= 0 && !ioctl(fd, EXMAP_IOCTL_SETUP, &setup);

	close(fd);
	return ok;
}

static void test_numbers(void)
{
	int dev = open("/dev", O_RDONLY | O_DIRECTORY);
	struct open_how how = { .flags = O_RDWR };
	FILE *stream;

	CHECK(!ignores_flags(open("/dev/exmap", O_RDWR)));
	CHECK(ignores_flags(open("/dev/exmap0", O_RDWR)));
	CHECK(ignores_flags(open("/dev/../dev/exmap4", O_RDWR | O_CREAT, 0600)));
	CHECK(ignores_flags(openat(dev, "exmap2", O_RDWR | O_CLOEXEC)));
	CHECK(ignores_flags((int)syscall(SYS_openat2, dev, "exmap3", &how, sizeof(how))));
	stream = fopen("/dev/exmap1", "r+");
	CHECK(stream && ignores_flags(dup(fileno(stream))));
	stream = freopen("/dev/exmap", "r+", stream);
	CHECK(stream && !ignores_flags(dup(fileno(stream))));
	stream = freopen("/dev/exmap1", "w", stream);
	CHECK(stream && ignores_flags(dup(fileno(stream))));
	fclose(stream);
	CHECK(access("/dev/exmap4", R_OK | W_OK) == 0);
	close(dev);
}

static int opens_stream(FILE *stream)
{
	int ok = stream && is_exmap(fileno(stream));

	if (stream)
		fclose(stream);
	return ok;
}

/* Whether the kernel lists that name in a directory. */
static int has_entry(const char *dir, const char *name)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	int found = 0;

	check_need(stream != NULL, dir);
	while ((entry = readdir(stream)))
		found |= !strcmp(entry->d_name, name);
	closedir(stream);
	return found;
}

/* Calls that create a missing file open the device, and create nothing. */
static void test_create(void)
{
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600 };
	const char *const modes[] = { "r", "r+", "w", "a+", "we" };
	int before = has_entry("/dev", "exmap");
	char link[] = "/tmp/exmap-link-XXXXXX";
	struct stat st;

	CHECK(opens(creat("/dev/exmap", 0600)));
	CHECK(opens(creat64("/dev/exmap", 0600)));
#ifdef SYS_creat
	CHECK(opens((int)syscall(SYS_creat, "/dev/exmap", 0600)));
#endif
	CHECK(opens((int)syscall(SYS_openat2, AT_FDCWD, "/dev/exmap", &how, sizeof(how))));
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		CHECK(opens_stream(fopen("/dev/exmap", modes[i])));
		CHECK(opens_stream(fopen64("/dev/exmap", modes[i])));
		CHECK(opens_stream(freopen("/dev/exmap", modes[i], fopen("/dev/null", modes[i]))));
	}
	CHECK_ERR(fopen("/dev/exmap", "wx") ? 0 : -1, EEXIST);
	CHECK_ERR(open((char *)8, O_RDWR | O_CREAT, 0600), EFAULT);
	CHECK_ERR(syscall(SYS_openat2, AT_FDCWD, 8, &how, sizeof(how)), EFAULT);
	CHECK_ERR(syscall(SYS_openat2, AT_FDCWD, "/dev/exmap", 8, sizeof(how)), EFAULT);

	check_need(mkdtemp(link) != NULL, "directory in /tmp");
	check_need(rmdir(link) == 0 && symlink("/dev/exmap", link) == 0, "symlink");
	CHECK(opens(open(link, O_RDWR)));
	CHECK(opens(open(link, O_RDWR | O_CREAT, 0600)));
	CHECK_ERR(open(link, O_RDWR | O_NOFOLLOW), ELOOP);
	CHECK(stat(link, &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
	unlink(link);
	CHECK(has_entry("/dev", "exmap") == before);
}

/* Ioctls that every file has, and for which the kernel asks no driver. */
static void test_general_ioctls(void)
{
	int fd = open("/dev/exmap", O_RDWR), on = 1;

	CHECK(ioctl(fd, FIOCLEX) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(ioctl(fd, FIONCLEX) == 0 && fcntl(fd, F_GETFD) == 0);
	CHECK(ioctl(fd, FIONBIO, &on) == 0);
	close(fd);
}

/* Of a request 32 bits count, as for the kernel; system call 400 is for exmaps. */
static void test_requests(void)
{
	int fd = open("/dev/exmap", O_RDWR | O_CLOEXEC), null = open("/dev/null", O_RDWR);
	struct exmap_action_params params = { .iov_len = 1, .opcode = EXMAP_OP_ALLOC };
	int flags = fcntl(fd, F_GETFL);

	CHECK((flags & O_ACCMODE) == O_RDWR && !(flags & O_CLOEXEC));
	CHECK(client_setup(fd, -1, 1, 10) == 0);
	/* There is no surface. */
	CHECK_ERR(ioctl(fd, EXMAP_IOCTL_ACTION, &params), EPROTO);
	CHECK_ERR(ioctl(fd, EXMAP_IOCTL_ACTION | 1UL << 32, &params), EPROTO);
	CHECK_ERR(ioctl(fd, EXMAP_IOCTL_ACTION | ~0UL << 32, &params), EPROTO);
	if (check_emulated()) {
		CHECK_ERR(syscall(SYS_EXMAP_ACTION, fd, EXMAP_OP_ALLOC, 0, 1), EPROTO);
		CHECK_ERR(syscall(SYS_EXMAP_ACTION, null, EXMAP_OP_ALLOC, 0, 1), EINVAL);
		CHECK_ERR(syscall(SYS_EXMAP_ACTION, 4000, EXMAP_OP_ALLOC, 0, 1), EBADF);
	}
	/* Of anonymous memory the fd means nothing. */
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, fd, 0) != MAP_FAILED);
	close(null);
	close(fd);
}

/* What is asked of other files comes to them as it is. */
static void test_other_files(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0640);
	struct stat st;

	CHECK(fd < 0 || (fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0640));
	close(fd);
}

static int is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_size == 0;
}

static void test_stat(void)
{
	int dev = open("/dev", O_RDONLY | O_DIRECTORY), fd = open("/dev/exmap", O_RDWR);
	struct stat st, other;
	struct stat64 st64;
	struct statx stx;

	check_need(is_exmap(fd), "exmap");
	CHECK(stat("/dev/exmap", &st) == 0 && is_device(&st));
	CHECK(lstat("/dev/exmap", &other) == 0 && is_device(&other));
	CHECK(st.st_rdev == other.st_rdev && st.st_ino == other.st_ino);
	CHECK(fstat(fd, &other) == 0 && is_device(&other));
	CHECK(st.st_rdev == other.st_rdev && st.st_ino == other.st_ino);
	CHECK(stat("/dev/null", &other) == 0 && other.st_rdev != st.st_rdev);
	CHECK(fstatat(dev, "exmap", &st, 0) == 0 && is_device(&st));
	CHECK(fstatat(fd, "", &other, AT_EMPTY_PATH) == 0 && is_device(&other));
	CHECK(st.st_rdev == other.st_rdev && st.st_ino == other.st_ino);
	CHECK(stat64("/dev/exmap", &st64) == 0 && S_ISCHR(st64.st_mode));
	/* The emulator says 0666, and the module what udev has set; all calls say the same. */
	CHECK(!check_emulated() || (st.st_mode & 07777) == 0666);
	CHECK(fstat64(fd, &st64) == 0 && st64.st_mode == st.st_mode);
	CHECK(statx(AT_FDCWD, "/dev/exmap", 0, STATX_BASIC_STATS, &stx) == 0);
	CHECK(stx.stx_mode == st.st_mode);
	CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) == 0);
	CHECK(stx.stx_mode == st.st_mode);
	CHECK(makedev(stx.stx_rdev_major, stx.stx_rdev_minor) == st.st_rdev);

	CHECK(access("/dev/exmap", F_OK) == 0);
	CHECK(access("/dev/exmap", R_OK | W_OK) == 0);
	CHECK_ERR(access("/dev/exmap", X_OK), EACCES);
	CHECK(faccessat(dev, "exmap", R_OK | W_OK, 0) == 0);
	CHECK_ERR(access("/dev/exmap5", F_OK), ENOENT);
	close(dev);
	close(fd);
}

static void test_file_calls(void)
{
	struct iovec iov = { NULL, 0 };
	int fd = open("/dev/exmap", O_RDWR);
	char byte = 1;

	iov.iov_base = &byte;
	iov.iov_len = 1;
	CHECK_ERR(lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK_ERR(lseek64(fd, 0, SEEK_CUR), ESPIPE);
	CHECK_ERR(write(fd, &byte, 1), EINVAL);
	CHECK_ERR(pwrite(fd, &byte, 1, 0), EINVAL);
	CHECK_ERR(writev(fd, &iov, 1), EINVAL);
	CHECK_ERR(read(fd, &byte, 1), EINVAL);
	CHECK_ERR(ioctl(fd, 0x5401, &byte), EINVAL);
	CHECK_ERR(client_action(fd, 0, EXMAP_OP_ALLOC, 0), EBADF);
	CHECK_ERR(fortified_pread(fd, &byte, 1, 0), EINVAL);
	CHECK(!isatty(fd));
	close(fd);
	CHECK_ERR(write(fd, &byte, 1), EBADF);
	CHECK_ERR(close(fd), EBADF);
}

/* A stream closes its descriptor by itself, and another file gets the number. */
static void test_stream(void)
{
	int fd = open("/dev/exmap", O_RDWR), other;
	FILE *stream = fdopen(fd, "r");
	char byte = 1;

	check_need(stream != NULL, "fdopen");
	CHECK(fclose(stream) == 0);
	CHECK_ERR(client_action(fd, 0, EXMAP_OP_ALLOC, 0), EBADF);
	other = open("/dev/null", O_RDWR);
	CHECK(other == fd);
	CHECK(write(other, &byte, 1) == 1);
	close(other);
}

unsigned int test_names(unsigned int *passed)
{
	test_open();
	test_numbers();
	test_create();
	test_general_ioctls();
	test_requests();
	test_other_files();
	test_stat();
	test_file_calls();
	test_stream();
	*passed += check_passed;
	return check_failed;
}

// SPDX-License-Identifier: MIT
/*
 * io.c - ioctl(), read(), write(), lseek() and their variants on an exmap's fd
 *
 *   ioctl(EXMAP_IOCTL_ACTION)        emu_action()
 *   the other three ioctls           emu_ioctl()
 *   read(), pread()                  emu_read_one()
 *   readv(), preadv(), preadv2()     emu_read()
 *   write() and its variants, lseek  an errno [1.1]
 *   system call 400                  emu_syscall_action()
 *
 * Each looks the fd up first: one load for an fd that is no exmap, whose call goes on
 * to libc. ACTION and the reads run inside an RCU read section and take no reference:
 * they are what a client calls all day.
 */

#include "shim/real.h"

#include <stdarg.h>

#include "emu/diagnose.h"
#include "emu/hidden_fd.h"
#include "emu/rcu.h"
#include "emu/say.h"
#include "shim/fdtable.h"
#include "shim/io.h"
#include "shim/libc_result.h"

/* The fd was an exmap when the caller looked; it may have been closed since. */
static long do_action(int fd, const struct exmap_action_params *params)
{
	struct exmap_file *file;
	long ret = -EBADF;

	emu_rcu_read_lock();
	file = fdtable_read(fd);
	if (file)
		ret = emu_action(file, params);
	emu_rcu_read_unlock();
	return ret;
}

/*
 * The exmap whose fd is CLONE's argument, with a reference; *@other is NULL for a file of another
 * kind. Return: 0, or -EBADFD if the number is not open.
 */
static long find_clone_source(int fd, struct exmap_file **other)
{
	*other = fdtable_get(fd);
	if (!*other && (emu_fd_is_hidden(fd) || emu_sys(SYS_fcntl, fd, F_GETFD) < 0))
		return -EBADFD;
	return 0;
}

/* Whether an ioctl works on files of any kind: the kernel serves these without asking a driver. */
static bool is_general(unsigned int request)
{
	return request == FIOCLEX || request == FIONCLEX || request == FIONBIO;
}

static long do_general_ioctl(int fd, unsigned int request)
{
	switch (request) {
	case FIOCLEX:
		return emu_sys(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
	case FIONCLEX:
		return emu_sys(SYS_fcntl, fd, F_SETFD, 0);
	default:
		/* FIONBIO sets O_NONBLOCK, which has no effect on an exmap. */
		return 0;
	}
}

/* Not inlined, so that an ACTION saves no registers for it. */
static __attribute__((noinline)) long do_ioctl(int fd, unsigned int request, unsigned long arg)
{
	struct exmap_file *file = fdtable_get(fd);
	struct exmap_file *other = NULL;
	long ret = 0;

	if (!file)
		return -EBADF;
	if (is_general(request)) {
		emu_file_put(file);
		return do_general_ioctl(fd, request);
	}
	if (request == EXMAP_IOCTL_CLONE)
		ret = find_clone_source(arg, &other);
	if (!ret)
		ret = emu_ioctl(file, request, arg, other);
	if (other)
		emu_file_put(other);
	emu_file_put(file);
	return ret;
}

static bool is_exmap_request(unsigned int request)
{
	return request == EXMAP_IOCTL_SETUP || request == EXMAP_IOCTL_ACTION ||
	       request == EXMAP_IOCTL_CLONE || request == EXMAP_IOCTL_STATS;
}

/*
 * Tells a client whose ioctl() failed with EBADF, if that is why: the O_PATH fd behind an exmap
 * survives exec, and the exmap does not.
 */
static __attribute__((noinline)) void explain_exec(int fd)
{
	int error = errno;
	struct stat null;
	struct stat st;

	if (emu_sys(SYS_fcntl, fd, F_GETFL) & O_PATH && !REAL(fstat)(fd, &st) &&
	    !REAL(stat)("/dev/null", &null) && st.st_rdev == null.st_rdev)
		emu_say_once("ioctl: fd %d was an exmap before exec, which none survives (EBADF); "
			     "open /dev/exmap again",
			     fd);
	errno = error;
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!fdtable_read(fd)) {
		ret = REAL(ioctl)(fd, request, arg);
		if (ret && errno == EBADF && fd >= 0 && is_exmap_request(request))
			explain_exec(fd);
		return ret;
	}
	/*
	 * The kernel uses the low 32 bits; a program that keeps the number in an int has the sign
	 * above.
	 */
	if ((unsigned int)request == EXMAP_IOCTL_ACTION)
		return libc_result(do_action(fd, arg));
	return libc_result(do_ioctl(fd, request, (unsigned long)arg));
}

long io_action(int fd, unsigned int opcode, unsigned int interface, unsigned int iov_len)
{
	struct exmap_file *file;
	long ret = -EBADF;

	emu_rcu_read_lock();
	file = fdtable_read(fd);
	if (file)
		ret = emu_syscall_action(file, opcode, interface, iov_len);
	else if (emu_sys(SYS_fcntl, fd, F_GETFD) >= 0)
		ret = -EINVAL;
	emu_rcu_read_unlock();
	return ret;
}

static ssize_t do_read(int fd, void *buf, size_t n, off_t offset)
{
	struct exmap_file *file;
	ssize_t ret = -EBADF;

	emu_rcu_read_lock();
	file = fdtable_read(fd);
	if (file)
		ret = emu_read_one(file, buf, n, offset);
	emu_rcu_read_unlock();
	return libc_result(ret);
}

static ssize_t do_readv(int fd, const struct iovec *iov, int nr_iov, off_t offset)
{
	struct exmap_file *file;
	ssize_t ret = -EBADF;

	emu_rcu_read_lock();
	file = fdtable_read(fd);
	if (file)
		ret = emu_read(file, iov, nr_iov, offset);
	emu_rcu_read_unlock();
	return libc_result(ret);
}

/*
 * Says which page of a surface was the reason, if a call on another file failed with EFAULT [6.2].
 * Return: @ret.
 */
static ssize_t look_at_efault(ssize_t ret, const char *call, const void *buf, size_t n)
{
	int error = errno;

	if (ret < 0 && error == EFAULT) {
		emu_diagnose_efault(call, buf, n);
		errno = error;
	}
	return ret;
}

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	return fdtable_read(fd) ? do_read(fd, buf, n, 0) :
				  look_at_efault(REAL(read)(fd, buf, n), "read", buf, n);
}

EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
	return fdtable_read(fd) ? do_read(fd, buf, n, 0) : REAL(__read_chk)(fd, buf, n, size);
}

EXPORT ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
	return fdtable_read(fd) ? do_read(fd, buf, n, offset) :
				  look_at_efault(REAL(pread)(fd, buf, n, offset), "pread", buf, n);
}

EXPORT ssize_t pread64(int fd, void *buf, size_t n, off64_t offset)
{
	return fdtable_read(fd) ?
		       do_read(fd, buf, n, offset) :
		       look_at_efault(REAL(pread64)(fd, buf, n, offset), "pread", buf, n);
}

EXPORT ssize_t __pread_chk(int fd, void *buf, size_t n, off_t offset, size_t size)
{
	return fdtable_read(fd) ? do_read(fd, buf, n, offset) :
				  REAL(__pread_chk)(fd, buf, n, offset, size);
}

EXPORT ssize_t __pread64_chk(int fd, void *buf, size_t n, off64_t offset, size_t size)
{
	return fdtable_read(fd) ? do_read(fd, buf, n, offset) :
				  REAL(__pread64_chk)(fd, buf, n, offset, size);
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int nr_iov)
{
	return fdtable_read(fd) ? do_readv(fd, iov, nr_iov, 0) : REAL(readv)(fd, iov, nr_iov);
}

EXPORT ssize_t preadv(int fd, const struct iovec *iov, int nr_iov, off_t offset)
{
	return fdtable_read(fd) ? do_readv(fd, iov, nr_iov, offset) :
				  REAL(preadv)(fd, iov, nr_iov, offset);
}

EXPORT ssize_t preadv64(int fd, const struct iovec *iov, int nr_iov, off64_t offset)
{
	return fdtable_read(fd) ? do_readv(fd, iov, nr_iov, offset) :
				  REAL(preadv64)(fd, iov, nr_iov, offset);
}

static ssize_t do_readv2(int fd, const struct iovec *iov, int nr_iov, off_t offset, int flags)
{
	if (!io_flags_are_valid(flags))
		return libc_result(-EOPNOTSUPP);
	return do_readv(fd, iov, nr_iov, io_offset(offset));
}

EXPORT ssize_t preadv2(int fd, const struct iovec *iov, int nr_iov, off_t offset, int flags)
{
	return fdtable_read(fd) ? do_readv2(fd, iov, nr_iov, offset, flags) :
				  REAL(preadv2)(fd, iov, nr_iov, offset, flags);
}

EXPORT ssize_t preadv64v2(int fd, const struct iovec *iov, int nr_iov, off64_t offset, int flags)
{
	return fdtable_read(fd) ? do_readv2(fd, iov, nr_iov, offset, flags) :
				  REAL(preadv64v2)(fd, iov, nr_iov, offset, flags);
}

/* An exmap cannot be written: a client writes to its backing [1.1]. */

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	return fdtable_read(fd) ? libc_result(-EINVAL) :
				  look_at_efault(REAL(write)(fd, buf, n), "write", buf, n);
}

EXPORT ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	return fdtable_read(fd) ?
		       libc_result(-EINVAL) :
		       look_at_efault(REAL(pwrite)(fd, buf, n, offset), "pwrite", buf, n);
}

EXPORT ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
	return fdtable_read(fd) ?
		       libc_result(-EINVAL) :
		       look_at_efault(REAL(pwrite64)(fd, buf, n, offset), "pwrite", buf, n);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int nr_iov)
{
	return fdtable_read(fd) ? libc_result(-EINVAL) : REAL(writev)(fd, iov, nr_iov);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *iov, int nr_iov, off_t offset)
{
	return fdtable_read(fd) ? libc_result(-EINVAL) : REAL(pwritev)(fd, iov, nr_iov, offset);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *iov, int nr_iov, off64_t offset)
{
	return fdtable_read(fd) ? libc_result(-EINVAL) : REAL(pwritev64)(fd, iov, nr_iov, offset);
}

EXPORT ssize_t pwritev2(int fd, const struct iovec *iov, int nr_iov, off_t offset, int flags)
{
	return fdtable_read(fd) ? libc_result(-EINVAL) :
				  REAL(pwritev2)(fd, iov, nr_iov, offset, flags);
}

EXPORT ssize_t pwritev64v2(int fd, const struct iovec *iov, int nr_iov, off64_t offset, int flags)
{
	return fdtable_read(fd) ? libc_result(-EINVAL) :
				  REAL(pwritev64v2)(fd, iov, nr_iov, offset, flags);
}

EXPORT off_t lseek(int fd, off_t offset, int whence)
{
	return fdtable_read(fd) ? libc_result(-ESPIPE) : REAL(lseek)(fd, offset, whence);
}

EXPORT off64_t lseek64(int fd, off64_t offset, int whence)
{
	return fdtable_read(fd) ? libc_result(-ESPIPE) : REAL(lseek64)(fd, offset, whence);
}

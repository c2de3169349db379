/* SPDX-License-Identifier: MIT */
/*
 * compat.h - what glibc's headers declare and musl's do not, or otherwise; included before each file
 *
 * The shim defines functions of both libraries by the names that programs are linked with. On musl
 * the names for large files are macros, and a program that was compiled with them calls the others.
 */
#ifndef EXMAP_LIBC_COMPAT_H
#define EXMAP_LIBC_COMPAT_H

#define _GNU_SOURCE

/* Of another type. */
#define ioctl musl_ioctl
#define sendmmsg musl_sendmmsg
#include <sys/ioctl.h>
#include <sys/socket.h>
#undef ioctl
#undef sendmmsg
int ioctl(int fd, unsigned long request, ...);
int sendmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags);

/* Names for large files. off64_t stays a macro. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#undef creat64
#undef fopen64
#undef freopen64
#undef fstat64
#undef fstatat64
#undef lseek64
#undef lstat64
#undef mmap64
#undef open64
#undef openat64
#undef pread64
#undef preadv64
#undef pwrite64
#undef pwritev64
#undef stat64
struct stat64 {
	struct stat same;
};
int creat64(const char *path, mode_t mode);
FILE *fopen64(const char *path, const char *mode);
FILE *freopen64(const char *path, const char *mode, FILE *stream);
int fstat64(int fd, struct stat64 *st);
int fstatat64(int dir, const char *path, struct stat64 *st, int flags);
off_t lseek64(int fd, off_t offset, int whence);
int lstat64(const char *path, struct stat64 *st);
void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int open64(const char *path, int flags, ...);
int openat64(int dir, const char *path, int flags, ...);
ssize_t pread64(int fd, void *buf, size_t n, off_t offset);
ssize_t preadv64(int fd, const struct iovec *iov, int n, off_t offset);
ssize_t preadv64v2(int fd, const struct iovec *iov, int n, off_t offset, int flags);
ssize_t pwrite64(int fd, const void *buf, size_t n, off_t offset);
ssize_t pwritev64(int fd, const struct iovec *iov, int n, off_t offset);
ssize_t pwritev64v2(int fd, const struct iovec *iov, int n, off_t offset, int flags);
int stat64(const char *path, struct stat64 *st);

/* Declarations that glibc's headers have and those of musl 1.2.3 lack. */
#include <linux/close_range.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#define MADV_DONTNEED_LOCKED 24
#define MADV_POPULATE_WRITE 23
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
/* An error by its text, not by its name. */
#define strerrorname_np(error) strerror(error)
#define strerrordesc_np(error) strerror(error)
void closefrom(int first);
sighandler_t ssignal(int sig, sighandler_t handler);
int sigblock(int mask);
int sigsetmask(int mask);
int close_range(unsigned int first, unsigned int last, int flags);
int epoll_pwait2(int fd, struct epoll_event *events, int n, const struct timespec *timeout,
		 const sigset_t *set);
ssize_t preadv2(int fd, const struct iovec *iov, int n, off_t offset, int flags);
ssize_t pwritev2(int fd, const struct iovec *iov, int n, off_t offset, int flags);
ssize_t process_madvise(int pidfd, const struct iovec *ranges, size_t n, int advice,
			unsigned int flags);
int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *stx);
sighandler_t sysv_signal(int sig, sighandler_t handler);

#endif /* EXMAP_LIBC_COMPAT_H */

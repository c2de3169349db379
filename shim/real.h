/* SPDX-License-Identifier: MIT */
/*
 * real.h - libc's own functions behind those that the shim defines in their place
 *
 * The shim defines open(), mmap() and so on, and as it is preloaded, the client's
 * calls come to these. REAL(open)(...) calls the next definition, which is libc's
 * or that of another preloaded library.
 *
 * REAL() works before constructors have run. It also works for the memory calls
 * that dlsym() makes while it looks a function up.
 *
 * A function of the shim that the client calls is marked EXPORT. All others are
 * hidden by -fvisibility=hidden.
 */
#ifndef EXMAP_SHIM_REAL_H
#define EXMAP_SHIM_REAL_H

#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <threads.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* In glibc's ABI, but not declared by its headers unless a program is fortified. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __pread_chk(int fd, void *buf, size_t n, off_t offset, size_t size);
ssize_t __pread64_chk(int fd, void *buf, size_t n, off64_t offset, size_t size);
int __xstat(int ver, const char *path, struct stat *st);
int __xstat64(int ver, const char *path, struct stat64 *st);
int __lxstat(int ver, const char *path, struct stat *st);
int __lxstat64(int ver, const char *path, struct stat64 *st);
int __fxstat(int ver, int fd, struct stat *st);
int __fxstat64(int ver, int fd, struct stat64 *st);
int __fxstatat(int ver, int dir, const char *path, struct stat *st, int flags);
int __fxstatat64(int ver, int dir, const char *path, struct stat64 *st, int flags);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *set,
		size_t size);
int fcntl64(int fd, int cmd, ...);
/* Declared, and in the ABI, since glibc 2.36. */
ssize_t process_madvise(int pidfd, const struct iovec *ranges, size_t n, int advice,
			unsigned int flags);
sighandler_t bsd_signal(int sig, sighandler_t handler);
sighandler_t __sysv_signal(int sig, sighandler_t handler);

/* clang-format off */
#define REAL_FUNCTIONS(X) \
	X(open) X(open64) X(openat) X(openat64) X(__open_2) X(__open64_2) X(__openat_2) \
	X(__openat64_2) \
	X(fopen) X(fopen64) X(freopen) X(freopen64) \
	X(close) X(fclose) X(close_range) X(dup) X(dup2) X(dup3) X(fcntl) X(fcntl64) \
	X(mmap) X(munmap) X(mprotect) X(madvise) X(posix_madvise) X(mremap) X(vmsplice) X(setsockopt) \
	X(sendmsg) X(sendmmsg) \
	X(ioctl) X(read) X(pread) X(pread64) X(readv) X(preadv) X(preadv64) X(preadv2) \
	X(preadv64v2) \
	X(__read_chk) X(__pread_chk) X(__pread64_chk) \
	X(write) X(pwrite) X(pwrite64) X(writev) X(pwritev) X(pwritev64) X(pwritev2) \
	X(pwritev64v2) X(lseek) X(lseek64) \
	X(stat) X(stat64) X(fstat) X(fstat64) X(lstat) X(lstat64) X(fstatat) X(fstatat64) \
	X(statx) \
	X(access) X(faccessat) X(euidaccess) \
	X(getxattr) X(lgetxattr) X(listxattr) X(llistxattr) \
	X(sigaction) X(signal) X(sysv_signal) X(sigprocmask) X(pthread_sigmask) \
	X(siginterrupt) X(sigsuspend) X(ppoll) X(__ppoll_chk) X(pselect) X(epoll_pwait) \
	X(epoll_pwait2) \
	X(execve) X(execv) X(execvp) X(execvpe) X(fexecve) X(posix_spawn) X(posix_spawnp) \
	X(pthread_create) X(thrd_create) X(_Fork) X(clone)
/* clang-format on */

enum real_function {
#define X(name) REAL_##name,
	REAL_FUNCTIONS(X)
#undef X
		NR_REAL_FUNCTIONS,
};

/*
 * libc's functions, NULL until they are looked up. Entries are atomic. Two threads may
 * look up the same one: they find and store the same address.
 */
extern void *real_functions[NR_REAL_FUNCTIONS] __attribute__((visibility("hidden")));

/**
 * real_resolve() - look a function of libc's up, and remember it
 *
 * Context: any thread. Inside the look-up of another function it returns one of
 * real.c's substitutes.
 * Return: the function. The process is aborted if libc does not have it.
 */
void *real_resolve(enum real_function which);

/**
 * real_resolve_all() - look up all functions that libc has
 *
 * A later look-up could overwrite the message that the client expects from dlerror().
 *
 * Context: once, at the start of the process.
 */
void real_resolve_all(void);

static inline void *real_function(enum real_function which)
{
	void *function = __atomic_load_n(&real_functions[which], __ATOMIC_RELAXED);

	return __builtin_expect(!!function, 1) ? function : real_resolve(which);
}

#define REAL(name) ((__typeof__(&name))real_function(REAL_##name))

#endif /* EXMAP_SHIM_REAL_H */

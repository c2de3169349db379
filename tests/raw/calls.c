// SPDX-License-Identifier: MIT
/*
 * calls.c - functions with libc's names that make system calls with instructions of their own
 *
 * A program that is linked with this file makes each call that can touch an exmap
 * past libc, as programs written in Rust or Go do. Its own source is unchanged, so
 * every test of libc's calls is a test of the trap too.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = -ret;
	return -1;
}

#define RAW(nr, a, b, c, d, e, f) \
	raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

long syscall(long nr, ...)
{
	long x[6];
	va_list args;

	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		x[i] = va_arg(args, long);
	va_end(args);
	return raw(nr, x[0], x[1], x[2], x[3], x[4], x[5]);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return RAW(SYS_open, path, flags, mode, 0, 0, 0);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return RAW(SYS_openat, dir, path, flags, mode, 0, 0);
}

int close(int fd)
{
	return RAW(SYS_close, fd, 0, 0, 0, 0, 0);
}

int dup(int fd)
{
	return RAW(SYS_dup, fd, 0, 0, 0, 0, 0);
}

int dup2(int fd, int new_fd)
{
	return RAW(SYS_dup2, fd, new_fd, 0, 0, 0, 0);
}

int dup3(int fd, int new_fd, int flags)
{
	return RAW(SYS_dup3, fd, new_fd, flags, 0, 0, 0);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	return RAW(SYS_fcntl, fd, command, arg, 0, 0, 0);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return RAW(SYS_ioctl, fd, request, arg, 0, 0, 0);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)RAW(SYS_mmap, addr, len, prot, flags, fd, offset);
}

int munmap(void *addr, size_t len)
{
	return RAW(SYS_munmap, addr, len, 0, 0, 0, 0);
}

int mprotect(void *addr, size_t len, int prot)
{
	return RAW(SYS_mprotect, addr, len, prot, 0, 0, 0);
}

int madvise(void *addr, size_t len, int advice)
{
	return RAW(SYS_madvise, addr, len, advice, 0, 0, 0);
}

void *mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	void *new_addr;

	va_start(args, flags);
	new_addr = va_arg(args, void *);
	va_end(args);
	return (void *)RAW(SYS_mremap, addr, len, new_len, flags, new_addr, 0);
}

ssize_t read(int fd, void *buf, size_t n)
{
	return RAW(SYS_read, fd, buf, n, 0, 0, 0);
}

ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
	return RAW(SYS_pread64, fd, buf, n, offset, 0, 0);
}

ssize_t readv(int fd, const struct iovec *iov, int nr_iov)
{
	return RAW(SYS_readv, fd, iov, nr_iov, 0, 0, 0);
}

ssize_t preadv(int fd, const struct iovec *iov, int nr_iov, off_t offset)
{
	return RAW(SYS_preadv, fd, iov, nr_iov, offset, 0, 0);
}

ssize_t preadv2(int fd, const struct iovec *iov, int nr_iov, off_t offset, int flags)
{
	return RAW(SYS_preadv2, fd, iov, nr_iov, offset, 0, flags);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	return RAW(SYS_write, fd, buf, n, 0, 0, 0);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	return RAW(SYS_pwrite64, fd, buf, n, offset, 0, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return RAW(SYS_sendmsg, fd, message, flags, 0, 0, 0);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return RAW(SYS_lseek, fd, offset, whence, 0, 0, 0);
}

int fstat(int fd, struct stat *st)
{
	return RAW(SYS_fstat, fd, st, 0, 0, 0, 0);
}

int sigaltstack(const stack_t *stack, stack_t *old)
{
	return RAW(SYS_sigaltstack, stack, old, 0, 0, 0, 0);
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return RAW(SYS_rt_sigprocmask, how, set, old, 8, 0, 0);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return sigprocmask(how, set, old) ? errno : 0;
}

/* The kernel's struct sigaction. A handler returns to @restorer, which calls rt_sigreturn(). */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#define RESTORER 0x04000000UL

void raw_restorer(void);
__asm__(".text\n"
	".p2align 4\n"
	"	nop\n"
	".globl raw_restorer\n"
	"raw_restorer:\n"
	"	mov $15, %rax\n"
	"	syscall\n");

int sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	struct kernel_action new = { .restorer = raw_restorer };
	struct kernel_action was = { 0 };

	if (action) {
		new.handler = action->sa_handler;
		new.flags = (unsigned int)action->sa_flags | RESTORER;
		memcpy(&new.mask, &action->sa_mask, sizeof(new.mask));
	}
	if (RAW(SYS_rt_sigaction, sig, action ? &new : NULL, old ? &was : NULL, 8, 0, 0))
		return -1;
	if (old) {
		memset(old, 0, sizeof(*old));
		old->sa_handler = was.handler;
		old->sa_flags = was.flags;
		memcpy(&old->sa_mask, &was.mask, sizeof(was.mask));
	}
	return 0;
}

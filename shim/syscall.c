// SPDX-License-Identifier: MIT
/*
 * syscall.c - syscall(2), and the table from system call numbers to the shim's functions
 *
 * A client's syscall(SYS_ioctl, ...) comes in here, and so does a trapped system call,
 * from trap_handler.c. Both go to the function that also serves the client's ioctl().
 * They can pass their arguments on as they are: libc's structures in these calls
 * are the kernel's.
 */

#include "shim/real.h"
#include "shim/syscall.h"

#include <stdarg.h>

#include "include/exmap.h"
#include "shim/aio.h"
#include "shim/io.h"
#include "shim/libc_result.h"
#include "shim/masks.h"
#include "shim/old_calls.h"
#include "shim/open.h"
#include "shim/uring.h"

static bool on_files(long nr, const struct syscall_args *x, long *ret)
{
	switch (nr) {
	case SYS_openat:
		*ret = openat(x->a, (char *)x->b, x->c, x->d);
		return true;
	case SYS_openat2:
		*ret = open_openat2(x->a, (char *)x->b, (struct open_how *)x->c, x->d);
		return true;
	case SYS_close:
		*ret = close(x->a);
		return true;
	case SYS_close_range:
		*ret = close_range(x->a, x->b, x->c);
		return true;
	case SYS_dup:
		*ret = dup(x->a);
		return true;
	case SYS_dup3:
		*ret = dup3(x->a, x->b, x->c);
		return true;
	case SYS_fcntl:
		*ret = fcntl(x->a, x->b, x->c);
		return true;
	case SYS_fstat:
		*ret = fstat(x->a, (struct stat *)x->b);
		return true;
	case SYS_newfstatat:
		*ret = fstatat(x->a, (char *)x->b, (struct stat *)x->c, x->d);
		return true;
	case SYS_statx:
		*ret = statx(x->a, (char *)x->b, x->c, x->d, (struct statx *)x->e);
		return true;
	case SYS_faccessat:
		*ret = faccessat(x->a, (char *)x->b, x->c, 0);
		return true;
	case SYS_faccessat2:
		*ret = faccessat(x->a, (char *)x->b, x->c, x->d);
		return true;
	}
	return false;
}

static bool on_io(long nr, const struct syscall_args *x, long *ret)
{
	switch (nr) {
	case SYS_ioctl:
		*ret = ioctl(x->a, x->b, x->c);
		return true;
	case SYS_read:
		*ret = read(x->a, (void *)x->b, x->c);
		return true;
	case SYS_pread64:
		*ret = pread64(x->a, (void *)x->b, x->c, x->d);
		return true;
	case SYS_readv:
		*ret = readv(x->a, (struct iovec *)x->b, x->c);
		return true;
	case SYS_preadv:
		/* The fifth argument has the high half of the offset on 32-bit machines only. */
		*ret = preadv64(x->a, (struct iovec *)x->b, x->c, x->d);
		return true;
	case SYS_preadv2:
		*ret = preadv64v2(x->a, (struct iovec *)x->b, x->c, x->d, x->f);
		return true;
	case SYS_write:
		*ret = write(x->a, (void *)x->b, x->c);
		return true;
	case SYS_pwrite64:
		*ret = pwrite64(x->a, (void *)x->b, x->c, x->d);
		return true;
	case SYS_writev:
		*ret = writev(x->a, (struct iovec *)x->b, x->c);
		return true;
	case SYS_pwritev:
		*ret = pwritev64(x->a, (struct iovec *)x->b, x->c, x->d);
		return true;
	case SYS_sendmsg:
		*ret = sendmsg(x->a, (struct msghdr *)x->b, x->c);
		return true;
	case SYS_sendmmsg:
		*ret = sendmmsg(x->a, (struct mmsghdr *)x->b, x->c, x->d);
		return true;
	case SYS_pwritev2:
		*ret = pwritev64v2(x->a, (struct iovec *)x->b, x->c, x->d, x->f);
		return true;
	case SYS_lseek:
		*ret = lseek(x->a, x->b, x->c);
		return true;
	case SYS_EXMAP_ACTION:
		*ret = libc_result(io_action(x->a, x->b, x->c, x->d));
		return true;
	}
	return false;
}

static bool on_memory(long nr, const struct syscall_args *x, long *ret)
{
	switch (nr) {
	case SYS_mmap:
		*ret = (long)mmap((void *)x->a, x->b, x->c, x->d, x->e, x->f);
		return true;
	case SYS_munmap:
		*ret = munmap((void *)x->a, x->b);
		return true;
	case SYS_mprotect:
		*ret = mprotect((void *)x->a, x->b, x->c);
		return true;
	case SYS_madvise:
		*ret = madvise((void *)x->a, x->b, x->c);
		return true;
	case SYS_process_madvise:
		*ret = process_madvise(x->a, (struct iovec *)x->b, x->c, x->d, x->e);
		return true;
	case SYS_mremap:
		*ret = (long)mremap((void *)x->a, x->b, x->c, x->d, (void *)x->e);
		return true;
	case SYS_vmsplice:
		*ret = vmsplice(x->a, (void *)x->b, x->c, x->d);
		return true;
	case SYS_setsockopt:
		*ret = setsockopt(x->a, x->b, x->c, (void *)x->d, x->e);
		return true;
	}
	return false;
}

static bool on_rings(long nr, const struct syscall_args *x, long *ret)
{
	switch (nr) {
	case SYS_io_uring_setup:
		*ret = libc_result(uring_setup(x));
		return true;
	case SYS_io_uring_enter:
		*ret = libc_result(uring_enter(x));
		return true;
	case SYS_io_uring_register:
		*ret = libc_result(uring_register(x));
		return true;
	case SYS_io_submit:
		*ret = libc_result(aio_submit(x));
		return true;
	case SYS_io_getevents:
	case SYS_io_pgetevents:
		*ret = libc_result(aio_getevents(nr, x));
		return true;
	}
	return false;
}

bool syscall_serve(long nr, const struct syscall_args *x, long *ret)
{
	return on_files(nr, x, ret) || on_io(nr, x, ret) || on_memory(nr, x, ret) ||
	       on_rings(nr, x, ret) || old_calls_serve(nr, x, ret) || masks_serve(nr, x, ret);
}

EXPORT long syscall(long nr, ...)
{
	struct syscall_args x;
	va_list args;
	long ret;

	/* All six, however many the caller passed: the kernel ignores the rest. */
	va_start(args, nr);
	x.a = va_arg(args, long);
	x.b = va_arg(args, long);
	x.c = va_arg(args, long);
	x.d = va_arg(args, long);
	x.e = va_arg(args, long);
	x.f = va_arg(args, long);
	va_end(args);
	if (syscall_serve(nr, &x, &ret))
		return ret;
	ret = emu_sys6(nr, x.a, x.b, x.c, x.d, x.e, x.f);
	return ret < 0 && ret >= -4095 ? libc_result(ret) : ret;
}

// SPDX-License-Identifier: MIT
/*
 * masks.c - see masks.h
 *
 * Here are the calls of the client that change its mask, for good (sigprocmask()) or
 * while they wait (ppoll()). Calls that set a handler's mask are in sigaction.c.
 */

#include "shim/real.h"
#include "shim/masks.h"

#include <sys/select.h>

#include "emu/sys.h"
#include "emu/usercopy.h"
#include "shim/libc_result.h"

/* Sets of signals in the states of masks.h. Atomic: handlers read and change them. */

/* Bits are only ever added. */
static uint64_t open_signals;
/* A subset of open_signals. */
static __thread uint64_t held_signals;
/* A subset of held_signals. */
static __thread uint64_t waiting_signals;
/*
 * For each signal the open signals that its action's mask has for the client, not for the
 * kernel.
 */
static uint64_t of_actions[_NSIG];

uint64_t masks_open(void)
{
	return __atomic_load_n(&open_signals, __ATOMIC_RELAXED);
}

uint64_t masks_held(void)
{
	return __atomic_load_n(&held_signals, __ATOMIC_RELAXED);
}

void masks_add_open(int sig)
{
	uint64_t bit = masks_bit(sig);
	uint64_t old = 0;

	__atomic_fetch_or(&open_signals, bit, __ATOMIC_RELAXED);
	emu_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &bit, &old, MASKS_SIZE);
	__atomic_fetch_or(&held_signals, old & bit, __ATOMIC_RELAXED);
}

void masks_open_context(ucontext_t *uc)
{
	uint64_t mask = masks_word(&uc->uc_sigmask);
	uint64_t open = masks_open();

	__atomic_fetch_or(&held_signals, mask & open, __ATOMIC_RELAXED);
	masks_set_word(&uc->uc_sigmask, mask & ~open);
}

void masks_thread_start(uint64_t held)
{
	uint64_t set = masks_open();

	__atomic_store_n(&held_signals, held, __ATOMIC_RELAXED);
	/* pthread_attr_setsigmask_np() may have given the thread a mask that we have not seen. */
	emu_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, MASKS_SIZE);
}

void masks_change_held(int how, uint64_t set)
{
	uint64_t held = masks_held();
	uint64_t due;

	if (how == SIG_UNBLOCK)
		held &= ~set;
	else
		held = (how == SIG_BLOCK ? held : 0) | (set & masks_open());
	__atomic_store_n(&held_signals, held, __ATOMIC_RELAXED);
	due = __atomic_load_n(&waiting_signals, __ATOMIC_RELAXED) & ~held;
	__atomic_fetch_and(&waiting_signals, ~due, __ATOMIC_RELAXED);
	for (int sig = 1; due; sig++, due >>= 1) {
		if (due & 1)
			emu_sys(SYS_tgkill, emu_sys(SYS_getpid), emu_sys(SYS_gettid), sig);
	}
}

bool masks_defer(int sig)
{
	if (!(masks_held() & masks_bit(sig)))
		return false;
	__atomic_fetch_or(&waiting_signals, masks_bit(sig), __ATOMIC_RELAXED);
	return true;
}

uint64_t masks_exchange_action(int sig, const uint64_t *mask)
{
	uint64_t *ours = &of_actions[sig > 0 && sig < _NSIG ? sig : 0];

	if (!mask)
		return __atomic_load_n(ours, __ATOMIC_RELAXED);
	return __atomic_exchange_n(ours, *mask & masks_open(), __ATOMIC_RELAXED);
}

const void *masks_filter(const void *mask, size_t size, uint64_t *copy)
{
	if (!masks_open() || !mask || size != MASKS_SIZE || emu_usercopy(copy, mask, sizeof(*copy)))
		return mask;
	*copy &= ~masks_open();
	return copy;
}

/* masks_filter() for glibc's sets: in *@copy, unless there is nothing to change. */
static const sigset_t *filter_set(const sigset_t *set, sigset_t *copy)
{
	if (!masks_open() || !set)
		return set;
	*copy = *set;
	masks_set_word(copy, masks_word(set) & ~masks_open());
	return copy;
}

static int do_sigmask(int (*real)(int, const sigset_t *, sigset_t *), int how, const sigset_t *set,
		      sigset_t *old)
{
	uint64_t held = masks_held();
	uint64_t open = masks_open();
	uint64_t word = 0;
	sigset_t copy;
	int ret;

	if (set)
		word = masks_word(set);
	ret = real(how, how == SIG_UNBLOCK ? set : filter_set(set, &copy), old);
	if (ret)
		return ret;
	if (old && held)
		masks_set_word(old, masks_word(old) | held);
	if (set)
		masks_change_held(how, word);
	/* One has become open since: it is held now, and was not taken out of the kernel's mask. */
	if (set && masks_open() != open) {
		open = masks_open();
		emu_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &open, NULL, MASKS_SIZE);
	}
	return 0;
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return do_sigmask(REAL(sigprocmask), how, set, old);
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return do_sigmask(REAL(pthread_sigmask), how, set, old);
}

/* System V's and BSD's calls: libc's own do not go through the sigprocmask() above. */

static int change_one(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	return sigaddset(&set, sig) ? -1 : sigprocmask(how, &set, NULL);
}

EXPORT int sighold(int sig)
{
	return change_one(SIG_BLOCK, sig);
}

EXPORT int sigrelse(int sig)
{
	return change_one(SIG_UNBLOCK, sig);
}

static int change_word(int how, int mask)
{
	sigset_t set;
	sigset_t old;
	int was;

	sigemptyset(&set);
	memcpy(&set, &mask, sizeof(mask));
	if (sigprocmask(how, &set, &old))
		return -1;
	memcpy(&was, &old, sizeof(was));
	return was;
}

EXPORT int sigblock(int mask)
{
	return change_word(SIG_BLOCK, mask);
}

EXPORT int sigsetmask(int mask)
{
	return change_word(SIG_SETMASK, mask);
}

EXPORT int sigsuspend(const sigset_t *set)
{
	sigset_t copy;

	return REAL(sigsuspend)(filter_set(set, &copy));
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *set)
{
	sigset_t copy;

	return REAL(ppoll)(fds, n, timeout, filter_set(set, &copy));
}

EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		       const sigset_t *set, size_t size)
{
	sigset_t copy;

	return REAL(__ppoll_chk)(fds, n, timeout, filter_set(set, &copy), size);
}

EXPORT int pselect(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
		   const sigset_t *set)
{
	sigset_t copy;

	return REAL(pselect)(n, in, out, except, timeout, filter_set(set, &copy));
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout, const sigset_t *set)
{
	sigset_t copy;

	return REAL(epoll_pwait)(fd, events, n, timeout, filter_set(set, &copy));
}

EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int n, const struct timespec *timeout,
			const sigset_t *set)
{
	sigset_t copy;

	return REAL(epoll_pwait2)(fd, events, n, timeout, filter_set(set, &copy));
}

/* What the sixth argument of pselect6() and io_pgetevents() points to. */
struct sized_mask {
	const void *mask;
	size_t size;
};

long masks_sized_call(long nr, const struct syscall_args *args)
{
	struct syscall_args x = *args;
	struct sized_mask sized;
	uint64_t copy;

	if (masks_open() && x.f && !emu_usercopy(&sized, (void *)x.f, sizeof(sized))) {
		sized.mask = masks_filter(sized.mask, sized.size, &copy);
		x.f = (long)&sized;
	}
	return emu_sys6(nr, x.a, x.b, x.c, x.d, x.e, x.f);
}

bool masks_serve(long nr, const struct syscall_args *args, long *ret)
{
	struct syscall_args x = *args;
	uint64_t copy;

	switch (nr) {
	case SYS_rt_sigsuspend:
		x.a = (long)masks_filter((void *)x.a, x.b, &copy);
		break;
	case SYS_ppoll:
		x.d = (long)masks_filter((void *)x.d, x.e, &copy);
		break;
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
		x.e = (long)masks_filter((void *)x.e, x.f, &copy);
		break;
	case SYS_pselect6:
		*ret = libc_result(masks_sized_call(nr, args));
		return true;
	default:
		return false;
	}
	*ret = libc_result(emu_sys6(nr, x.a, x.b, x.c, x.d, x.e, x.f));
	return true;
}

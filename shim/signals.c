// SPDX-License-Identifier: MIT
/*
 * signals.c - see signals.h
 *
 * A fault comes in to on_fault(). emu_fault_examine() says what it means: an access
 * to a page of a surface, a bad address that emu_usercopy() was given, or no concern
 * of ours. deliver() then does what the client wants done.
 *
 * A handler of the client's may throw a C++ exception or jump. The unwinder then
 * passes through on_fault() and deliver(). So this file is built with unwind tables,
 * and no lock is held while the client's handler runs.
 */

#include "shim/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "emu/diagnose.h"
#include "emu/fault.h"
#include "emu/memcheck.h"
#include "emu/sys.h"
#include "shim/machine.h"
#include "shim/masks.h"
#include "shim/signals.h"

/**
 * struct disposition - what the client wants done about one signal
 * @sequence: odd while the other fields are being changed
 * @handler:  function, SIG_DFL or SIG_IGN
 * @flags:    SA_...
 * @mask:     signals to block while the handler runs
 *
 * All fields are atomic. A reader reads all of them again if @sequence was odd or has
 * changed. A writer holds write_lock, and has all signals blocked: a handler on its own
 * thread would otherwise read again and again, and never see the change end.
 */
struct disposition {
	unsigned int sequence;
	uintptr_t handler;
	uint64_t flags;
	uint64_t mask;
};

static struct disposition segv;
static struct disposition bus;
/* Used with the trap only. */
static struct disposition sys;
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
/* Whether SIGSEGV's and SIGBUS's handlers are ours. Atomic; written under write_lock. */
static bool started;
/* Whether SIGSYS's handler is ours. Written before there are threads. */
static bool started_sigsys;

/* AddressSanitizer's handler of SIGSEGV, or another sanitizer's. Written before there are threads. */
static uintptr_t sanitizer_handler;

/* The disposition of a signal whose handler is ours, else NULL. */
static struct disposition *disposition_of(int sig)
{
	if (sig == SIGSYS)
		return started_sigsys ? &sys : NULL;
	if (!__atomic_load_n(&started, __ATOMIC_ACQUIRE))
		return NULL;
	return sig == SIGSEGV ? &segv : sig == SIGBUS ? &bus : NULL;
}

bool signals_has(int sig)
{
	return disposition_of(sig);
}

static struct disposition load(const struct disposition *d)
{
	struct disposition copy;

	do {
		copy.sequence = __atomic_load_n(&d->sequence, __ATOMIC_ACQUIRE);
		copy.handler = __atomic_load_n(&d->handler, __ATOMIC_ACQUIRE);
		copy.flags = __atomic_load_n(&d->flags, __ATOMIC_ACQUIRE);
		copy.mask = __atomic_load_n(&d->mask, __ATOMIC_ACQUIRE);
	} while (copy.sequence % 2 ||
		 copy.sequence != __atomic_load_n(&d->sequence, __ATOMIC_ACQUIRE));
	return copy;
}

/* Between lock_writers() and unlock_writers(). */
static void store(struct disposition *d, uintptr_t handler, uint64_t flags, uint64_t mask)
{
	__atomic_add_fetch(&d->sequence, 1, __ATOMIC_ACQ_REL);
	__atomic_store_n(&d->handler, handler, __ATOMIC_RELEASE);
	__atomic_store_n(&d->flags, flags, __ATOMIC_RELEASE);
	__atomic_store_n(&d->mask, mask, __ATOMIC_RELEASE);
	__atomic_add_fetch(&d->sequence, 1, __ATOMIC_ACQ_REL);
}

/* Return: the thread's signal mask, for unlock_writers(). */
static uint64_t lock_writers(void)
{
	uint64_t all = ~0ULL;
	uint64_t old = 0;

	emu_sys(SYS_rt_sigprocmask, SIG_BLOCK, &all, &old, MASKS_SIZE);
	pthread_mutex_lock(&write_lock);
	return old;
}

static void unlock_writers(uint64_t old)
{
	pthread_mutex_unlock(&write_lock);
	emu_sys(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, MASKS_SIZE);
}

void signals_find_sanitizer(void)
{
	static const char *const functions[] = { "__asan_init", "__tsan_init", "__msan_init",
						 "__ubsan_default_options" };
	struct sigaction now;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (dlsym(RTLD_DEFAULT, functions[i]) && !REAL(sigaction)(SIGSEGV, NULL, &now))
			sanitizer_handler = (uintptr_t)now.sa_handler;
	}
}

static bool is_default(const struct disposition *d)
{
	return d->handler == (uintptr_t)SIG_DFL || d->handler == (uintptr_t)SIG_IGN;
}

/*
 * Ends a process that has no handler for a signal, or has the signal of a fault blocked. The signal
 * is sent again, with the default action, and is blocked until our handler returns. So the kernel
 * delivers it at the instruction that faulted, and a core file shows that one.
 *
 * Not inlined: gdb stops here, see tools/gdb/.
 */
static __attribute__((noinline)) void die(siginfo_t *info, ucontext_t *uc, bool has_handler)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	uint64_t bit = masks_bit(info->si_signo);
	uint64_t mask = masks_word(&uc->uc_sigmask) & ~bit;

	if (info->si_signo != SIGSYS)
		emu_diagnose(info, uc, has_handler ? EMU_DIES_BLOCKED : EMU_DIES);
	REAL(sigaction)(info->si_signo, &dfl, NULL);
	emu_sys(SYS_rt_sigprocmask, SIG_BLOCK, &bit, NULL, MASKS_SIZE);
	masks_set_word(&uc->uc_sigmask, mask);
	/* Valgrind would take a sent signal with a fault's siginfo for a fault of its own. */
	if (emu_on_valgrind())
		emu_sys(SYS_tgkill, emu_sys(SYS_getpid), emu_sys(SYS_gettid), info->si_signo);
	else
		emu_sys(SYS_rt_tgsigqueueinfo, emu_sys(SYS_getpid), emu_sys(SYS_gettid),
			info->si_signo, info);
}

static void reset(struct disposition *d)
{
	uint64_t old = lock_writers();

	store(d, (uintptr_t)SIG_DFL, 0, 0);
	unlock_writers(old);
}

/* Does what the kernel does before it calls a handler, and calls the client's. */
static void deliver(siginfo_t *info, ucontext_t *uc, int saved_errno)
{
	int sig = info->si_signo;
	struct disposition *d = disposition_of(sig);
	struct disposition want = load(d);
	uint64_t block = want.mask;

	/* si_code <= 0: somebody sent the signal. A fault can neither be ignored nor wait. */
	if (info->si_code <= 0 && (masks_defer(sig) || want.handler == (uintptr_t)SIG_IGN))
		return;
	if (is_default(&want) ||
	    (info->si_code > 0 && (masks_word(&uc->uc_sigmask) | masks_held()) & masks_bit(sig))) {
		die(info, uc, !is_default(&want));
		return;
	}
	if (info->si_code > 0)
		emu_diagnose(info, uc,
			     want.handler == sanitizer_handler ? EMU_SANITIZER : EMU_HANDLED);
	if (want.flags & SA_RESETHAND)
		reset(d);
	if (!(want.flags & SA_NODEFER))
		block |= masks_bit(sig);
	block &= ~masks_open();
	if (block)
		emu_sys(SYS_rt_sigprocmask, SIG_BLOCK, &block, NULL, MASKS_SIZE);
	errno = saved_errno;
	if (want.flags & SA_SIGINFO)
		((void (*)(int, siginfo_t *, void *))want.handler)(sig, info, uc);
	else
		((void (*)(int))want.handler)(sig);
}

static void on_fault(int sig, siginfo_t *info, void *uc)
{
	int saved_errno = errno;

	(void)sig;
	if (emu_fault_examine(info, uc) != EMU_FAULT_RETRY)
		deliver(info, uc, saved_errno);
	errno = saved_errno;
}

void signals_deliver(siginfo_t *info, ucontext_t *uc)
{
	int saved_errno = errno;

	deliver(info, uc, saved_errno);
	errno = saved_errno;
}

static void install_one(int sig, const struct disposition *d)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	action.sa_flags |= d->flags & SA_RESTART;
	/* Without a client's handler we print a diagnosis, maybe after a stack overflow. */
	if (is_default(d) || d->flags & SA_ONSTACK)
		action.sa_flags |= SA_ONSTACK;
	REAL(sigaction)(sig, &action, NULL);
}

/*
 * Installs our handlers of SIGSEGV and SIGBUS, each on the stack that the client's handler wants.
 * The kernel reports most faults in a surface as SIGBUS, and the client's SIGSEGV handler gets
 * them. So where there is one, SIGBUS is set up as it wants. write_lock held.
 */
static void install(void)
{
	install_one(SIGSEGV, &segv);
	install_one(SIGBUS, is_default(&segv) ? &bus : &segv);
}

static void adopt(struct disposition *d, const struct sigaction *action)
{
	store(d, (uintptr_t)action->sa_handler, (unsigned int)action->sa_flags,
	      masks_word(&action->sa_mask));
}

void signals_start(void)
{
	struct sigaction old;
	uint64_t mask;

	if (__atomic_load_n(&started, __ATOMIC_ACQUIRE))
		return;
	mask = lock_writers();
	if (!started) {
		REAL(sigaction)(SIGSEGV, NULL, &old);
		adopt(&segv, &old);
		REAL(sigaction)(SIGBUS, NULL, &old);
		adopt(&bus, &old);
		install();
		__atomic_store_n(&started, true, __ATOMIC_RELEASE);
	}
	unlock_writers(mask);
	masks_add_open(SIGBUS);
}

void signals_start_sigsys(void (*handler)(int sig, siginfo_t *info, void *context), uint64_t mask)
{
	struct sigaction action = { .sa_sigaction = handler,
				    .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
	struct sigaction old;

	masks_set_word(&action.sa_mask, mask);
	/* The trap's handler uses emu_usercopy(), which relies on our SIGSEGV handler. */
	signals_start();
	REAL(sigaction)(SIGSYS, &action, &old);
	adopt(&sys, &old);
	started_sigsys = true;
	/* Its parent may have started the process with SIGSYS blocked. */
	masks_add_open(SIGSYS);
}

void signals_exchange(int sig, const struct sigaction *action, struct sigaction *old)
{
	struct disposition *d = disposition_of(sig);
	uint64_t mask = lock_writers();
	struct disposition was = load(d);

	if (action) {
		adopt(d, action);
		__atomic_fetch_or(&d->flags, MACHINE_SA_FLAGS, __ATOMIC_RELAXED);
		if (d != &sys)
			install();
	}
	unlock_writers(mask);
	if (old) {
		memset(old, 0, sizeof(*old));
		old->sa_handler = (sighandler_t)was.handler;
		old->sa_flags = was.flags;
		masks_set_word(&old->sa_mask, was.mask);
	}
}

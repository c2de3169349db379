// SPDX-License-Identifier: MIT
/*
 * trap_context.c - see trap_context.h
 *
 * When the handler returns, the kernel restores the thread's signal mask and its
 * alternate stack from the handler's frame, the ucontext. So a change of either is
 * made in the frame: a system call made by the handler would be undone by its return.
 */

#include "emu/say.h"
#include "shim/real.h"
#include "shim/trap_context.h"

#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "emu/sys.h"
#include "emu/uapi.h"
#include "emu/usercopy.h"
#include "shim/masks.h"
#include "shim/signals.h"
#include "shim/trap_stack.h"

__asm__(".pushsection .text\n"
	".globl trap_sigreturn\n"
	".hidden trap_sigreturn\n"
	".type trap_sigreturn, @function\n"
	"trap_sigreturn:\n"
	"	mov %rdi, %rsp\n"
	"	mov $15, %eax\n" /* SYS_rt_sigreturn */
	"	jmp *emu_gate(%rip)\n"
	".size trap_sigreturn, . - trap_sigreturn\n"
	".popsection\n");

static long do_sigprocmask(const struct syscall_args *args, ucontext_t *uc)
{
	uint64_t old = masks_word(&uc->uc_sigmask);
	uint64_t shown = old | masks_held();
	uint64_t given;
	uint64_t set;

	if (args->d != sizeof(set))
		return -EINVAL;
	if (args->b) {
		if (emu_usercopy(&set, (void *)args->b, sizeof(set)))
			return -EFAULT;
		given = set;
		switch (args->a) {
		case SIG_BLOCK:
			set |= old;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		masks_change_held(args->a, given);
		set &= ~(masks_open() | masks_bit(SIGKILL) | masks_bit(SIGSTOP));
		masks_set_word(&uc->uc_sigmask, set);
	}
	return args->c ? emu_usercopy((void *)args->c, &shown, sizeof(shown)) : 0;
}

/* rt_sigaction() of a signal whose handler is ours; @new->handler SIG_ERR means no new one. */
static long exchange_action(int sig, const struct emu_kernel_sigaction *new,
			    struct emu_kernel_sigaction *old)
{
	struct sigaction action = { 0 };
	struct sigaction was;

	action.sa_handler = new->handler;
	action.sa_flags = new->flags;
	masks_set_word(&action.sa_mask, new->mask);
	if (sigaction(sig, new->handler == SIG_ERR ? NULL : &action, &was))
		return -errno;
	*old = (struct emu_kernel_sigaction){ was.sa_handler, (unsigned int)was.sa_flags, NULL,
					      masks_word(&was.sa_mask) };
	return 0;
}

/*
 * rt_sigaction() of another signal. Not by sigaction(): libc would put its own restorer in the
 * place of the client's.
 */
static long change_other(const struct syscall_args *args, struct emu_kernel_sigaction *new)
{
	uint64_t held = masks_exchange_action(args->a, NULL);
	struct emu_kernel_sigaction old;
	uint64_t mask = new->mask;
	long ret;

	new->mask &= ~masks_open();
	ret = emu_sys(SYS_rt_sigaction, args->a, args->b ? new : NULL, args->c ? &old : NULL,
		      args->d);
	if (ret)
		return ret;
	if (args->b)
		masks_exchange_action(args->a, &mask);
	old.mask |= held;
	return args->c ? emu_usercopy((void *)args->c, &old, sizeof(old)) : 0;
}

static long do_sigaction(const struct syscall_args *args)
{
	struct emu_kernel_sigaction new = { .handler = SIG_ERR };
	struct emu_kernel_sigaction old;
	long ret;

	if (args->d != sizeof(new.mask))
		return -EINVAL;
	if (args->b && emu_usercopy(&new, (void *)args->b, sizeof(new)))
		return -EFAULT;
	if (!signals_has(args->a))
		return change_other(args, &new);
	ret = exchange_action(args->a, &new, &old);
	if (!ret && args->c)
		ret = emu_usercopy((void *)args->c, &old, sizeof(old));
	return ret;
}

static bool on_stack(const stack_t *stack, uintptr_t sp)
{
	return !(stack->ss_flags & (SS_DISABLE | SS_AUTODISARM)) && sp > (uintptr_t)stack->ss_sp &&
	       sp - (uintptr_t)stack->ss_sp <= stack->ss_size;
}

/* The checks that the kernel makes: do_sigaltstack() in kernel/signal.c of Linux. */
static long check_stack(const stack_t *stack)
{
	unsigned int mode = stack->ss_flags & ~SS_AUTODISARM;

	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	return mode != SS_DISABLE && stack->ss_size < getauxval(AT_MINSIGSTKSZ) ? -ENOMEM : 0;
}

/*
 * Not passed on to the kernel: it refuses to change the stack that our handler may be running
 * on.
 */
static long do_sigaltstack(const struct syscall_args *args, ucontext_t *uc)
{
	stack_t old = uc->uc_stack;
	bool busy = on_stack(&old, uc->uc_mcontext.gregs[REG_RSP]);
	stack_t new;
	long ret;

	if (args->a) {
		if (emu_usercopy(&new, (void *)args->a, sizeof(new)))
			return -EFAULT;
		ret = busy ? -EPERM : check_stack(&new);
		if (ret)
			return ret;
		uc->uc_stack = new;
	}
	if (!args->b)
		return 0;
	if (!old.ss_size)
		old.ss_flags = SS_DISABLE;
	else if (busy)
		old.ss_flags |= SS_ONSTACK;
	return emu_usercopy((void *)args->b, &old, sizeof(old));
}

/*
 * errno and RCU's read sections are thread-local. With a thread pointer that is not libc's, none
 * of our code can run in the thread. So its trap is turned off, and its next calls go to the
 * kernel.
 */
static long set_thread_pointer(const struct syscall_args *args, ucontext_t *uc)
{
	emu_say_once(
		"arch_prctl: a thread leaves libc's thread-local storage, and system calls "
		"that it makes outside libc on an exmap will fail with EBADF; make threads with "
		"pthread_create()");
	emu_sys(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
	trap_stack_leave();
	uc->uc_mcontext.gregs[REG_RAX] = emu_sys(SYS_arch_prctl, args->a, args->b);
	trap_sigreturn((uintptr_t)uc);
}

bool trap_context_serve(long nr, const struct syscall_args *args, ucontext_t *uc, long *ret)
{
	switch (nr) {
	case SYS_rt_sigreturn:
		trap_stack_leave();
		trap_sigreturn(uc->uc_mcontext.gregs[REG_RSP]);
	case SYS_rt_sigprocmask:
		*ret = do_sigprocmask(args, uc);
		return true;
	case SYS_rt_sigaction:
		*ret = do_sigaction(args);
		return true;
	case SYS_sigaltstack:
		*ret = do_sigaltstack(args, uc);
		return true;
	case SYS_arch_prctl:
		if (args->a != ARCH_SET_FS)
			return false;
		*ret = set_thread_pointer(args, uc);
		return true;
	}
	return false;
}

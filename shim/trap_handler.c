// SPDX-License-Identifier: MIT
/*
 * trap_handler.c - see trap_handler.h
 *
 * A system call comes in as a SIGSYS, with its number and arguments in the registers
 * of the interrupted thread. It is served by the first of these that knows it:
 *
 *   trap_context_serve()  calls about the thread itself, such as rt_sigprocmask()
 *   trap_clone()          calls that make a thread or a process
 *   syscall_serve()       calls for which the shim has a function, such as ioctl()
 *   the kernel            all others, through the gate
 *
 * The handler moves to a stack of its own first, and returns from there.
 */

#include "shim/real.h"
#include "shim/trap_handler.h"

#include <errno.h>
#include <ucontext.h>

#include "emu/sys.h"
#include "emu/uapi.h"
#include "shim/fdtable.h"
#include "shim/masks.h"
#include "shim/signals.h"
#include "shim/syscall.h"
#include "shim/trap.h"
#include "shim/trap_clone.h"
#include "shim/trap_context.h"
#include "shim/trap_stack.h"

static void set_mask(uint64_t mask)
{
	emu_sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

/* Calls the shim's function for a call, or the kernel. Return: a negative errno for an error. */
static long serve(long nr, const struct syscall_args *args)
{
	bool served;
	long ret;
	int state;

	/* The function may be a cancellation point; the client's instruction was none. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	served = syscall_serve(nr, args, &ret);
	if (served && ret == -1)
		ret = -errno;
	pthread_setcancelstate(state, NULL);
	return served ? ret : emu_sys6(nr, args->a, args->b, args->c, args->d, args->e, args->f);
}

/*
 * Whether a call is an action or a read on an exmap. It ends soon, so signals can stay blocked
 * meanwhile, which saves two system calls.
 */
static bool is_on_exmap(long nr, const struct syscall_args *args)
{
	return (nr == SYS_ioctl || nr == SYS_pread64 || nr == SYS_preadv) && fdtable_read(args->a);
}

/* Sets the signal mask that the interrupted thread had. */
static void set_mask_of(const ucontext_t *uc)
{
	set_mask(masks_word(&uc->uc_sigmask));
}

/* Serves the system call in the registers of @uc, and puts its result there. */
static void serve_context(ucontext_t *uc)
{
	greg_t *regs = uc->uc_mcontext.gregs;
	struct syscall_args args = { regs[REG_RDI], regs[REG_RSI], regs[REG_RDX],
				     regs[REG_R10], regs[REG_R8],  regs[REG_R9] };
	long nr = regs[REG_RAX];
	int saved_errno = errno;
	long ret;

	if (is_on_exmap(nr, &args)) {
		ret = serve(nr, &args);
	} else if (!trap_context_serve(nr, &args, uc, &ret)) {
		set_mask_of(uc);
		if (!trap_clone(nr, &args, uc, &ret))
			ret = serve(nr, &args);
		set_mask(trap_mask());
		/* Meanwhile a signal may have become an open one, and unblocked in this thread. */
		masks_set_word(&uc->uc_sigmask, masks_word(&uc->uc_sigmask) & ~masks_open());
	}
	regs[REG_RAX] = ret;
	errno = saved_errno;
}

static void serve_and_return(ucontext_t *uc)
{
	serve_context(uc);
	trap_stack_leave();
	trap_sigreturn((uintptr_t)uc);
}

/*
 * The kernel's handler of SIGSYS. Serves a trapped system call, and leaves its result where the
 * client's instruction would have. Any other SIGSYS goes to the client's handler.
 */
static void handle(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	if (info->si_code != SYS_USER_DISPATCH) {
		set_mask_of(context);
		signals_deliver(info, context);
		return;
	}
	trap_stack_run(context, serve_and_return);
	/* No stack is left: the handler stays on the one that it was called on. */
	serve_context(context);
}

void trap_handler_start(void)
{
	trap_start(handle);
}

// SPDX-License-Identifier: MIT
/* trap_handler.c - see trap_handler.h */

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

/* Served as by name, where a name is served; and otherwise by the kernel. */
static long serve(long nr, const struct syscall_args *args)
{
	bool served;
	long ret;
	int state;

	/* The client's instruction was no cancellation point. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	served = syscall_serve(nr, args, &ret);
	if (served && ret == -1)
		ret = -errno;
	pthread_setcancelstate(state, NULL);
	return served ? ret : emu_sys6(nr, args->a, args->b, args->c, args->d, args->e, args->f);
}

/* Whether it is one of those that a client makes all day: signals can wait for their end. */
static bool is_on_exmap(long nr, const struct syscall_args *args)
{
	return (nr == SYS_ioctl || nr == SYS_pread64 || nr == SYS_preadv) && fdtable_read(args->a);
}

static void set_mask_of(const ucontext_t *uc)
{
	set_mask(masks_word(&uc->uc_sigmask));
}

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

void trap_handle(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	if (info->si_code != SYS_USER_DISPATCH) {
		set_mask_of(context);
		signals_deliver(info, context);
		return;
	}
	trap_stack_run(context, serve_and_return);
	serve_context(context);
}

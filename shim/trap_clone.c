// SPDX-License-Identifier: MIT
/*
 * trap_clone.c - see trap_clone.h
 *
 * A new process continues inside our handler, on its copy of the handler's stack,
 * and returns to the client as its parent does. vfork() is served as fork(): a child
 * on its parent's own stack would overwrite the handler's frame, which the parent
 * still needs.
 *
 * A new thread begins on the stack that the client gives it. The kernel would have it
 * continue behind the system call instruction, which is the gate's here. So the
 * registers that it expects, and the address behind the client's instruction, are
 * put on that stack, and the gate's return goes to trap_clone_entry(), which pops them.
 */

#define _GNU_SOURCE
#include "shim/trap_clone.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "emu/sys.h"
#include "emu/usercopy.h"
#include "shim/fork.h"
#include "shim/trap.h"

/* Indices into struct clone_args of linux/sched.h, as 64-bit words. A newer one may be longer. */
#define MAX_CLONE_ARGS 16
enum { FLAGS = 0, STACK = 5, STACK_SIZE = 6, TLS = 7, MIN_CLONE_ARGS = 8 };

/* The top of a new thread's stack: the address that the gate returns to, then what that pops. */
struct start {
	void (*entry)(void);
	greg_t rdi, rsi, rdx, r10, r8, r9, rbx, rbp, r12, r13, r14, r15, rip;
};

/* Pops a struct start from rdi on, and continues behind the client's instruction. */
void trap_clone_entry(void);
__asm__(".pushsection .text\n"
	".globl trap_clone_entry\n"
	".hidden trap_clone_entry\n"
	".type trap_clone_entry, @function\n"
	"trap_clone_entry:\n"
	"	pop %rdi\n"
	"	pop %rsi\n"
	"	pop %rdx\n"
	"	pop %r10\n"
	"	pop %r8\n"
	"	pop %r9\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	pop %r12\n"
	"	pop %r13\n"
	"	pop %r14\n"
	"	pop %r15\n"
	"	pop %rcx\n" /* the instruction leaves the return address there too */
	"	xor %eax, %eax\n"
	"	jmp *%rcx\n"
	".size trap_clone_entry, . - trap_clone_entry\n"
	".popsection\n");

/* Puts a struct start at the top of a new thread's stack. Return: false if the memory is bad. */
static bool prepare_stack(uintptr_t top, const greg_t *regs)
{
	struct start start = {
		.entry = trap_clone_entry,
		.rdi = regs[REG_RDI],
		.rsi = regs[REG_RSI],
		.rdx = regs[REG_RDX],
		.r10 = regs[REG_R10],
		.r8 = regs[REG_R8],
		.r9 = regs[REG_R9],
		.rbx = regs[REG_RBX],
		.rbp = regs[REG_RBP],
		.r12 = regs[REG_R12],
		.r13 = regs[REG_R13],
		.r14 = regs[REG_R14],
		.r15 = regs[REG_R15],
		.rip = regs[REG_RIP],
	};

	return !emu_usercopy((void *)(top - sizeof(start)), &start, sizeof(start));
}

/*
 * Fills @words with a call's arguments in the form of clone3()'s. For the other three calls that is
 * the flags alone. Return: the number of words, or a negative errno.
 */
static long read_args(long nr, const struct syscall_args *args, uint64_t *words)
{
	memset(words, 0, MAX_CLONE_ARGS * sizeof(*words));
	if (nr == SYS_clone3) {
		if (args->b < 0 || args->b > (long)(MAX_CLONE_ARGS * sizeof(*words)))
			return -E2BIG;
		if (args->b % sizeof(*words) || args->b / sizeof(*words) < MIN_CLONE_ARGS)
			return -EINVAL;
		if (emu_usercopy(words, (void *)args->a, args->b))
			return -EFAULT;
		return args->b / sizeof(*words);
	}
	words[FLAGS] = nr == SYS_clone ? args->a : SIGCHLD;
	return MIN_CLONE_ARGS;
}

/* Makes clone() or clone3() with other flags, and with the stack pointer @stack, if it is not 0. */
static long call(long nr, const struct syscall_args *args, const uint64_t *words, long n,
		 uint64_t flags, uint64_t stack)
{
	uint64_t changed[MAX_CLONE_ARGS];

	if (nr != SYS_clone3)
		return emu_sys(SYS_clone, flags, stack, args->c, args->d, args->e);
	memcpy(changed, words, n * sizeof(*words));
	changed[FLAGS] = flags;
	if (!stack)
		changed[STACK] = changed[STACK_SIZE] = 0;
	else
		changed[STACK_SIZE] = stack - changed[STACK];
	return emu_sys(SYS_clone3, changed, n * sizeof(*words));
}

static long make_process(long nr, const struct syscall_args *args, const uint64_t *words, long n,
			 uint64_t stack, ucontext_t *uc)
{
	uint64_t flags = words[FLAGS];
	bool locked;
	long ret;

	if (flags & CLONE_SETTLS)
		return -EINVAL;
	locked = fork_begin();
	/* fork() and vfork() have no arguments: what is in the registers must not reach clone(). */
	ret = nr == SYS_fork || nr == SYS_vfork ?
		      emu_sys(SYS_clone, SIGCHLD, 0, 0, 0, 0) :
		      call(nr, args, words, n, flags & ~(uint64_t)(CLONE_VM | CLONE_VFORK), 0);
	fork_end(locked, !ret);
	if (!ret && stack)
		uc->uc_mcontext.gregs[REG_RSP] = stack;
	return ret;
}

static long make_thread(long nr, const struct syscall_args *args, const uint64_t *words, long n,
			uint64_t stack, ucontext_t *uc)
{
	if (!stack || !prepare_stack(stack, uc->uc_mcontext.gregs))
		return -EINVAL;
	trap_warn_of_thread();
	/* The new thread does not return here: it starts in trap_clone_entry(). */
	return call(nr, args, words, n, words[FLAGS], stack - sizeof(struct start));
}

static long do_clone(long nr, const struct syscall_args *args, ucontext_t *uc)
{
	uint64_t words[MAX_CLONE_ARGS];
	long n = read_args(nr, args, words);
	uint64_t stack;

	if (n < 0)
		return n;
	stack = nr == SYS_clone3 ? words[STACK] + words[STACK_SIZE] :
		nr == SYS_clone	 ? (uint64_t)args->b :
				   0;
	if (words[FLAGS] & CLONE_VM && !(words[FLAGS] & CLONE_VFORK))
		return make_thread(nr, args, words, n, stack, uc);
	return make_process(nr, args, words, n, stack, uc);
}

bool trap_clone(long nr, const struct syscall_args *args, ucontext_t *uc, long *ret)
{
	if (nr != SYS_fork && nr != SYS_vfork && nr != SYS_clone && nr != SYS_clone3)
		return false;
	*ret = do_clone(nr, args, uc);
	return true;
}

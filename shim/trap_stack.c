// SPDX-License-Identifier: MIT
/* trap_stack.c - see trap_stack.h */

#include "shim/real.h"
#include "shim/trap_stack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "emu/fence.h"
#include "emu/sys.h"

/*
 * Stacks for each thread. A second is needed when a trapped call waits, a handler of the client's
 * interrupts it, and makes a trapped call itself.
 */
#define LEVELS 4
#define LEVEL_SIZE (128 * 1024UL)

/*
 * Bytes of a frame that the kernel has written and reads: glibc's ucontext_t is longer than the
 * kernel's.
 */
#define FRAME_SIZE (offsetof(ucontext_t, uc_sigmask) + sizeof(uint64_t))

/* The thread's stacks, one behind the other, and how many of them are in use. */
static __thread char *stacks;
static __thread unsigned int level;
/* Unmaps a thread's stacks at its end. */
static pthread_key_t key;

static void unmap(void *memory)
{
	stacks = NULL;
	emu_fenced_free(memory, LEVELS * LEVEL_SIZE);
}

static void make_key(void)
{
	pthread_key_create(&key, unmap);
}

void trap_stack_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char *memory;

	/* A forked child has a copy of its parent's, and may be running on one. */
	if (stacks)
		return;
	pthread_once(&once, make_key);
	memory = emu_fenced_alloc(LEVELS * LEVEL_SIZE);
	if (!memory)
		return;
	stacks = memory;
	pthread_setspecific(key, memory);
}

/*
 * Offset of struct _fpx_sw_bytes in the area for vector registers: it says how long the area is.
 * arch/x86/include/uapi/asm/sigcontext.h of Linux has the field; glibc's structure leaves it out.
 */
#define SOFTWARE_BYTES 464

/* Bytes that the kernel saved of the floating-point and vector registers. */
static size_t saved_size(const char *saved)
{
	struct _fpx_sw_bytes bytes;

	memcpy(&bytes, saved + SOFTWARE_BYTES, sizeof(bytes));
	return bytes.magic1 == FP_XSTATE_MAGIC1 ? bytes.extended_size : sizeof(struct _fpstate);
}

/* Copies a frame, and the registers that it points to, to below @top. Return: the copy. */
static ucontext_t *copy_frame(char *top, const ucontext_t *uc)
{
	const char *saved = (const char *)uc->uc_mcontext.fpregs;
	size_t size = saved ? saved_size(saved) : 0;
	char *copy = (char *)((uintptr_t)(top - size) & ~63UL);
	ucontext_t *frame = (ucontext_t *)((uintptr_t)(copy - sizeof(*frame)) & ~63UL);

	memcpy(frame, uc, FRAME_SIZE);
	if (saved) {
		memcpy(copy, saved, size);
		frame->uc_mcontext.fpregs = (fpregset_t)copy;
	}
	return frame;
}

/* Whether the interrupted code was on its alternate signal stack. */
static bool on_alternate(const ucontext_t *uc)
{
	uintptr_t from_start = uc->uc_mcontext.gregs[REG_RSP] - (uintptr_t)uc->uc_stack.ss_sp;

	return !(uc->uc_stack.ss_flags & SS_DISABLE) && from_start <= uc->uc_stack.ss_size;
}

/*
 * The first function on the new stack. The kernel would now find the thread off its alternate
 * stack, and start the next handler at the top of it, over what the client has there. So the thread
 * has none until rt_sigreturn() restores it from the frame.
 */
void trap_stack_arrive(ucontext_t *uc, void (*run)(ucontext_t *uc));
void trap_stack_arrive(ucontext_t *uc, void (*run)(ucontext_t *uc))
{
	const stack_t none = { .ss_flags = SS_DISABLE };

	if (on_alternate(uc))
		emu_sys(SYS_sigaltstack, &none, NULL);
	run(uc);
}

/* Calls trap_stack_arrive() with its own arguments, on the stack below @uc. */
void trap_stack_switch(ucontext_t *uc, void (*run)(ucontext_t *uc)) __attribute__((noreturn));
__asm__(".pushsection .text\n"
	".globl trap_stack_switch\n"
	".hidden trap_stack_switch\n"
	".type trap_stack_switch, @function\n"
	"trap_stack_switch:\n"
	"	mov %rdi, %rsp\n"
	"	xor %ebp, %ebp\n"
	"	call trap_stack_arrive\n"
	"	ud2\n"
	".size trap_stack_switch, . - trap_stack_switch\n"
	".popsection\n");

/* Whether a stack pointer is inside the thread's stacks. */
static bool on_ours(uintptr_t sp)
{
	return stacks && sp - (uintptr_t)stacks < LEVELS * LEVEL_SIZE;
}

void trap_stack_run(const ucontext_t *uc, void (*run)(ucontext_t *uc))
{
	if (!stacks)
		return;
	/*
	 * Stacks are in use, but the interrupted code is on none of them, nor on the alternate
	 * stack. A handler of the client's that interrupted ours would be on one of these. So the
	 * client has left such a handler by a jump, and no frame on our stacks is needed any more.
	 */
	if (level && !on_alternate(uc) && !on_ours(uc->uc_mcontext.gregs[REG_RSP]))
		level = 0;
	if (level == LEVELS)
		return;
	level++;
	trap_stack_switch(copy_frame(stacks + level * LEVEL_SIZE, uc), run);
}

void trap_stack_leave(void)
{
	if (on_ours((uintptr_t)__builtin_frame_address(0)))
		level--;
}

/* SPDX-License-Identifier: MIT */
/* backtrace.h - stacks: taken while a call is made, printed in a report */
#ifndef EXMAP_EMU_BACKTRACE_H
#define EXMAP_EMU_BACKTRACE_H

#include <stdbool.h>
#include <stdint.h>

#define EMU_STACK_DEPTH 20

/**
 * struct emu_stack - return addresses, the innermost first
 * @nr: number of addresses
 * @pc: each is behind a call instruction
 */
struct emu_stack {
	uint32_t nr;
	uintptr_t pc[EMU_STACK_DEPTH];
};

/**
 * emu_backtrace_start() - load what emu_backtrace() needs
 *
 * Called once, before the first emu_backtrace(), when no signal handler runs.
 */
void emu_backtrace_start(void);

/** emu_backtrace() - the stack of the calling thread, as far as it is the client's. Any thread. */
void emu_backtrace(struct emu_stack *stack);

/**
 * emu_backtrace_fault() - the stack of the instruction that a signal handler was called for
 * @ucontext: the handler's third argument
 *
 * Inside the handler. The innermost address is that of the instruction itself.
 */
void emu_backtrace_fault(struct emu_stack *stack, const void *ucontext);

/**
 * emu_backtrace_print() - print a stack on stderr, with functions, files and lines if they are known
 * @is_fault: the innermost address is that of an instruction, and not behind a call
 *
 * Starts the program exmap-symbols for that, where option symbols= says. Without it each line has the
 * file and the offset in it. Any thread, in handlers of faults too; one thread at a time.
 */
void emu_backtrace_print(const struct emu_stack *stack, bool is_fault);

#endif /* EXMAP_EMU_BACKTRACE_H */

// SPDX-License-Identifier: MIT
/* backtrace.c - see backtrace.h */

#define _GNU_SOURCE
#include "emu/backtrace.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "emu/registers.h"
#include "emu/say.h"
#include "emu/sys.h"

/* Frames of the emulator, the shim and the trap that may lie in front of the client's. */
#define OWN_FRAMES 24

/* The text of the shim, or nothing if the emulator is a part of the program; set by start(). */
static uintptr_t own_start;
static uintptr_t own_end;
/* The program that knows functions and lines; empty if there is none. */
static char symbols[4096];

static int find_own_text(struct dl_phdr_info *info, size_t size, void *unused)
{
	uintptr_t here = (uintptr_t)find_own_text;

	(void)size, (void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		uintptr_t end = start + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type != PT_LOAD || here < start || here >= end)
			continue;
		/* The program itself has no name here. */
		if (info->dlpi_name && *info->dlpi_name) {
			own_start = start;
			own_end = end;
		}
		return 1;
	}
	return 0;
}

void emu_backtrace_start(void)
{
	const char *path = getenv("EXMAP_SYMBOLS");
	void *pc;

	dl_iterate_phdr(find_own_text, NULL);
	/* The first call loads a library. */
	backtrace(&pc, 1);
	if (path && strlen(path) < sizeof(symbols))
		strcpy(symbols, path);
}

static void take(struct emu_stack *stack, void *const *pc, int n)
{
	stack->nr = 0;
	for (int i = 0; i < n && stack->nr < EMU_STACK_DEPTH; i++)
		stack->pc[stack->nr++] = (uintptr_t)pc[i];
}

static bool is_own(const void *pc)
{
	return (uintptr_t)pc >= own_start && (uintptr_t)pc < own_end;
}

void emu_backtrace(struct emu_stack *stack)
{
	void *pc[OWN_FRAMES + EMU_STACK_DEPTH];
	int n = backtrace(pc, OWN_FRAMES + EMU_STACK_DEPTH);
	int own = 0;

	/* A sanitizer has a backtrace() of its own, which is the innermost frame then. */
	while (own < n && own_end && !is_own(pc[own]))
		own++;
	while (own < n && is_own(pc[own]))
		own++;
	take(stack, pc + own, n - own);
}

void emu_backtrace_fault(struct emu_stack *stack, const void *ucontext)
{
	void *fault = (void *)emu_pc(ucontext);
	void *pc[OWN_FRAMES + EMU_STACK_DEPTH];
	int n = backtrace(pc, OWN_FRAMES + EMU_STACK_DEPTH);
	int own = 0;

	while (own < n && pc[own] != fault)
		own++;
	/* The unwinder did not get past the signal frame: one address is known at least. */
	if (own == n)
		take(stack, &fault, 1);
	else
		take(stack, pc + own, n - own);
}

/*
 * Runs exmap-symbols, which reads the mappings of this process. The child shares nothing with the
 * client, and its end sends no signal. Return: whether the program printed the stack.
 */
static bool run_symbols(const struct emu_stack *stack, bool is_fault)
{
	char text[EMU_STACK_DEPTH + 1][24];
	char *args[EMU_STACK_DEPTH + 3] = { symbols };
	char *environment[] = { NULL };
	int status = -1;
	int n = 1;
	long pid;

	snprintf(text[0], sizeof(text[0]), "%ld", emu_sys(SYS_getpid));
	args[n++] = text[0];
	for (uint32_t i = 0; i < stack->nr; i++) {
		bool call = i || !is_fault;

		snprintf(text[i + 1], sizeof(text[0]), "%#lx", (unsigned long)stack->pc[i] - call);
		args[n++] = text[i + 1];
	}
	pid = emu_sys(SYS_clone, 0, 0, 0, 0, 0);
	if (!pid) {
		emu_sys(SYS_dup3, 2, 1, 0);
		emu_sys(SYS_execve, symbols, args, environment);
		emu_sys(SYS_exit_group, 127);
	}
	if (pid > 0)
		emu_sys(SYS_wait4, pid, &status, __WALL, 0);
	return status == 0;
}

static void print_addresses(const struct emu_stack *stack, bool is_fault)
{
	for (uint32_t i = 0; i < stack->nr; i++) {
		uintptr_t pc = stack->pc[i] - (i || !is_fault);
		Dl_info info = { 0 };
		char line[512];
		int n;

		if (dladdr((void *)pc, &info) && info.dli_fname)
			n = snprintf(line, sizeof(line), "    #%u %#lx (%s+%#lx)\n", i,
				     (unsigned long)pc, info.dli_fname,
				     (unsigned long)(pc - (uintptr_t)info.dli_fbase));
		else
			n = snprintf(line, sizeof(line), "    #%u %#lx\n", i, (unsigned long)pc);
		emu_print(line, n < (int)sizeof(line) ? n : (int)sizeof(line) - 1);
	}
}

void emu_backtrace_print(const struct emu_stack *stack, bool is_fault)
{
	if (!stack->nr || !emu_has_stderr())
		return;
	if (!*symbols || !run_symbols(stack, is_fault))
		print_addresses(stack, is_fault);
}

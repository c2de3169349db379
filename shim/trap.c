// SPDX-License-Identifier: MIT
/*
 * trap.c - see trap.h
 *
 * The kernel's side is in Documentation/admin-guide/syscall-user-dispatch.rst of Linux.
 * The shim's own system calls must not be caught either. They are made through the
 * gate, a system call instruction of libc's that a return follows: see emu_gate.
 */

#include "emu/memcheck.h"
#include "emu/say.h"
#include "shim/real.h"
#include "shim/trap.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/prctl.h>

#include "emu/options.h"
#include "emu/sys.h"
#include "shim/fdtable.h"
#include "shim/find_syscalls.h"
#include "shim/signals.h"
#include "shim/trap_stack.h"

/*
 * Defined if the program runs under ThreadSanitizer. Its runtime makes system calls of its own
 * with all signals blocked, and the process would die of the first SIGSYS.
 */
void __tsan_init(void) __attribute__((weak));

/* With AddressSanitizer in the shim, our handler calls its runtime, which makes such calls too. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

bool trap_is_on;

/* libc's text: system calls from there pass. Constant once the trap is on. */
static uintptr_t text_start;
static size_t text_len;

/* For dl_iterate_phdr(): sets text_start and text_len to the executable segment with @address. */
static int find_text(struct dl_phdr_info *info, size_t size, void *address)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		if ((uintptr_t)address - start >= segment->p_memsz)
			continue;
		text_start = start;
		text_len = segment->p_memsz;
		return 1;
	}
	return 0;
}

/*
 * Finds the gate in libc's getpid(): it cannot fail, so no check stands between its system call
 * instruction and its return. Return: NULL if the two are not found.
 */
static void *find_gate(void)
{
	static const unsigned char gate[] = { 0x0f, 0x05, 0xc3 };
	unsigned char *code = dlsym(RTLD_NEXT, "getpid");

	if (!code || !dl_iterate_phdr(find_text, code))
		return NULL;
	for (int i = 0; i < 32; i++) {
		if (!memcmp(code + i, gate, sizeof(gate)))
			return code + i;
	}
	return NULL;
}

/* Turns the trap on in this thread. Return: 0, or a negative errno. */
static long turn_on(void)
{
	/* The last argument could name a byte that turns the trap off for a while: we have none. */
	return emu_sys(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, text_start,
		       text_len, NULL);
}

static bool is_wanted(void)
{
	const char *where;

	if (emu_options()->trap != EMU_TRAP_AUTO)
		return emu_options()->trap == EMU_TRAP_ON;
	where = find_syscalls();
	if (where && emu_options()->verbose)
		emu_say("trap=on: %s makes system calls outside libc", where);
	return where;
}

void trap_start(void (*handler)(int sig, siginfo_t *info, void *context))
{
	long ret;

	if (!is_wanted())
		return;
	if (emu_on_valgrind() || __tsan_init || SANITIZED) {
		emu_say("trap: cannot be had under %s: system calls on an exmap that are made "
			"outside libc fail with EBADF; run without it",
			__tsan_init ? "ThreadSanitizer" :
			SANITIZED   ? "a shim with AddressSanitizer" :
				      "valgrind");
		return;
	}
	emu_gate = find_gate();
	if (!emu_gate) {
		emu_say("trap: this libc's getpid() is not glibc's: system calls on an exmap that "
			"are made outside libc fail with EBADF; use glibc 2.35 or newer");
		return;
	}
	signals_start_sigsys(handler, trap_mask());
	trap_stack_start();
	ret = turn_on();
	if (ret) {
		emu_gate = NULL;
		emu_say("trap: the kernel refuses Syscall User Dispatch (%s): system calls on an "
			"exmap that are made outside libc fail with EBADF; use Linux 5.11 or newer",
			strerror(-ret));
		return;
	}
	trap_is_on = true;
}

void trap_thread_start(void)
{
	if (!trap_is_on)
		return;
	trap_stack_start();
	turn_on();
}

void trap_warn_of_thread(void)
{
	if (fdtable_any())
		emu_say_once("clone: a thread is made without libc, and system calls that it makes "
			     "outside libc on an exmap will fail with EBADF; make threads with "
			     "pthread_create()");
}

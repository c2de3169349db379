// SPDX-License-Identifier: MIT
/*
 * no_trap.c - says that system calls made outside libc are not caught on arm64
 *
 * The trap is by Syscall User Dispatch, which the kernel has for x86 (and others, but not for arm64
 * in any release up to 6.12); and of the trap itself trap_*.c know x86-64's registers only.
 */

#include "shim/trap.h"
#include "shim/trap_handler.h"

#include "emu/options.h"
#include "emu/say.h"
#include "shim/find_syscalls.h"

bool trap_is_on;

void trap_handler_start(void)
{
	const char *where = NULL;

	if (emu_options()->trap == EMU_TRAP_AUTO)
		where = find_syscalls();
	if (!where && emu_options()->trap != EMU_TRAP_ON)
		return;
	emu_say("trap: cannot be had on arm64: system calls on an exmap that are made outside libc%s%s%s "
		"fail with EBADF; make them by libc's functions",
		where ? ", as " : "", where ? where : "", where ? " makes some," : "");
}

void trap_thread_start(void)
{
}

void trap_warn_of_thread(void)
{
}

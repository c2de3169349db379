// SPDX-License-Identifier: MIT
/*
 * no_trap.c - in place of the trap: says that system calls made outside libc are not caught here
 *
 * EXMAP_NO_TRAP is where: on arm64, whose kernel (6.1) has no Syscall User Dispatch, and whose registers
 * trap_*.c do not know; with musl, in whose text they would look for what glibc's has.
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
	emu_say("trap: cannot be had " EXMAP_NO_TRAP
		": system calls on an exmap that are made outside libc%s%s%s "
		"fail with EBADF; make them by libc's functions",
		where ? ", as " : "", where ? where : "", where ? " makes some," : "");
}

void trap_thread_start(void)
{
}

void trap_warn_of_thread(void)
{
}

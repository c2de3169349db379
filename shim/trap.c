// SPDX-License-Identifier: MIT
/* trap.c - see trap.h; Documentation/admin-guide/syscall-user-dispatch.rst in Linux */

#include "shim/real.h"
#include "shim/trap.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/prctl.h>

#include "emu/options.h"
#include "emu/process.h"
#include "emu/report.h"
#include "emu/sys.h"
#include "shim/fdtable.h"
#include "shim/find_syscalls.h"
#include "shim/signals.h"
#include "shim/trap_stack.h"

/* Of ThreadSanitizer, which blocks signals around calls of its own that are not libc's. */
void __tsan_init(void) __attribute__((weak));

/* In a build with AddressSanitizer our own handler would call a runtime that makes such calls. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

bool trap_is_on;

/* libc's text: calls from there pass. Constant once the trap is set. */
static uintptr_t text_start;
static size_t text_len;

/* Finds the executable segment that an address is in. */
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
 * Our own calls must come from libc's text too. getpid() cannot fail, so it is a
 * system call instruction and a return: these two are the gate.
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

static long set(void)
{
	/* Without a selector: from elsewhere none passes. */
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
		emu_say("trap=on: %s makes system calls without libc", where);
	return where;
}

void trap_start(void (*handler)(int sig, siginfo_t *info, void *context))
{
	long ret;

	if (!is_wanted())
		return;
	if (emu_on_valgrind() || __tsan_init || SANITIZED) {
		emu_say("trap: not under %s; calls made outside libc are not seen",
			__tsan_init ? "ThreadSanitizer" :
			SANITIZED   ? "a shim with AddressSanitizer" :
				      "valgrind");
		return;
	}
	emu_gate = find_gate();
	if (!emu_gate) {
		emu_say("trap: this libc's getpid() is not as glibc's; calls made outside libc "
			"are not seen");
		return;
	}
	signals_start_sigsys(handler, trap_mask());
	trap_stack_start();
	ret = set();
	if (ret) {
		emu_gate = NULL;
		emu_say("trap: the kernel refuses Syscall User Dispatch (%s; Linux 5.11 has it); "
			"calls made outside libc are not seen",
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
	set();
}

void trap_tell_of_thread(void)
{
	if (fdtable_any())
		emu_say_once("clone: a thread that libc does not know of: its calls on an exmap "
			     "outside libc will fail with EBADF; make threads with "
			     "pthread_create()");
}

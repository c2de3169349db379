/* SPDX-License-Identifier: MIT */
/* options.h - EXMAP_OPTIONS=key=value:key=value, in the sanitizers' style */
#ifndef EXMAP_EMU_OPTIONS_H
#define EXMAP_EMU_OPTIONS_H

#include <stdbool.h>

enum emu_strategy {
	EMU_STRATEGY_AUTO,
	EMU_STRATEGY_MOVE,
	EMU_STRATEGY_COPY,
	EMU_STRATEGY_MPROTECT,
	EMU_STRATEGY_MIXED,
};

enum emu_trap { EMU_TRAP_AUTO, EMU_TRAP_ON, EMU_TRAP_OFF };

enum emu_backend { EMU_BACKEND_EMU, EMU_BACKEND_MODULE };

/**
 * struct emu_options - what EXMAP_OPTIONS says; constant once read
 * @strategy: how pages appear and vanish
 * @backend:  EMU_BACKEND_MODULE leaves /dev/exmap to the kernel
 * @stats:    print statistics when an exmap ends or the process exits
 * @junk:     fill fresh pages with a pattern instead of zeroes
 * @memcheck: tell valgrind which pages are accessible
 * @trap:     serve system calls made outside libc too; EMU_TRAP_AUTO looks if there are any
 * @verbose:  say which strategy was taken, and why
 */
struct emu_options {
	enum emu_strategy strategy;
	enum emu_backend backend;
	enum emu_trap trap;
	bool stats;
	bool junk;
	bool memcheck;
	bool verbose;
};

/** emu_options() - the options; read at the first call, from any thread. */
const struct emu_options *emu_options(void);

#endif /* EXMAP_EMU_OPTIONS_H */

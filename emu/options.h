/* SPDX-License-Identifier: MIT */
/* options.h - EXMAP_OPTIONS=key=value:key=value, in the sanitizers' style */
#ifndef EXMAP_EMU_OPTIONS_H
#define EXMAP_EMU_OPTIONS_H

#include <stdbool.h>

#include "core/inject_rule.h"

/* Which mover a surface gets; see strategy.h. EMU_STRATEGY_MIXED is for tests: see slots.h. */
enum emu_strategy {
	EMU_STRATEGY_AUTO,
	EMU_STRATEGY_MOVE,
	EMU_STRATEGY_COPY,
	EMU_STRATEGY_GUARD,
	EMU_STRATEGY_MPROTECT,
	EMU_STRATEGY_MIXED,
};

/* When to serve system calls made outside libc: where the client makes some, always, never. */
enum emu_trap { EMU_TRAP_AUTO, EMU_TRAP_ON, EMU_TRAP_OFF };

/* Who serves /dev/exmap: this emulator, or the kernel module. */
enum emu_backend { EMU_BACKEND_EMU, EMU_BACKEND_MODULE };

/* Which dialect an exmap that was opened as /dev/exmap obeys; clauses 8.9 to 8.12 of docs/spec.md. */
enum emu_dialect { EMU_DIALECT_EXMAP, EMU_DIALECT_LEANSTORE };

/**
 * struct emu_options - the settings of EXMAP_OPTIONS; constant after emu_options() has read them
 * @strategy: how pages appear and vanish
 * @backend:  who serves /dev/exmap
 * @dialect:  what /dev/exmap without a number follows
 * @trap:     when to serve system calls made outside libc
 * @stats:    print statistics when an exmap is closed and unmapped, or the process exits
 * @junk:     fill fresh pages with a pattern instead of zeroes, and overwrite freed ones
 * @readable_holes: under strategy=mprotect: if the process may have no more mappings, make free
 *            pages readable instead of having ALLOC fail
 * @memcheck: tell valgrind which pages are accessible
 * @history:  number of actions of each interface to keep for reports; 0: none
 * @history_stacks: keep the stacks of their callers, too
 * @notes:    say why calls fail, and what they did that may be a mistake
 * @report:   report bad accesses that the program has a handler for, too
 * @writeback: say which pages FREE drops whose content the backing does not have
 * @strict_shadows: RM_SD drops the pages of shadows at once; always so if memcheck is told of pages
 * @trace:    the file for a trace, in which %p stands for the pid; NULL for none
 * @inject:   faults to inject; see inject.h
 * @seed:     what random decisions follow from; never 0
 * @seed_drawn: @seed was drawn at random, and decisions follow from it
 * @yield:    probability, in billionths, that other threads run in the middle of a call; see yield.h
 * @quarantine: number of frames that must be freed after a frame before it is handed out again
 * @shuffle:  what the random order of frames follows from; 0: no random order
 * @steal:    each ALLOC takes other interfaces' frames first; see keeper.h
 * @verbose:  say on stderr which strategy was taken, what SETUP refused, and why
 */
struct emu_options {
	enum emu_strategy strategy;
	enum emu_backend backend;
	enum emu_dialect dialect;
	enum emu_trap trap;
	bool stats;
	bool junk;
	bool readable_holes;
	bool memcheck;
	unsigned int history;
	bool history_stacks;
	bool notes;
	bool report;
	bool writeback;
	bool strict_shadows;
	struct exmap_inject_rules inject;
	u32 seed;
	bool seed_drawn;
	u32 yield;
	u32 quarantine;
	u32 shuffle;
	bool steal;
	bool verbose;
	const char *trace;
};

/** emu_options() - the options. The first call reads EXMAP_OPTIONS. Any thread. */
const struct emu_options *emu_options(void);

/**
 * emu_option_set() - set one option, before emu_options() is called: for those who check it first
 * @option: KEY=VALUE or KEY, which must stay where it is
 * @takes:  set to what KEY takes, in words, or to NULL if there is no such option
 *
 * Return: whether there is this option and takes the value. Of inject= each rule is said that is none.
 */
bool emu_option_set(const char *option, const char **takes);

/** emu_say_seed() - if the seed was drawn at random, print it, once. Any thread. */
void emu_say_seed(void);

#endif /* EXMAP_EMU_OPTIONS_H */

/* SPDX-License-Identifier: MIT */
/*
 * inject.h - option inject=: calls fail, end early or take long
 *
 * A fault comes from the place where the real one would: a mover that cannot map a page, a backing that
 * cannot be read. core/ does with it what it does with the real one. What counts as an occasion:
 *
 *	alloc:enomem   each page that is mapped
 *	read:...       each range that is read
 *	...:delay=     each batch of pages, each range; with a fault, where that happens
 *	setup:enomem   each SETUP that would succeed
 *
 * Occasions are counted for each interface and rule, so what a seed leads to does not depend on other threads.
 */
#ifndef EXMAP_EMU_INJECT_H
#define EXMAP_EMU_INJECT_H

#include "emu/device.h"
#include "emu/inject_rule.h"

/**
 * struct emu_injected - what happens to an operation
 * @error: the negative errno that it fails with, or 0
 * @fit:   ALLOC: number of pages, from the first on, that are mapped before that; all without an error
 * @bytes: READ: number of bytes after which the backing seems to end; UINT64_MAX without such a rule
 */
struct emu_injected {
	int error;
	u64 fit;
	u64 bytes;
};

/**
 * emu_inject() - what happens to an operation; waits for delays of the rules
 * @dev:     the exmap
 * @op:      the operation
 * @id:      the interface, whose lock is held; 0 for SETUP
 * @runs:    its pages; READ has one run
 * @nr_runs: number of runs; 0 for SETUP
 *
 * Each injected fault is counted in @dev->injected, and under notes=1 named on stderr.
 */
struct emu_injected emu_inject(struct exmap_device *dev, enum emu_inject_op op, u32 id,
			       const struct exmap_run *runs, u32 nr_runs);

/** emu_report_injected() - print how often each rule did something to an exmap. */
void emu_report_injected(const struct exmap_device *dev);

#endif /* EXMAP_EMU_INJECT_H */

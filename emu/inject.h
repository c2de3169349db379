/* SPDX-License-Identifier: MIT */
/*
 * inject.h - option inject=: calls fail, end early or take long, as core/inject.h has it
 *
 * A fault comes from the place where the real one would: a mover that cannot map a page, a backing that
 * cannot be read.
 */
#ifndef EXMAP_EMU_INJECT_H
#define EXMAP_EMU_INJECT_H

#include "core/inject.h"
#include "emu/device.h"

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
struct exmap_injected emu_inject(struct exmap_device *dev, enum exmap_inject_op op, u32 id,
				 const struct exmap_run *runs, u32 nr_runs);

/** emu_report_injected() - print how often each rule did something to an exmap. */
void emu_report_injected(const struct exmap_device *dev);

#endif /* EXMAP_EMU_INJECT_H */

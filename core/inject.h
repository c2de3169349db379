/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * inject.h - errors on purpose: which operation fails, ends early or takes long, by the rules
 *
 * An error comes from the place where the real one would: the backend cannot map a page, or its
 * backing cannot be read. core/ does with it what it does with the real one. What counts as an
 * occasion:
 *
 *	alloc:enomem   each page that is mapped
 *	read:...       each range that is read
 *	...:delay=     each batch of pages, each range; with an error, where that happens
 *	setup:enomem   each SETUP that would succeed
 *
 * Occasions are counted for each interface and rule, so what a seed leads to does not depend on
 * other threads.
 */
#ifndef EXMAP_CORE_INJECT_H
#define EXMAP_CORE_INJECT_H

#include "core/inject_rule.h"
#include "core/pool.h"
#include "core/surface.h"

/**
 * struct exmap_inject_state - what the rules go by
 * @seed:      what random decisions follow from, if a rule has no seed of its own
 * @occasions: number of occasions that each rule had with each interface, or the state of its
 *             random numbers; atomic
 */
struct exmap_inject_state {
	u64 seed;
	u64 occasions[EXMAP_INJECT_RULES][EXMAP_MAX_INTERFACES];
};

/**
 * struct exmap_injected - what happens to an operation
 * @rules:    a bit for each rule that applies
 * @page:     for each of them, the page that it hits
 * @error:    the negative errno that the operation fails with, or 0
 * @fit:      ALLOC: number of pages, from the first on, that are mapped before that; all without an
 *            error
 * @bytes:    READ: number of bytes after which the backing seems to end; U64_MAX if no rule says so
 * @delay_ns: how much longer the operation takes
 */
struct exmap_injected {
	u32 rules;
	u64 page[EXMAP_INJECT_RULES];
	int error;
	u64 fit;
	u64 bytes;
	u64 delay_ns;
};

/**
 * exmap_inject() - what happens to an operation; the caller does it
 * @rules:   the rules
 * @state:   what they go by
 * @op:      the operation
 * @id:      the interface, whose lock is held; 0 for SETUP
 * @runs:    its pages; READ has one run
 * @nr_runs: number of runs; 0 for SETUP
 * @what:    filled in
 */
void exmap_inject(const struct exmap_inject_rules *rules, struct exmap_inject_state *state,
		  enum exmap_inject_op op, u32 id, const struct exmap_run *runs, u32 nr_runs,
		  struct exmap_injected *what);

/**
 * exmap_inject_map() - map the first pages of some runs, as if memory ran out then
 * @map: the backend's op
 * @fit: number of pages to map, at most all of the runs
 *
 * Return: number of pages that have appeared.
 */
u64 exmap_inject_map(u64 (*map)(struct exmap_surface *s, u32 id, const struct exmap_run *runs,
				u32 nr_runs),
		     struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs,
		     u64 fit);

#endif /* EXMAP_CORE_INJECT_H */

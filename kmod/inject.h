/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * inject.h - errors on purpose, in all exmaps, by the rules in debugfs: exmap/inject
 *
 * core/inject_rule.h has the rules, core/inject.h what they do. Writing the file replaces all
 * rules; between two of them stands a newline, a blank or a semicolon. Reading it shows each rule,
 * with the seed that was drawn for it if it has none, and how often it did something.
 *
 * Without rules a call passes over two or three instructions that do nothing: a static key.
 */
#ifndef EXMAP_KMOD_INJECT_H
#define EXMAP_KMOD_INJECT_H

#include <linux/jump_label.h>

#include "core/inject.h"
#include "device.h"

DECLARE_STATIC_KEY_FALSE(exmap_injecting);

extern const struct file_operations exmap_inject_fops;

/** exmap_injects() - whether there are rules. Any context. */
static __always_inline bool exmap_injects(void)
{
	return static_branch_unlikely(&exmap_injecting);
}

/** exmap_inject_exit() - forget the rules: the module goes, and its file has gone. */
void exmap_inject_exit(void);

/** exmap_injected_setup() - what happens to a SETUP that would succeed. Return: 0 or -ENOMEM. */
int exmap_injected_setup(void);

/* The types of the ops that map, and that read the backing. */
typedef u64 (*exmap_mapper)(struct exmap_surface *s, u32 id, const struct exmap_run *runs,
			    u32 nr_runs);
typedef s64 (*exmap_reader)(struct exmap_surface *s, u32 id, u64 page, u32 len);

/**
 * exmap_injected_map() - ALLOC of a batch, by the rules
 * @map: the op @map, to be called for all pages or the first ones
 *
 * Delays pass under the interface's lock, and end early if the process is killed. Otherwise as the
 * op.
 */
u64 exmap_injected_map(exmap_mapper map, struct exmap_surface *s, u32 id,
		       const struct exmap_run *runs, u32 nr_runs);

/** exmap_injected_unmap() - what happens to the FREE of a batch before its pages vanish. */
void exmap_injected_unmap(u32 id, const struct exmap_run *runs, u32 nr_runs);

/**
 * exmap_injected_read() - READ of a range, by the rules
 * @read: the op @fill or @fetch
 *
 * Steps out during a delay. Otherwise as the op.
 */
s64 exmap_injected_read(exmap_reader read, struct exmap_surface *s, u32 id, u64 page, u32 len);

/**
 * exmap_injected_bytes() - how many bytes the backing seems to have
 * @port: the interface
 * @page: where they begin, in pages of the backing
 * @n:    number of bytes read, or a negative errno
 */
static inline s64 exmap_injected_bytes(const struct exmap_port *port, u64 page, s64 n)
{
	u64 start = page << PAGE_SHIFT;

	if (!exmap_injects() || n <= 0 || !port->end)
		return n;
	return port->end > start ? min_t(u64, n, port->end - start) : 0;
}

#endif /* EXMAP_KMOD_INJECT_H */

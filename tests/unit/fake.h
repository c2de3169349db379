/* SPDX-License-Identifier: MIT */
/*
 * fake.h - a surface without memory: it records what core/ asks of it
 *
 * It keeps its own books of which page has which frame, and complains when a
 * call breaks what core/surface.h promises to a backend. Any thread may call.
 */
#ifndef EXMAP_TESTS_FAKE_H
#define EXMAP_TESTS_FAKE_H

#include "core/call.h"

#define FAKE_NO_PAGE UINT64_MAX
#define FAKE_LOG 64

enum fake_op { FAKE_MAP, FAKE_UNMAP, FAKE_FILL, FAKE_OPS };

/**
 * struct fake - a surface, a pool and interfaces
 * @s:          the surface; must be first
 * @pool:       its frames
 * @ifc:        interfaces, @nr_ifc of them, not locked
 * @user:       their pages
 *
 * Books, accessed atomically:
 * @mapped:     frame + 1 that each page has, 0 if it has none
 * @holder:     page + 1 that each frame has
 * @running:    per interface: an op runs
 * @complaints: promises broken
 * @calls:      ops called, by kind
 *
 * For tests of one thread:
 * @log:        lengths, in pages, of the first ops of each kind
 * @log_runs:   and the numbers of runs
 *
 * What the backend is to do:
 * @gone:       the surface goes while a call waits; atomic
 * @no_table:   first page of which prepare refuses to make words
 * @map_limit:  pages that can still be mapped; atomic
 * @pinned:     pages that unmap has to keep
 * @eof:        bytes of the backing
 * @fill_error: what fill fails with, if not 0
 * @gate:       page at which map, unmap or fill waits ...
 * @gate_op:    ... in this op ...
 * @reached:    ... counting up here ...
 * @open:       ... until this is not 0; atomic
 * @hook:       called in each op, before anything else or, for unmap, after
 */
struct fake {
	struct exmap_surface s;
	struct exmap_pool pool;
	struct exmap_interface *ifc;
	struct exmap_user_interface *user;
	void *memory;
	u32 nr_ifc;
	u32 *mapped;
	u64 *holder;
	u32 *running;
	u32 complaints;
	u32 calls[FAKE_OPS];
	u64 log[FAKE_OPS][FAKE_LOG];
	u32 log_runs[FAKE_OPS][FAKE_LOG];
	u32 gone;
	u64 no_table;
	u64 map_limit;
	u8 *pinned;
	u64 eof;
	s64 fill_error;
	u64 gate;
	enum fake_op gate_op;
	u32 reached;
	u32 open;
	void (*hook)(struct fake *f, enum fake_op op, u32 id);
};

/** fake_new() - everything empty and free. */
struct fake *fake_new(u64 nr_pages, u32 nr_frames, u32 nr_ifc);

/**
 * fake_check() - books, table and pool agree, and nobody complained
 *
 * No call may run. Every frame is either on one PRESENT page or free once.
 */
void fake_check(struct fake *f);

/** fake_free() - fake_check() and away with it. */
void fake_free(struct fake *f);

/** fake_present() - pages that are PRESENT. */
u64 fake_present(const struct fake *f);

/** fake_frame() - frame of a PRESENT page, or -1. */
s64 fake_frame(const struct fake *f, u64 page);

/** fake_ask() - write a vector of an interface. */
void fake_ask(struct fake *f, u32 id, u32 vec, u64 page, u64 len);

/* Calls whose interface the caller has locked, or shares with nobody. */

/** fake_locked_do() - an action of @n vectors. */
int fake_locked_do(struct fake *f, u32 id, unsigned int opcode, u32 n);

/** fake_bytes() - ALLOC or FREE of a range of bytes. */
int fake_bytes(struct fake *f, u32 id, unsigned int opcode, const struct iovec *range);

/** fake_readv() - a read of ranges of bytes. */
s64 fake_readv(struct fake *f, u32 id, unsigned int opcode, const struct iovec *iov, u32 n);

/** fake_do() - an action of @n vectors, locked as a device does. */
int fake_do(struct fake *f, u32 id, unsigned int opcode, u32 n);

/** fake_one() - an action of one vector. Return: its pages, or its negative result. */
int fake_one(struct fake *f, u32 id, unsigned int opcode, u64 page, u64 len);

/** fake_expect() - the result of a vector, and that its upper bits are zero. */
void fake_expect(const struct fake *f, u32 id, u32 vec, int res, int pages);

/** fake_read() - a read of one range, in pages. */
s64 fake_read(struct fake *f, u32 id, unsigned int opcode, u64 page, u64 len);

#endif /* EXMAP_TESTS_FAKE_H */

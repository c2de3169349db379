/* SPDX-License-Identifier: MIT */
/*
 * fake.h - a backend for core/ without memory, which records the ops that core/ calls
 *
 * It records itself which page has which frame. If core/ breaks a promise that core/surface.h
 * makes to backends, it counts a complaint. Any thread may call.
 */
#ifndef EXMAP_TESTS_FAKE_H
#define EXMAP_TESTS_FAKE_H

#include "core/call.h"

#define FAKE_NO_PAGE UINT64_MAX
#define FAKE_LOG 64

enum fake_op {
	FAKE_MAP,
	FAKE_UNMAP,
	FAKE_FILL,
	FAKE_STORE,
	FAKE_SHADOW,
	FAKE_UNSHADOW,
	FAKE_FETCH,
	FAKE_OPS
};

/**
 * struct fake - a surface, a pool and interfaces
 * @s:          the surface; must be first
 * @x:          the exmap, as far as shadows need it
 * @pool:       the frames
 * @ifc:        @nr_ifc interfaces
 * @user:       the pages of the interfaces
 *
 * What the ops record; atomic:
 * @mapped:     for each page: its frame + 1, or 0 if it has none
 * @holder:     for each frame: its page + 1, or 0 if it has none
 * @shows:      for each page: the source that it shows + 1, or 0 if it is no shadow
 * @stored:     for each page: how often the store op has replaced its content
 * @fetched:    for each interface: the first page that the fetch op has read last, and how many
 * @running:    for each interface: an op is running
 * @complaints: number of broken promises
 * @calls:      number of calls of each op
 *
 * What the ops record for tests with one thread:
 * @log:        for each op: pages of its first calls
 * @log_runs:   for each op: runs of its first calls
 *
 * How the ops are to behave; set before the calls where nothing else is said:
 * @gone:       the wait op says that the surface has gone; atomic
 * @no_table:   first page for which the prepare op fails
 * @map_limit:  number of pages that can still be mapped; atomic
 * @pinned:     pages that the unmap op keeps
 * @no_memory:  the shadow op shows nothing, and the store op stores nothing, and both say that memory
 *              ran out
 * @eof:        bytes of the backing
 * @fill_error: negative errno of the fill and the fetch op, or 0 to succeed
 * @gate:       page at which op @gate_op waits until @open is not 0
 * @gate_op:    map, unmap or fill
 * @reached:    counts the calls that have come to the gate; atomic
 * @open:       opens the gate; atomic
 * @hook:       called at the beginning of each op, but at the end of unmap and fetch
 */
struct fake {
	struct exmap_surface s;
	struct exmap x;
	struct exmap_pool pool;
	struct exmap_interface *ifc;
	struct exmap_user_interface *user;
	void *memory;
	u32 nr_ifc;
	u32 *mapped;
	u64 *holder;
	u64 *shows;
	u32 *stored;
	struct exmap_range *fetched;
	u32 *running;
	u32 complaints;
	u32 calls[FAKE_OPS];
	u64 log[FAKE_OPS][FAKE_LOG];
	u32 log_runs[FAKE_OPS][FAKE_LOG];
	u32 gone;
	u64 no_table;
	u64 map_limit;
	u8 *pinned;
	bool no_memory;
	u64 eof;
	s64 fill_error;
	u64 gate;
	enum fake_op gate_op;
	u32 reached;
	u32 open;
	void (*hook)(struct fake *f, enum fake_op op, u32 id);
};

/** fake_new() - a surface of EMPTY pages, and a pool of free frames. */
struct fake *fake_new(u64 nr_pages, u32 nr_frames, u32 nr_ifc);

/**
 * fake_check() - assert that records, page table and pool agree, and that there is no complaint
 *
 * Each frame must be on one PRESENT page, or free and in the pool once. Each shadow must be one to the
 * backend, too. No call may be running.
 */
void fake_check(struct fake *f);

/** fake_free() - fake_check(), then free everything. */
void fake_free(struct fake *f);

/** fake_present() - number of pages that are PRESENT. */
u64 fake_present(const struct fake *f);

/** fake_frame() - the frame of a page, -1 if the page is not PRESENT. */
s64 fake_frame(const struct fake *f, u64 page);

/** fake_ask() - write vector @vec of interface @id: @len pages from @page on. */
void fake_ask(struct fake *f, u32 id, u32 vec, u64 page, u64 len);

/* For an interface that the caller has locked, or that no other thread uses. */

/** fake_locked_do() - an action of the interface's first @n vectors. */
int fake_locked_do(struct fake *f, u32 id, unsigned int opcode, u32 n);

/** fake_bytes() - ALLOC or FREE of one range, as exmap_bytes(). */
int fake_bytes(struct fake *f, u32 id, unsigned int opcode, const struct iovec *range);

/** fake_readv() - a read into @n ranges, as exmap_read(). */
s64 fake_readv(struct fake *f, u32 id, unsigned int opcode, const struct iovec *iov, u32 n);

/** fake_show() - SHADOW of the interface's first @n vectors onto @target, under its lock. */
int fake_show(struct fake *f, u32 id, u32 n, u64 target);

/** fake_rm_sd() - RM_SD, under the interface's lock. */
int fake_rm_sd(struct fake *f, u32 id);

/** fake_shown() - the source that a page shows, -1 if it is no shadow, or one that has ended. */
s64 fake_shown(const struct fake *f, u64 page);

/** fake_do() - fake_locked_do() under the interface's lock, as a backend calls core/. */
int fake_do(struct fake *f, u32 id, unsigned int opcode, u32 n);

/** fake_one() - fake_do() of one vector. Return: its pages, or its negative res. */
int fake_one(struct fake *f, u32 id, unsigned int opcode, u64 page, u64 len);

/** fake_expect() - assert a vector's result, and that its upper bits are zero. */
void fake_expect(const struct fake *f, u32 id, u32 vec, int res, int pages);

/** fake_read() - a read of @len pages from @page on, under the interface's lock. */
s64 fake_read(struct fake *f, u32 id, unsigned int opcode, u64 page, u64 len);

#endif /* EXMAP_TESTS_FAKE_H */

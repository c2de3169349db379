/* SPDX-License-Identifier: MIT */
/*
 * history.h - the latest actions of each interface, for reports: who freed a page, and when
 *
 * Kept under option history=N: N actions of each interface, with what they asked for, and the
 * stacks of their callers under history-stacks=1.
 */
#ifndef EXMAP_EMU_HISTORY_H
#define EXMAP_EMU_HISTORY_H

#include "core/call.h"
#include "emu/backtrace.h"

struct emu_history;

/**
 * struct emu_history_event - an action that was found
 * @interface: the interface that it went through
 * @opcode:    EXMAP_OP_ALLOC, EXMAP_OP_FREE or EXMAP_OP_READ
 * @thread:    the thread's id
 * @done:      whether the action has ended
 * @ago:       number of actions of the interface since: 0 for the latest
 * @order:     a later action of the exmap has a greater one
 * @stack:     the caller's stack; empty without history-stacks=1
 */
struct emu_history_event {
	u32 interface;
	u32 opcode;
	int thread;
	bool done;
	u64 ago;
	u64 order;
	struct emu_stack stack;
};

/** emu_history_new() - room for the actions of @n interfaces. Return: NULL if out of memory. */
struct emu_history *emu_history_new(u32 n);

/** emu_history_free() - free what emu_history_new() returned, or NULL; nobody else uses it. */
void emu_history_free(struct emu_history *h);

/**
 * emu_history_vectors() - record that an action begins
 * @iov: its vectors, which the client may change meanwhile
 * @n:   number of vectors
 *
 * The interface's lock is held until emu_history_vectors_end().
 */
void emu_history_vectors(struct emu_history *h, const struct exmap_call *call,
			 const struct exmap_iov *iov, u32 n);

/** emu_history_ranges() - the same for a call that names ranges of bytes. */
void emu_history_ranges(struct emu_history *h, const struct exmap_call *call,
			const struct iovec *ranges, u32 n);

/**
 * emu_history_vectors_end() - record that an action of vectors has ended
 * @ret: what exmap_vectors() has returned
 *
 * From now on the action names no page of those vectors that came to nothing, and of a vector that ran
 * out of frames only the pages before that. Of a vector that found some of its pages done already
 * all count.
 */
void emu_history_vectors_end(struct emu_history *h, const struct exmap_call *call, s64 ret);

/**
 * emu_history_ranges_end() - the same for a call that names ranges of bytes
 * @in_order: the call ends at the first range that is not done, as exmap_read() does
 * @ret:      number of bytes, or a negative errno
 */
void emu_history_ranges_end(struct emu_history *h, const struct exmap_call *call, bool in_order,
			    s64 ret);

/**
 * emu_history_forget() - find no action any more that was made so far: the surface is unmapped
 *
 * Calls on the exmap are stopped.
 */
void emu_history_forget(struct emu_history *h);

/**
 * emu_history_find() - find the latest action that named a page
 * @page:    the page
 * @opcodes: bits of opcodes that are meant, such as 1 << EXMAP_OP_FREE
 * @done:    whether actions that have ended are meant, or those in progress
 * @event:   set to the action
 *
 * Takes no lock, so an action that is recorded meanwhile may be missed. Any thread, in signal
 * handlers too.
 *
 * Return: whether there is one.
 */
bool emu_history_find(const struct emu_history *h, u64 page, u32 opcodes, bool done,
		      struct emu_history_event *event);

/**
 * emu_history_oldest() - find the page that was allocated longest ago, and is allocated still
 * @s:       the surface
 * @page:    set to the page
 * @event:   set to the ALLOC or READ that named the page
 *
 * Only actions that are kept are known. Otherwise as emu_history_find().
 */
bool emu_history_oldest(const struct emu_history *h, const struct exmap_surface *s, u64 *page,
			struct emu_history_event *event);

#endif /* EXMAP_EMU_HISTORY_H */

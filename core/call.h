/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * call.h - one call on an interface: what ALLOC, FREE and READ mean
 *
 * Here live the rules of docs/spec.md, sections 4 and 5. How a page appears is the surface's
 * business, see struct exmap_surface_ops.
 *
 * A call collects runs of pages in its interface's batch. It owns these pages: their words are
 * BUSY. It finishes the batch, which maps or unmaps all its pages at once, when the batch is full,
 * when the vectors end, and when the call meets a page that is BUSY already. Only a call that owns
 * nothing waits for a BUSY page, so two calls never wait for each other.
 */
#ifndef EXMAP_CORE_CALL_H
#define EXMAP_CORE_CALL_H

#include "core/exmap.h"
#include "core/interface.h"

/**
 * enum exmap_call_state - whether a call goes on
 * @EXMAP_CALL_GOES_ON:    nothing has stopped it
 * @EXMAP_CALL_NO_FRAMES:  a page got no frame, or no memory for its table: the vector @failed_vec
 *                         and all behind it answer ENOMEM [4.6]
 * @EXMAP_CALL_NO_SURFACE: the surface went while the call waited: the call fails with EPROTO, and
 *                         no result is written
 */
enum exmap_call_state { EXMAP_CALL_GOES_ON, EXMAP_CALL_NO_FRAMES, EXMAP_CALL_NO_SURFACE };

/**
 * struct exmap_call - a call in progress; on the stack of its thread
 * @ifc:        the interface, locked
 * @s:          the surface
 * @opcode:     EXMAP_OP_ALLOC, EXMAP_OP_FREE or EXMAP_OP_READ
 * @state:      see above; 0 at the beginning
 * @failed_vec: in EXMAP_CALL_NO_FRAMES, the first vector that answers ENOMEM; else nothing
 */
struct exmap_call {
	struct exmap_interface *ifc;
	struct exmap_surface *s;
	u32 opcode;
	enum exmap_call_state state;
	u32 failed_vec;
};

/** exmap_call_init() - a call begins; its interface is locked. */
static inline void exmap_call_init(struct exmap_call *call, struct exmap_interface *ifc,
				   struct exmap_surface *s, u32 opcode)
{
	call->ifc = ifc;
	call->s = s;
	call->opcode = opcode;
	call->state = EXMAP_CALL_GOES_ON;
}

/** exmap_result() - a result's whole word: its upper 16 bits are no field's, and zero [4.2]. */
static inline u64 exmap_result(s32 res, u16 pages)
{
	return (u32)res | (u64)pages << 32;
}

/**
 * exmap_action() - ALLOC or FREE the pages of vectors [4]
 * @call:    of opcode EXMAP_OP_ALLOC or EXMAP_OP_FREE, as exmap_check_vectors() let through
 * @iov:     where the vectors are read, and the results are written, each once: the interface's
 *           page, or @call->ifc->result
 * @iov_len: number of vectors, 1 to EXMAP_USER_INTERFACE_PAGES
 *
 * Return: number of vectors with a negative result [4.3], or -EPROTO if the surface went while the
 * call waited. Results are there only if the return value is not negative.
 */
int exmap_action(struct exmap_call *call, struct exmap_iov *iov, u32 iov_len);

/**
 * exmap_bytes() - ALLOC or FREE a range of bytes of any length [7.5]
 * @call:  of opcode EXMAP_OP_ALLOC or EXMAP_OP_FREE
 * @range: of surface memory, in the caller's own memory
 *
 * Return: bytes newly mapped or unmapped, or a negative errno.
 */
int exmap_bytes(struct exmap_call *call, const struct iovec *range);

/**
 * exmap_read() - map ranges of bytes, and with EXMAP_OP_READ fill them [5.2-5.6]
 * @call:   of opcode EXMAP_OP_READ or EXMAP_OP_ALLOC, as exmap_check_read() let through
 * @iov:    ranges of surface memory, in the caller's own memory
 * @nr_iov: number of ranges
 *
 * Return: bytes, or a negative errno.
 */
s64 exmap_read(struct exmap_call *call, const struct iovec *iov, u32 nr_iov);

#endif /* EXMAP_CORE_CALL_H */

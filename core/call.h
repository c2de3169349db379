/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * call.h - one call on an interface: ALLOC, FREE and READ; docs/spec.md, sections 4 and 5
 *
 * The way of an ALLOC, from here to the pool and back:
 *
 * exmap_action()               action.c   reads the vectors, at last writes the results
 *   add_vectors()              action.c   takes each vector, by the fast path or add_pages()
 *     exmap_claim_run()        surface.c  EMPTY pages become BUSY and join the batch
 *     finish_batch()           action.c   if the batch is full, at a BUSY page, at the end
 *       exmap_batch_map()      batch.c
 *         exmap_pool_get()     pool.c     takes frames
 *         ops->map()           backend    pages appear with these frames
 *       exmap_batch_publish()  batch.c    BUSY pages become PRESENT
 *
 * FREE claims PRESENT pages, calls ops->unmap(), and exmap_batch_retire() gives their frames to
 * exmap_pool_put(). How pages appear and vanish is up to the backend: struct exmap_surface_ops.
 *
 * A call *owns* the pages of its batch: their words are BUSY, and no other call maps or unmaps
 * them. A call that meets a page which is BUSY already first finishes its own batch. Only a call
 * that owns no page waits for a BUSY page, so two calls never wait for each other.
 *
 * Thread-safety: the caller of each function here holds the interface's lock.
 */
#ifndef EXMAP_CORE_CALL_H
#define EXMAP_CORE_CALL_H

#include "core/exmap.h"
#include "core/interface.h"

/**
 * enum exmap_call_state - whether a call goes on
 * @EXMAP_CALL_GOES_ON:    nothing has stopped the call
 * @EXMAP_CALL_NO_FRAMES:  a page got no frame, or the table has no memory for its word. The vector
 *                         @failed_vec and all vectors behind it answer ENOMEM [4.6]
 * @EXMAP_CALL_NO_SURFACE: the surface was unmapped while the call waited. The call fails with
 *                         EPROTO and writes no result
 */
enum exmap_call_state { EXMAP_CALL_GOES_ON, EXMAP_CALL_NO_FRAMES, EXMAP_CALL_NO_SURFACE };

/**
 * struct exmap_call - a call in progress; on the stack of the thread that makes it
 * @ifc:        the interface, locked
 * @s:          the surface
 * @opcode:     EXMAP_OP_ALLOC, EXMAP_OP_FREE or EXMAP_OP_READ
 * @state:      whether the call goes on
 * @failed_vec: if @state is EXMAP_CALL_NO_FRAMES, the first vector that answers ENOMEM; not set
 *              otherwise
 */
struct exmap_call {
	struct exmap_interface *ifc;
	struct exmap_surface *s;
	u32 opcode;
	enum exmap_call_state state;
	u32 failed_vec;
};

/** exmap_call_init() - begin a call on an interface whose lock is held. */
static inline void exmap_call_init(struct exmap_call *call, struct exmap_interface *ifc,
				   struct exmap_surface *s, u32 opcode)
{
	call->ifc = ifc;
	call->s = s;
	call->opcode = opcode;
	call->state = EXMAP_CALL_GOES_ON;
}

/** exmap_result() - the word of a result; its upper 16 bits are zero [4.2]. */
static inline u64 exmap_result(s32 res, u16 pages)
{
	return (u32)res | (u64)pages << 32;
}

/**
 * exmap_action() - ALLOC or FREE the pages that vectors name [4]
 * @call:    its opcode is EXMAP_OP_ALLOC or EXMAP_OP_FREE, and exmap_check_vectors() let it through
 * @iov:     the vectors; each is read once, and its result is written once. Either the page that
 *           the client shares, or @call->ifc->result
 * @iov_len: number of vectors, 1 to EXMAP_USER_INTERFACE_PAGES
 *
 * Return: number of vectors with a negative result [4.3]; or -EPROTO if the surface was unmapped
 * while the call waited, and then no result is written to the client's page; or, in the LeanStore
 * dialect only, -ENOMEM if frames ran out, and then only vectors that are done have results [8.11].
 */
int exmap_action(struct exmap_call *call, struct exmap_iov *iov, u32 iov_len);

/**
 * exmap_bytes() - ALLOC or FREE one range of bytes [7.5]
 * @call:  its opcode is EXMAP_OP_ALLOC or EXMAP_OP_FREE
 * @range: address and length of surface memory in bytes. The structure is the caller's own: the
 *         client cannot change it
 *
 * Return: number of bytes newly mapped or unmapped; or -EINVAL (not whole pages, or more than
 * INT_MAX bytes), -EFAULT (outside the surface), -ENOMEM (not enough frames) or -EPROTO (no
 * surface).
 */
int exmap_bytes(struct exmap_call *call, const struct iovec *range);

/**
 * exmap_read() - map ranges of bytes, and fill them if the opcode is EXMAP_OP_READ [5.2-5.6]
 * @call:   its opcode is EXMAP_OP_READ or EXMAP_OP_ALLOC, and exmap_check_read() let it through
 * @iov:    ranges of surface memory in bytes. The array is the caller's own: the client cannot
 *          change it
 * @nr_iov: number of ranges
 *
 * Return: number of bytes of the ranges that are done. If that is 0, the first range may have
 * failed with -EINVAL (not whole pages), -EFAULT (outside the surface), -ENOMEM (not enough
 * frames), -EPROTO (no surface) or an errno of the backing.
 */
s64 exmap_read(struct exmap_call *call, const struct iovec *iov, u32 nr_iov);

#endif /* EXMAP_CORE_CALL_H */

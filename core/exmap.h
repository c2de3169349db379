/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * exmap.h - one exmap, and which calls on it are let through
 *
 * Each backend's device embeds a struct exmap. A call passes these steps:
 *
 * backend      copies the client's arguments in
 * this file    exmap_check_vectors(), exmap_check_read() ...: is the call let through?
 * backend      locks the interface
 * core/call.h  exmap_action(), exmap_read() ...: performs the call
 *
 * A call that is not let through fails with the errno that docs/spec.md names first, and changes
 * nothing.
 *
 * Thread-safety: any thread may call these functions at any time, unless a function says otherwise.
 */
#ifndef EXMAP_CORE_EXMAP_H
#define EXMAP_CORE_EXMAP_H

#include "core/pool.h"
#include "core/surface.h"

struct exmap_interface;

/**
 * struct exmap - what core/ knows of one exmap
 * @nr_interfaces: number of interfaces; 0 before SETUP. Atomic: SETUP stores it with release, after
 *                 all fields below. Then it is constant.
 * @buffer_size:   number of frames in @pool. Constant after SETUP
 * @has_backing:   whether READ has a backing to read from. Constant after SETUP
 * @leanstore:     calls follow the LeanStore dialect [8.9]. Constant since the exmap was made
 * @pool:          the frames. It has locks of its own
 * @interfaces:    array of @nr_interfaces pointers. Constant after SETUP
 * @forgotten:     number of pages that left the surface without FREE, because the surface was
 *                 unmapped. Written by a thread that has stopped all calls; read atomically at any
 *                 time
 *
 * A thread that has seen @nr_interfaces above 0 may read the constant fields without a lock.
 */
struct exmap {
	u32 nr_interfaces;
	u64 buffer_size;
	bool has_backing;
	bool leanstore;
	struct exmap_pool pool;
	struct exmap_interface **interfaces;
	u64 forgotten;
};

/** exmap_nr_interfaces() - number of interfaces, all ready to use; 0 before SETUP. */
static inline u32 exmap_nr_interfaces(const struct exmap *x)
{
	/*
	 * Pairs with exmap_setup_done(): a caller that sees a number above 0 sees all that SETUP
	 * made.
	 */
	return exmap_load_acquire(&x->nr_interfaces);
}

/**
 * exmap_setup_done() - let calls begin
 * @x:             the exmap, of which SETUP has written all other fields
 * @nr_interfaces: number of interfaces
 *
 * Caller: as for exmap_check_setup().
 */
void exmap_setup_done(struct exmap *x, u32 nr_interfaces);

/**
 * exmap_check_setup() - whether a SETUP may begin [3.1]
 * @x:       the exmap
 * @foreign: another process has mapped the surface [1.4]
 * @setup:   the arguments, or NULL if the client's pointer could not be read
 *
 * Caller: only one SETUP of an exmap runs at a time.
 *
 * Return: 0, -EFAULT, -EBUSY or -EPROTO.
 */
int exmap_check_setup(const struct exmap *x, bool foreign, const struct exmap_ioctl_setup *setup);

/**
 * exmap_check_sizes() - whether the numbers and flags of a SETUP can be served [3.2, 3.4, 8.10]
 * @x:           the exmap
 * @setup:       the arguments
 * @most_frames: number of pages that the machine has
 *
 * Caller: has checked the backing first, because EBADF goes before the errors found here [3.3].
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int exmap_check_sizes(const struct exmap *x, const struct exmap_ioctl_setup *setup,
		      u64 most_frames);

/**
 * exmap_check_vectors() - whether an ACTION may begin [4.1]
 * @x:         the exmap
 * @mapped:    the surface is mapped in the caller's address space
 * @readable:  the client's parameters could be read; if not, the following arguments do not matter
 * @interface: the interface's number, as the client gave it
 * @opcode:    as the client gave it
 * @iov_len:   number of vectors, as the client gave it
 *
 * Return: 0, -EBADF, -EPROTO, -EFAULT or -EINVAL; the first that applies, in this order.
 */
static inline int exmap_check_vectors(const struct exmap *x, bool mapped, bool readable,
				      u32 interface, u32 opcode, u32 iov_len)
{
	u32 n = exmap_nr_interfaces(x);

	if (exmap_unlikely(!n))
		return -EBADF;
	if (exmap_unlikely(!mapped))
		return -EPROTO;
	if (exmap_unlikely(!readable))
		return -EFAULT;
	if (exmap_unlikely(interface >= n || iov_len > EXMAP_USER_INTERFACE_PAGES ||
			   opcode - EXMAP_OP_ALLOC > EXMAP_OP_RM_SD - EXMAP_OP_ALLOC))
		return -EINVAL;
	return 0;
}

/**
 * exmap_check_shadow() - whether a SHADOW may begin [8.5]
 * @s:       the surface
 * @ifc:     the interface, which is locked
 * @asked:   the sources: copies of the client's vectors
 * @n:       number of sources
 * @page_id: number of the first target page, as the client gave it
 * @len:     set to the number of targets
 *
 * exmap_check_vectors() has let the call through.
 *
 * Return: 0, -EFAULT (a page outside the surface) or -ENOMEM (too many shadows).
 */
int exmap_check_shadow(const struct exmap_surface *s, const struct exmap_interface *ifc,
		       const struct exmap_iov *asked, u32 n, u64 page_id, u64 *len);

/**
 * exmap_check_read() - whether a read may begin [5.1]
 * @x:      the exmap
 * @offset: the file offset: the interface in the low byte, the opcode in the next byte
 *
 * A read without a mapped surface fails with EPROTO. That is not checked here: the backend finds it
 * when it locks the interface, so EINVAL goes before EPROTO.
 *
 * Return: 0 or -EINVAL.
 */
int exmap_check_read(const struct exmap *x, u64 offset);

/** exmap_read_interface() - the number of the interface in a read's file offset. */
static inline u32 exmap_read_interface(u64 offset)
{
	return offset & 0xff;
}

/** exmap_read_opcode() - the opcode in a read's file offset. */
static inline u32 exmap_read_opcode(u64 offset)
{
	return offset >> 8 & 0xff;
}

/**
 * exmap_check_command() - whether an io_uring command may begin [7.5]
 * @x:      the exmap
 * @cmd_op: from the command: the interface in the low byte, the opcode above
 * @fixed:  the command's range holds vectors, in a registered buffer
 * @len:    length of the range in bytes
 *
 * EPROTO is not checked here, as in exmap_check_read().
 *
 * Return: 0 or -EINVAL.
 */
int exmap_check_command(const struct exmap *x, u32 cmd_op, bool fixed, u64 len);

/** exmap_command_interface() - the number of the interface in a command. */
static inline u32 exmap_command_interface(u32 cmd_op)
{
	return cmd_op & 0xff;
}

/**
 * exmap_mapped_pages() - number of pages that are mapped [7.1]
 * @x: the exmap
 *
 * Exact if no call runs. While calls run, the sum of the counters may be off by the pages of these
 * calls, but is never negative.
 */
u64 exmap_mapped_pages(const struct exmap *x);

/**
 * exmap_get_stats() - the answer of EXMAP_IOCTL_STATS [7.1]
 * @mapped: the surface is mapped, in the caller's address space
 * @stats:  filled in
 *
 * Any thread, while calls go on.
 */
void exmap_get_stats(const struct exmap *x, bool mapped, struct exmap_ioctl_stats *stats);

#endif /* EXMAP_CORE_EXMAP_H */

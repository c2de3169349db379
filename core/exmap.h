/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * exmap.h - one exmap, and which calls on it are let through
 *
 * Each backend's device embeds a struct exmap. The functions here decide which errno a call fails
 * with before anything is done, in the order that docs/spec.md gives. A backend copies the
 * arguments in, asks here, locks the interface, and calls core/call.h.
 */
#ifndef EXMAP_CORE_EXMAP_H
#define EXMAP_CORE_EXMAP_H

#include "core/pool.h"
#include "core/surface.h"

struct exmap_interface;

/**
 * struct exmap - what the rules know of one exmap
 * @nr_interfaces: 0 before SETUP. SETUP stores it last, with release; then constant
 * @buffer_size:   frames in @pool
 * @has_backing:   whether READ has a backing to read from
 * @pool:          the frames
 * @interfaces:    @nr_interfaces of them
 * @forgotten:     pages that left the surface without FREE, when it was unmapped. Written while no
 *                 call runs, read atomically
 *
 * SETUP writes @buffer_size, @has_backing, @pool and @interfaces before @nr_interfaces; then these
 * are constant.
 */
struct exmap {
	u32 nr_interfaces;
	u64 buffer_size;
	bool has_backing;
	struct exmap_pool pool;
	struct exmap_interface **interfaces;
	u64 forgotten;
};

/** exmap_nr_interfaces() - how many interfaces there are, all ready to use; 0 before SETUP. */
static inline u32 exmap_nr_interfaces(const struct exmap *x)
{
	/* Pairs with exmap_setup_done(). */
	return exmap_load_acquire(&x->nr_interfaces);
}

/** exmap_setup_done() - SETUP has written all else: calls may begin. */
static inline void exmap_setup_done(struct exmap *x, u32 nr_interfaces)
{
	exmap_store_release(&x->nr_interfaces, nr_interfaces);
}

/**
 * exmap_check_setup() - whether a SETUP may begin [3.1]
 * @foreign: another process has mapped the surface [1.4]
 * @setup:   the arguments, or NULL if the client's pointer could not be read
 *
 * Caller serialises SETUPs of one exmap. Return: 0 or a negative errno.
 */
int exmap_check_setup(const struct exmap *x, bool foreign, const struct exmap_ioctl_setup *setup);

/**
 * exmap_check_sizes() - whether the values of a SETUP can be served [3.2, 3.4]
 * @setup:       the arguments. The backing has been looked at: its EBADF goes before [3.3]
 * @most_frames: as many pages as the machine has
 *
 * Return: 0 or a negative errno.
 */
int exmap_check_sizes(const struct exmap_ioctl_setup *setup, u64 most_frames);

/**
 * exmap_check_vectors() - whether vectors may be done: an ACTION's [4.1]
 * @mapped:    the surface is mapped, in the caller's address space
 * @readable:  the client's parameters could be read
 * @interface: the interface's number, as given
 * @opcode:    as given
 * @iov_len:   number of vectors, as given
 *
 * Return: 0 or a negative errno.
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
			   (opcode != EXMAP_OP_ALLOC && opcode != EXMAP_OP_FREE)))
		return -EINVAL;
	return 0;
}

/**
 * exmap_check_read() - whether a read may begin [5.1]
 * @offset: the file offset: the interface in the low byte, the opcode in the next
 *
 * EPROTO comes after what is found here: the backend answers it when the interface has been locked
 * and no surface is mapped. Return: 0 or a negative errno.
 */
int exmap_check_read(const struct exmap *x, u64 offset);

/** exmap_read_interface() - the number of the interface that a read's offset names. */
static inline u32 exmap_read_interface(u64 offset)
{
	return offset & 0xff;
}

/** exmap_read_opcode() - the opcode that a read's offset names. */
static inline u32 exmap_read_opcode(u64 offset)
{
	return offset >> 8 & 0xff;
}

/**
 * exmap_check_command() - whether an io_uring command may begin [7.5]
 * @cmd_op: of the command: the interface in the low byte, the opcode above
 * @fixed:  the command's range holds vectors, in a registered buffer
 * @len:    bytes of the range
 *
 * As exmap_check_read().
 */
int exmap_check_command(const struct exmap *x, u32 cmd_op, bool fixed, u64 len);

/** exmap_command_interface() - the number of the interface that a command names. */
static inline u32 exmap_command_interface(u32 cmd_op)
{
	return cmd_op & 0xff;
}

/** exmap_mapped_pages() - pages mapped by ALLOC and READ and not unmapped since [7.1]. */
u64 exmap_mapped_pages(const struct exmap *x);

#endif /* EXMAP_CORE_EXMAP_H */

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* exmap.c - which calls are let through; the rules are in exmap.h */

#include "core/exmap.h"

#include "core/interface.h"

int exmap_check_setup(const struct exmap *x, bool foreign, const struct exmap_ioctl_setup *setup)
{
	if (!setup)
		return -EFAULT;
	if (x->nr_interfaces)
		return -EBUSY;
	return foreign ? -EPROTO : 0;
}

int exmap_check_sizes(const struct exmap *x, const struct exmap_ioctl_setup *setup, u64 most_frames)
{
	if (setup->max_interfaces < 1 || setup->max_interfaces > EXMAP_MAX_INTERFACES ||
	    !setup->buffer_size)
		return -EINVAL;
	/* Beside other bits, the bit is one of a field that the client did not initialise. */
	if (setup->flags == EXMAP_PAGEFAULT_ALLOC && !x->leanstore)
		return -EINVAL;
	if (setup->buffer_size > most_frames || setup->buffer_size >= U32_MAX)
		return -ENOMEM;
	return 0;
}

void exmap_setup_done(struct exmap *x, u32 nr_interfaces)
{
	for (u32 i = 0; i < nr_interfaces; i++)
		x->interfaces[i]->leanstore = x->leanstore;
	exmap_store_release(&x->nr_interfaces, nr_interfaces);
}

int exmap_check_shadow(const struct exmap_surface *s, const struct exmap_interface *ifc,
		       const struct exmap_iov *asked, u32 n, u64 page_id, u64 *len)
{
	*len = 0;
	for (u32 i = 0; i < n; i++) {
		if (!exmap_in_surface(s, asked[i].page, asked[i].len))
			return -EFAULT;
		*len += asked[i].len;
	}
	if (!exmap_in_surface(s, page_id, *len))
		return -EFAULT;
	return ifc->nr_shadows < EXMAP_SHADOW_RANGES ? 0 : -ENOMEM;
}

int exmap_check_read(const struct exmap *x, u64 offset)
{
	u32 opcode = exmap_read_opcode(offset);

	if (offset & ~0xffffULL || exmap_read_interface(offset) >= exmap_nr_interfaces(x))
		return -EINVAL;
	if (opcode != EXMAP_OP_READ && opcode != EXMAP_OP_ALLOC)
		return -EINVAL;
	if (opcode == EXMAP_OP_READ && !x->has_backing)
		return -EINVAL;
	return 0;
}

int exmap_check_command(const struct exmap *x, u32 cmd_op, bool fixed, u64 len)
{
	if (exmap_command_interface(cmd_op) >= exmap_nr_interfaces(x) ||
	    cmd_op >> 8 != EXMAP_OP_ALLOC)
		return -EINVAL;
	if (fixed &&
	    (!len || len % sizeof(struct exmap_iov) || len > sizeof(struct exmap_user_interface)))
		return -EINVAL;
	return 0;
}

u64 exmap_mapped_pages(const struct exmap *x)
{
	u32 n = exmap_nr_interfaces(x);
	u64 freed = exmap_load(&x->forgotten);
	u64 allocated = 0;

	for (u32 i = 0; i < n; i++)
		freed += exmap_load(&x->interfaces[i]->counts.freed);
	for (u32 i = 0; i < n; i++)
		allocated += exmap_load(&x->interfaces[i]->counts.allocated);
	/*
	 * Calls go on while the counters are read one after the other, so @freed may be the greater
	 * one.
	 */
	return allocated > freed ? allocated - freed : 0;
}

void exmap_get_stats(const struct exmap *x, bool mapped, struct exmap_ioctl_stats *stats)
{
	u32 n = exmap_nr_interfaces(x);

	memset(stats, 0, sizeof(*stats));
	if (!n)
		return;
	stats->buffer_size = x->buffer_size;
	stats->max_interfaces = n;
	stats->alloc_count = exmap_mapped_pages(x);
	stats->flags = mapped;
}

// SPDX-License-Identifier: MIT
/* notes.c - see notes.h */

#define _GNU_SOURCE
#include "emu/notes.h"

#include <stdio.h>
#include <string.h>

#include "emu/device.h"
#include "emu/diagnose.h"
#include "emu/failed.h"
#include "emu/history.h"
#include "emu/options.h"
#include "emu/registry.h"
#include "emu/say.h"
#include "emu/surface.h"

void emu_note_setup(const struct exmap *x, const struct exmap_ioctl_setup *setup, int error)
{
	if (error == -EFAULT)
		emu_fails("SETUP", error, "the argument cannot be read [3.1]");
	else if (error == -EBUSY)
		emu_fails("SETUP", error, "the exmap was set up already, with %u interfaces [3.1]",
			  exmap_nr_interfaces(x));
	else if (error == -EPROTO)
		emu_fails("SETUP", error,
			  "the surface belongs to the process that mapped it, not to a child of "
			  "fork(); open an exmap after fork() [1.4]");
	else if (error == -EINVAL &&
		 (setup->max_interfaces < 1 || setup->max_interfaces > EXMAP_MAX_INTERFACES))
		emu_fails("SETUP", error, "max_interfaces is %d, and may be 1 to %d [3.2]",
			  setup->max_interfaces, EXMAP_MAX_INTERFACES);
	else if (error == -EINVAL && !setup->buffer_size)
		emu_fails("SETUP", error, "buffer_size is 0 [3.2]");
	else if (error == -EINVAL)
		emu_fails(
			"SETUP", error,
			"flags is EXMAP_PAGEFAULT_ALLOC (2), which nobody offers; LeanStore means "
			"something else by it, and runs with --dialect=leanstore [3.4, 8.10]");
}

void emu_note_vectors(const struct exmap *x, u32 interface, u32 opcode, u32 iov_len, int error)
{
	if (error == -EBADF)
		emu_fails("ACTION", error, "the exmap was not set up: SETUP comes first [4.1]");
	else if (error == -EPROTO)
		emu_fails(
			"ACTION", error,
			"the surface is not mapped in this process: mmap() it first; after fork() "
			"it is the parent's [1.4, 4.1]");
	else if (error == -EFAULT)
		emu_fails("ACTION", error, "the parameters cannot be read [4.1]");
	else if (interface >= exmap_nr_interfaces(x))
		emu_fails("ACTION", error, "interface is %u, and SETUP made %u [4.1]", interface,
			  exmap_nr_interfaces(x));
	else if (iov_len > EXMAP_USER_INTERFACE_PAGES)
		emu_fails("ACTION", error, "iov_len is %u, and may be up to %d [4.1]", iov_len,
			  EXMAP_USER_INTERFACE_PAGES);
	else
		emu_fails("ACTION", error, "there is no opcode %u [4.1]", opcode);
}

void emu_note_read(const struct exmap *x, u64 offset)
{
	if (!exmap_nr_interfaces(x))
		emu_fails("read", -EINVAL, "the exmap was not set up: SETUP comes first [5.1]");
	else if (exmap_read_interface(offset) >= exmap_nr_interfaces(x))
		emu_fails("read", -EINVAL,
			  "the offset's low byte, the interface, is %u, and SETUP made %u [5.1]",
			  exmap_read_interface(offset), exmap_nr_interfaces(x));
	else if (exmap_read_opcode(offset) == EXMAP_OP_READ && offset < 0x100)
		emu_fails("read", -EINVAL, "SETUP got no backing (fd) to read from [5.1]");
	else
		emu_fails("read", -EINVAL,
			  "the offset is %#llx: the interface, plus 256 for ALLOC [5.1]",
			  (unsigned long long)offset);
}

/* Whether the client has mapped the page of an interface. */
static bool has_mapped(u64 exmap, u32 interface)
{
	struct emu_region region;

	for (uintptr_t pos = 0; emu_region_find(pos, UINTPTR_MAX, &region); pos = region.end) {
		if (region.kind == EMU_REGION_INTERFACE && region.exmap == exmap &&
		    region.interface == interface)
			return true;
	}
	return false;
}

/*
 * Writes into @text, of @len bytes, which thread last did to a page what the call asks for. Writes
 * nothing if the history does not know.
 */
static void tell_who(const struct exmap_call *call, u64 page, char *text, size_t len)
{
	const struct emu_history *h = emu_surface_of(call->s)->dev->history;
	struct emu_history_event event;
	u32 opcodes = call->opcode == EXMAP_OP_FREE ? 1u << EXMAP_OP_FREE :
						      1u << EXMAP_OP_ALLOC | 1u << EXMAP_OP_READ;

	*text = '\0';
	if (h && emu_history_find(h, page, opcodes, true, &event))
		snprintf(text, len, "; thread %d did so through interface %u, %llu actions ago",
			 event.thread, event.interface, (unsigned long long)event.ago);
}

void emu_note_results(const struct exmap_call *call, const struct exmap_iov *asked, u32 iov_len)
{
	static u32 unmapped, outside, no_frames, twice;
	const struct exmap_interface *ifc = call->ifc;
	const struct emu_surface *s = emu_surface_of(call->s);
	bool alloc = call->opcode == EXMAP_OP_ALLOC;
	const char *name = alloc ? "ALLOC" : "FREE";

	if (!has_mapped(s->dev->serial, ifc->id) && emu_wants_note(&unmapped))
		emu_say("%s: nobody has mapped the page of interface %u, so its vectors are those "
			"that were there before, or 0 [2.2]",
			name, ifc->id);
	for (u32 i = 0; i < iov_len; i++) {
		struct exmap_iov result = ifc->result[i];
		unsigned long long page = asked[i].page;
		int len = asked[i].len;
		char who[128];

		if (result.res == -EFAULT && emu_wants_note(&outside)) {
			emu_say("%s: vector %u: EFAULT: pages %llu to %llu, and the surface has "
				"%llu [4.5]",
				name, i, page, page + len - 1,
				(unsigned long long)call->s->nr_pages);
		} else if (result.res == -ENOMEM && emu_wants_note(&no_frames)) {
			emu_say("%s: vector %u: ENOMEM: %s: %llu of %llu are in the "
				"surface [4.6]",
				name, i,
				emu_options()->inject.nr ? "inject= says so, or no frame is free" :
							   "no frame is free",
				(unsigned long long)exmap_mapped_pages(&s->dev->core),
				(unsigned long long)s->dev->core.buffer_size);
			emu_diagnose_oldest(s);
			break;
		} else if (!result.res && result.pages < len && emu_wants_note(&twice)) {
			tell_who(call, page, who, sizeof(who));
			emu_say("%s: vector %u: of pages %llu to %llu, %d %s already%s [%s]", name,
				i, page, page + len - 1, len - result.pages,
				alloc ? "were allocated" : "were free", who, alloc ? "4.4" : "4.9");
		}
	}
}

void emu_note_contention(struct exmap_interface *ifc)
{
	static u32 times;

	if (exmap_trylock(&ifc->lock))
		exmap_unlock(&ifc->lock);
	else if (emu_wants_note(&times))
		emu_say("interface %u: two threads use it at the same time, so each may overwrite the "
			"other's vectors; give each an interface, or a lock around both vectors and "
			"call [4.2]",
			ifc->id);
}

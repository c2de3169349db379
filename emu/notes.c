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

/* Says that a call got no frame, and which page has had one longest. */
static void say_no_frame(const struct exmap_call *call, const char *what)
{
	const struct emu_surface *s = emu_surface_of(call->s);
	const char *why = "no frame is free";

	if (emu_options()->inject.nr)
		why = "inject= says so, or no frame is free";
	else if (s->holes)
		why = "the process may have no more mappings, see what SETUP said, or no frame is free";
	emu_say("%s: ENOMEM: %s: %llu of %llu are in the surface [4.6]", what, why,
		(unsigned long long)exmap_mapped_pages(&s->dev->core),
		(unsigned long long)s->dev->core.buffer_size);
	emu_diagnose_oldest(s);
}

/* Says why a vector answers EFAULT. */
static void say_outside(const struct exmap_call *call, const char *what, struct exmap_iov asked)
{
	unsigned long long page = asked.page;
	int len = asked.len;

	/* A result has a small number of pages above its 32 bits of errno. */
	if (asked.value && !len && asked.res <= 0 && asked.res > -4096 && asked.pages >= 0 &&
	    asked.pages < 1 << EXMAP_PAGE_LEN_BITS)
		emu_say("%s: EFAULT: it is the result of an earlier action (res %d, pages %d), which "
			"overwrites the vectors: write them anew before each; or another thread has "
			"used the interface meanwhile [4.3]",
			what, asked.res, asked.pages);
	else
		emu_say("%s: EFAULT: pages %llu to %llu, and the surface has %llu [4.5]", what,
			page, page + (len ? len - 1 : 0), (unsigned long long)call->s->nr_pages);
}

/* Says that of a vector's pages some were as the call wants them to be. */
static void say_twice(const struct exmap_call *call, const char *what, struct exmap_iov asked,
		      int done)
{
	bool alloc = call->opcode == EXMAP_OP_ALLOC;
	const char *state = alloc ? "allocated already [4.4]" : "free already [4.9]";
	unsigned long long page = asked.page;
	int len = asked.len;

	if (len == 1)
		emu_say("%s: page %llu was %s", what, page, state);
	else
		emu_say("%s: of pages %llu to %llu, %d %s %s", what, page, page + len - 1,
			len - done, len - done == 1 ? "was" : "were", state);
	emu_diagnose_twice(emu_surface_of(call->s), page, len, !alloc);
}

void emu_note_results(const struct exmap_call *call, const struct exmap_iov *asked, u32 iov_len)
{
	static u32 unmapped, outside, no_frames, twice;
	const struct exmap_interface *ifc = call->ifc;
	const struct emu_surface *s = emu_surface_of(call->s);
	const char *name = call->opcode == EXMAP_OP_ALLOC ? "ALLOC" : "FREE";

	if (!has_mapped(s->dev->serial, ifc->id) && emu_wants_note(&unmapped))
		emu_say("%s: nobody has mapped the page of interface %u, so its vectors are those "
			"that were there before, or 0 [2.2]",
			name, ifc->id);
	for (u32 i = 0; i < iov_len; i++) {
		struct exmap_iov result = ifc->result[i];
		char what[32];

		snprintf(what, sizeof(what), "%s: vector %u", name, i);
		if (result.res == -EFAULT && emu_wants_note(&outside)) {
			say_outside(call, what, asked[i]);
		} else if (result.res == -ENOMEM && emu_wants_note(&no_frames)) {
			say_no_frame(call, what);
			break;
		} else if (!result.res && result.pages < asked[i].len && emu_wants_note(&twice)) {
			say_twice(call, what, asked[i], result.pages);
		}
	}
}

/* The first page of a range that is allocated; @end if there is none. */
static u64 first_present(const struct exmap_surface *s, u64 page, u64 end)
{
	while (page < end && !exmap_page_present(s, page))
		page++;
	return page;
}

void emu_note_ranges(const struct exmap_call *call, const struct iovec *ranges, u32 n, s64 ret)
{
	static u32 times;
	u64 left = ret < 0 ? 0 : ret;
	u64 addr, len, page, end;
	char what[32];
	u32 i = 0;

	while (i < n && left >= ranges[i].iov_len)
		left -= ranges[i++].iov_len;
	if (i == n || !emu_wants_note(&times))
		return;
	snprintf(what, sizeof(what), "read: range %u", i);
	addr = (uintptr_t)ranges[i].iov_base;
	len = ranges[i].iov_len;
	page = (addr - call->s->base) >> EXMAP_PAGE_SHIFT;
	end = page + (len >> EXMAP_PAGE_SHIFT);
	if (ret == -ENOMEM) {
		say_no_frame(call, what);
	} else if ((addr | len) % EXMAP_PAGE_SIZE) {
		emu_say("%s: EINVAL: address %#llx or length %llu is no multiple of 4096 [5.4]",
			what, (unsigned long long)addr, (unsigned long long)len);
	} else if (addr < call->s->base || !exmap_in_surface(call->s, page, end - page)) {
		emu_say("%s: EFAULT: %llu bytes at %#llx, and the surface has %llu at %#llx [5.4]",
			what, (unsigned long long)len, (unsigned long long)addr,
			(unsigned long long)call->s->nr_pages << EXMAP_PAGE_SHIFT,
			(unsigned long long)call->s->base);
	} else if (ret < 0) {
		emu_say("%s: %s: reading the backing failed [5.4]", what, strerrorname_np(-ret));
	} else if (!left && first_present(call->s, page, end) < end) {
		page = first_present(call->s, page, end);
		emu_say("%s: page %llu is allocated already, so the call returns the %lld bytes before "
			"the range [5.3]",
			what, (unsigned long long)page, (long long)ret);
		emu_diagnose_twice(emu_surface_of(call->s), page, 1, false);
	} else {
		emu_say("%s: the backing ends there, so the call returns %lld bytes [5.5]", what,
			(long long)ret);
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

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * shadow.h - SHADOW and RM_SD: pages that show the content of other pages; docs/spec.md, section 8
 *
 * A *shadow* is a page of the surface that has no frame of its own: it shows what its *source*, a
 * PRESENT page, holds. Its word names the interface that made it, its *owner*:
 *
 * bits     meaning
 * 11       EXMAP_WORD_SHADOW
 * 12 - 43  kernel: the frame that the page shows; user space: 0
 * 44 - 51  the owner
 * 52       EXMAP_WORD_ENDED: RM_SD has ended it, and its page is still mapped
 *
 * SHADOW records its targets as one range in the interface. RM_SD walks these ranges and ends the
 * words that are still shadows of this interface: another call may have taken a page in between.
 *
 * A backend for which a new mapping is dear leaves pages of ended shadows mapped, so that the next
 * SHADOW of these targets finds them: @keep_shadows of struct exmap_surface. To every call such a
 * page is like an EMPTY one; who claims it makes it vanish first, or shows another source in it. An
 * interface remembers where it left some, in up to EXMAP_KEPT_RANGES ranges.
 *
 * Thread-safety: the caller of each function here holds the interface's lock, unless it says
 * otherwise.
 */
#ifndef EXMAP_CORE_SHADOW_H
#define EXMAP_CORE_SHADOW_H

#include "core/call.h"

/**
 * exmap_shadow() - make pages show the content of others [8.1-8.5]
 * @call:    its opcode is EXMAP_OP_SHADOW, and exmap_check_vectors() let it through
 * @iov:     the sources: vectors in the page that the client shares; each is read once
 * @iov_len: number of vectors, 1 to EXMAP_USER_INTERFACE_PAGES
 * @page_id: number of the first target page, as the client gave it
 *
 * Return: 0; -EFAULT or -ENOMEM, as exmap_check_shadow(), and nothing has changed; -ENOMEM if
 * memory for page tables ran out, and some targets are not mapped; -EPROTO if the surface was
 * unmapped.
 */
int exmap_shadow(struct exmap_call *call, const struct exmap_iov *iov, u32 iov_len, u64 page_id);

/**
 * exmap_end_shadows() - end all shadows of the call's interface: RM_SD [8.6]
 * @call: its opcode is EXMAP_OP_RM_SD, and exmap_check_vectors() let it through
 *
 * Return: 0, or -EPROTO if the surface was unmapped while the call waited.
 */
int exmap_end_shadows(struct exmap_call *call);

/**
 * exmap_vectors() - perform an ACTION: exmap_action(), exmap_shadow() or exmap_end_shadows()
 * @page_id: from the client's parameters; only SHADOW uses it
 */
static inline int exmap_vectors(struct exmap_call *call, struct exmap_iov *iov, u32 iov_len,
				u64 page_id)
{
	if (exmap_likely(call->opcode <= EXMAP_OP_FREE))
		return exmap_action(call, iov, iov_len);
	if (call->opcode == EXMAP_OP_SHADOW)
		return exmap_shadow(call, iov, iov_len, page_id);
	return exmap_end_shadows(call);
}

/** exmap_shadow_asked() - number of pages that the latest SHADOW, of @n vectors, named. */
static inline u64 exmap_shadow_asked(const struct exmap_interface *ifc, u32 n)
{
	u64 pages = 0;

	for (u32 i = 0; i < n; i++)
		pages += ifc->result[i].len;
	return pages;
}

/** exmap_shadow_targets() - number of pages that were targets of SHADOW since the last RM_SD. */
static inline u64 exmap_shadow_targets(const struct exmap_interface *ifc)
{
	u64 pages = 0;

	for (u32 i = 0; i < ifc->nr_shadows; i++)
		pages += ifc->shadows[i].len;
	return pages;
}

/**
 * exmap_shadow_yields() - end the shadows that ALLOC, FREE or READ has met [8.4]
 * @call: the call, whose batch is empty
 * @page: where it stopped
 * @end:  the page behind its range
 *
 * Ends the shadows from @page on, up to the first page that is none. They are EMPTY then.
 *
 * Return: whether @page was a shadow.
 */
bool exmap_shadow_yields(struct exmap_call *call, u64 page, u64 end);

/**
 * exmap_shadow_reclaim() - give back the memory of ended shadows that are still mapped
 * @call: a call that ran out of memory; it may own pages
 *
 * Passes over interfaces that are in a call just now.
 *
 * Return: whether there were some, so that trying again is worth it.
 */
bool exmap_shadow_reclaim(struct exmap_call *call);

/**
 * exmap_forget_shadows() - forget all records of shadows: the surface goes, and its pages with it
 * @x: the exmap, on which no call runs
 */
void exmap_forget_shadows(struct exmap *x);

/**
 * exmap_shadow_check() - in EXMAP_CHECK builds: assert that the records of shadows are consistent
 * @x: the exmap
 * @s: its surface, on which no call runs
 *
 * Each shadow is in a range that its owner has recorded.
 */
#ifdef EXMAP_CHECK
void exmap_shadow_check(const struct exmap *x, const struct exmap_surface *s);
#else
static inline void exmap_shadow_check(const struct exmap *x, const struct exmap_surface *s)
{
	(void)x;
	(void)s;
}
#endif

#endif /* EXMAP_CORE_SHADOW_H */

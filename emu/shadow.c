// SPDX-License-Identifier: MIT
/*
 * shadow.c - a shadow is a copy of its source: the shadow op; see mover.h
 *
 * UFFDIO_COPY takes the source's own address, so the content is copied once. A source that another
 * thread frees meanwhile gives EFAULT, from the kernel as from emu_copy_pages(). Its target is left
 * unmapped, as if the source had been unmapped from the beginning.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "emu/memcheck.h"
#include "emu/mover.h"
#include "emu/say.h"
#include "emu/sys.h"
#include "emu/uffd.h"
#include "emu/usercopy.h"

/**
 * struct piece - neighbouring targets that have neighbouring sources, which are all PRESENT
 * @page:      first target
 * @to:        its address
 * @from:      address of the first source
 * @len:       number of pages
 * @no_memory: set if memory ran out
 */
struct piece {
	u64 page;
	char *to;
	const char *from;
	u64 len;
	bool no_memory;
};

static void drop(struct emu_surface *s, u32 id, u64 page, u64 len)
{
	struct exmap_run run = { .page = page, .len = len };

	s->mover->ops.unshadow(&s->core, id, &run, 1);
}

/*
 * Copies into pages that are mapped, and are made writable for that if the surface is not.
 *
 * Return: number of pages up to the first bad one.
 */
static u64 copy_over(const struct emu_surface *s, const struct piece *p, u64 len)
{
	size_t size = len << EXMAP_PAGE_SHIFT;

	return (size - emu_copy_over(s, p->to, p->from, size)) >> EXMAP_PAGE_SHIFT;
}

/* Maps pages by UFFDIO_COPY. Return: number of pages up to the first that failed. */
static u64 copy_new(struct emu_surface *s, u32 id, struct piece *p)
{
	size_t size = p->len << EXMAP_PAGE_SHIFT;
	size_t unit = size;
	size_t done = 0;
	size_t dropped = size;

	while (done < size) {
		int error;

		done += emu_uffd_copy(s->uffd, p->to + done, p->from + done,
				      EXMAP_MIN(unit, size - done), &error);
		if (!error)
			continue;
		/* As in emu_copy_in(): a range in two VMAs; a page that should not be there. */
		if (error == -ENOENT && unit > EXMAP_PAGE_SIZE) {
			unit = EXMAP_PAGE_SIZE;
		} else if (error == -EEXIST && dropped != done) {
			dropped = done;
			drop(s, id, p->page + (done >> EXMAP_PAGE_SHIFT), 1);
		} else {
			p->no_memory = error != -EFAULT;
			break;
		}
	}
	emu_copy_marks(p->to, p->from, done);
	return done >> EXMAP_PAGE_SHIFT;
}

/* Maps pages as ALLOC does, and copies into them. Return: as copy_new(). */
static u64 map_and_copy(struct emu_surface *s, u32 id, struct piece *p)
{
	struct exmap_run run = { .page = p->page, .len = p->len };
	u64 mapped =
		s->mover->show ? s->mover->show(s, &run) : s->mover->ops.map(&s->core, id, &run, 1);
	u64 done = mapped ? copy_over(s, p, mapped) : 0;

	p->no_memory = mapped < p->len;
	if (done < mapped)
		drop(s, id, p->page + done, mapped - done);
	return done;
}

/*
 * Shows the sources of a piece.
 * @there: pages of shadows are mapped where the targets are
 *
 * Return: number of targets that show their sources. The one behind these is not mapped.
 */
static u64 show(struct emu_surface *s, u32 id, struct piece *p, bool there)
{
	u64 done;

	if (!there)
		return s->uffd < 0 ? map_and_copy(s, id, p) : copy_new(s, id, p);
	done = copy_over(s, p, p->len);
	if (done < p->len)
		drop(s, id, p->page + done, 1);
	return done;
}

/*
 * Number of words, from @where on, that are in one piece with the first: a shadow is there, or none,
 * and their sources are PRESENT. 0 if the first has no source.
 */
static u64 piece_len(const struct emu_surface *s, const u64 *where, u64 max)
{
	u64 first = exmap_load(where);
	u64 source = exmap_source_of(first);
	const u64 *from = &s->core.table[source];
	u64 n = 0;

	while (n < max && exmap_block_touched(&s->core, (source + n) / EXMAP_BLOCK_PAGES)) {
		u64 stop = EXMAP_MIN(max, n + EXMAP_BLOCK_PAGES - (source + n) % EXMAP_BLOCK_PAGES);

		for (; n < stop; n++) {
			if ((exmap_load(&where[n]) ^ first) & EXMAP_WORD_SHADOW ||
			    !exmap_is_present(exmap_load_acquire(&from[n])))
				return n;
		}
	}
	return n;
}

static bool shadow_run(struct emu_surface *s, u32 id, const struct exmap_run *run)
{
	bool memory = true;
	u64 i = 0;

	/* A run has neighbouring sources: core/ claims it for one vector. */
	while (i < run->len) {
		u64 *where = &run->word[i];
		u64 word = exmap_load(where);
		struct piece p = {
			.page = run->page + i,
			.to = emu_page_address(&s->core, run->page + i),
			.from = emu_page_address(&s->core, exmap_source_of(word)),
			.len = piece_len(s, where, run->len - i),
		};
		u64 done = 0;

		if (p.len)
			done = show(s, id, &p, word & EXMAP_WORD_SHADOW);
		else if (word & EXMAP_WORD_SHADOW)
			drop(s, id, p.page, 1);
		memory &= !p.no_memory;
		for (u64 j = 0; j < done; j++)
			exmap_store(&where[j], exmap_shown_word(0));
		i += done;
		if (done < EXMAP_MAX(p.len, 1))
			exmap_store(&run->word[i++], EXMAP_WORD_BUSY);
	}
	return memory;
}

/*
 * Without a userfaultfd a source that goes raises SIGSEGV. If that is blocked, the kernel kills the
 * process instead of calling the handler that repairs the copy. Return: the signal to block again, or 0.
 */
static u64 unblock_fault(const struct emu_surface *s)
{
	u64 fault = 1ULL << (SIGSEGV - 1);
	u64 old = 0;

	if (s->uffd >= 0)
		return 0;
	emu_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &fault, &old, sizeof(old));
	return old & fault;
}

bool emu_shadow(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	u64 blocked = unblock_fault(s);
	bool memory = true;

	for (u32 i = 0; i < nr_runs; i++)
		memory &= shadow_run(s, id, &runs[i]);
	if (blocked)
		emu_sys(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, NULL, sizeof(blocked));
	return memory;
}

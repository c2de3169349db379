// SPDX-License-Identifier: MIT
/* strategy.c - see strategy.h. A new strategy is a new mover (mover.h), and one more line here. */

#define _GNU_SOURCE
#include "emu/strategy.h"

#include <errno.h>
#include <string.h>

#include "emu/advice.h"
#include "emu/mover.h"
#include "emu/options.h"
#include "emu/say.h"

/* The strategies that strategy=auto tries, in this order: the fastest first. */
static const struct trial {
	enum emu_strategy strategy;
	const struct emu_mover *mover;
	const char *needs;
} trials[] = {
	{ EMU_STRATEGY_MOVE, &emu_mover_move, "userfaultfd with UFFDIO_MOVE (Linux 6.8)" },
	{ EMU_STRATEGY_COPY, &emu_mover_copy, "userfaultfd" },
	{ EMU_STRATEGY_GUARD, &emu_mover_guard, "guard regions (Linux 6.13)" },
	{ EMU_STRATEGY_MPROTECT, &emu_mover_mprotect, "address space" },
};

#define NR_TRIALS (sizeof(trials) / sizeof(trials[0]))

static void say_surface(const struct emu_surface *s)
{
	if (emu_options()->verbose)
		emu_say("surface of %zu pages at %#llx: strategy=%s, %s", s->len / EXMAP_PAGE_SIZE,
			(unsigned long long)s->core.base, s->mover->name,
			s->advice_fd == EMU_NOT_VECTORED ? "one madvise a run" :
							   "vectored madvise");
}

int emu_choose_mover(struct emu_surface *s)
{
	enum emu_strategy strategy = emu_options()->strategy;
	bool mixed = strategy == EMU_STRATEGY_MIXED;
	int ret = -ENOSYS;

	for (const struct trial *t = trials; t < trials + NR_TRIALS; t++) {
		bool asked = t->strategy == (mixed ? EMU_STRATEGY_MOVE : strategy);

		if (!asked && strategy != EMU_STRATEGY_AUTO)
			continue;
		ret = t->mover->prepare(s);
		if (!ret) {
			s->mover = t->mover;
			say_surface(s);
			break;
		}
		if (asked)
			emu_say("mmap: strategy=%s needs %s, refused here (%s); use "
				"strategy=auto",
				mixed ? "mixed" : t->mover->name, t->needs, strerrorname_np(-ret));
		else if (emu_options()->verbose)
			emu_say("no strategy=%s here: it needs %s (%s)", t->mover->name, t->needs,
				strerrorname_np(-ret));
	}
	return ret;
}

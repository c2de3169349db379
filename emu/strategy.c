// SPDX-License-Identifier: MIT
/* strategy.c - see strategy.h. A new strategy is a new mover (mover.h), and one more trial here. */

#include "emu/strategy.h"

#include <errno.h>

#include "emu/mover.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/uffd.h"

/* Tries the strategies that option strategy= permits; the fastest is tried first. */
int emu_choose_mover(struct emu_surface *s)
{
	enum emu_strategy strategy = emu_options()->strategy;
	int ret = -ENOSYS;

	if (strategy == EMU_STRATEGY_AUTO || strategy == EMU_STRATEGY_MOVE ||
	    strategy == EMU_STRATEGY_MIXED) {
		ret = emu_mover_move.prepare(s);
		if (!ret)
			s->mover = &emu_mover_move;
		else if (strategy != EMU_STRATEGY_AUTO)
			emu_say("mmap: strategy=%s needs userfaultfd with UFFDIO_MOVE (Linux 6.8), "
				"refused here (error %d); use strategy=auto",
				strategy == EMU_STRATEGY_MIXED ? "mixed" : "move", -ret);
	}
	if (!s->mover && (strategy == EMU_STRATEGY_AUTO || strategy == EMU_STRATEGY_COPY)) {
		ret = emu_mover_copy.prepare(s);
		if (!ret)
			s->mover = &emu_mover_copy;
		else if (strategy == EMU_STRATEGY_COPY)
			emu_say("mmap: strategy=copy needs userfaultfd, refused here (error %d); "
				"use strategy=auto or strategy=mprotect",
				-ret);
		else if (emu_options()->verbose)
			emu_say("no userfaultfd here (error %d): using strategy=mprotect", -ret);
	}
	if (!s->mover && (strategy == EMU_STRATEGY_AUTO || strategy == EMU_STRATEGY_MPROTECT)) {
		ret = emu_mover_mprotect.prepare(s);
		if (!ret)
			s->mover = &emu_mover_mprotect;
	}
	if (s->mover && emu_options()->verbose)
		emu_say("surface of %zu pages at %#llx: strategy=%s, %s", s->len / EXMAP_PAGE_SIZE,
			(unsigned long long)s->core.base, s->mover->name,
			s->zap_fd == EMU_NO_VECTORED_ZAP ? "one madvise a run" :
							   "vectored madvise");
	return ret;
}

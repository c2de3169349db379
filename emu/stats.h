/* SPDX-License-Identifier: MIT */
/* stats.h - the table of an exmap's statistics that stats=1 prints */
#ifndef EXMAP_EMU_STATS_H
#define EXMAP_EMU_STATS_H

#include "core/exmap.h"

/**
 * emu_report_stats() - print the statistics of one exmap on stderr
 * @x:        the exmap. Calls on it may go on meanwhile; then the lines may not add up exactly
 * @serial:   number of the exmap
 * @strategy: name of the strategy of its last surface, or NULL if none was ever mapped
 * @faults:   accesses to pages that were not allocated
 * @exposed:  times that holes=readable made all free pages readable
 *
 * Any thread.
 */
void emu_report_stats(const struct exmap *x, u64 serial, const char *strategy, u64 faults,
		      u64 exposed);

#endif /* EXMAP_EMU_STATS_H */

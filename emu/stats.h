/* SPDX-License-Identifier: MIT */
/* stats.h - what an exmap has done, as a table for a person */
#ifndef EXMAP_EMU_STATS_H
#define EXMAP_EMU_STATS_H

#include "core/exmap.h"

/**
 * emu_report_stats() - the table of one exmap's statistics on stderr; its calls may go on
 * @serial:   number of the exmap
 * @strategy: name of its last surface's strategy, or NULL if none was mapped
 * @faults:   accesses to pages that were not allocated
 */
void emu_report_stats(const struct exmap *x, u64 serial, const char *strategy, u64 faults);

#endif /* EXMAP_EMU_STATS_H */

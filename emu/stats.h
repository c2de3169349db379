/* SPDX-License-Identifier: MIT */
/* stats.h - what an exmap has done, as a table for a person */
#ifndef EXMAP_EMU_STATS_H
#define EXMAP_EMU_STATS_H

struct exmap_device;

/** emu_report_stats() - the table of one exmap's statistics on stderr; its calls may go on. */
void emu_report_stats(struct exmap_device *dev);

#endif /* EXMAP_EMU_STATS_H */

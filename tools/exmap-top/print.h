/* SPDX-License-Identifier: MIT */
/* print.h - one look on stdout, as tables or as JSON */
#ifndef EXMAP_TOP_PRINT_H
#define EXMAP_TOP_PRINT_H

#include "tools/exmap-top/map.h"

/** PRINT_CELLS - the most cells of a map in JSON */
#define PRINT_CELLS 256

/*
 * Each prints @now, with rates since @then. @maps: for each exmap of @then, as it was looked at then.
 */
void print_tables(const struct snapshot *now, const struct snapshot *then);
void print_json(const struct snapshot *now, const struct snapshot *then, struct map *maps);

#endif /* EXMAP_TOP_PRINT_H */

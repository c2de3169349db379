// SPDX-License-Identifier: MIT
/* tables.c - see print.h */

#include <stdio.h>

#include "tools/exmap-top/columns.h"
#include "tools/exmap-top/print.h"

void print_tables(const struct snapshot *now, const struct snapshot *then)
{
	double seconds = now->when - then->when;
	char line[COLUMNS_LINE];

	for (size_t i = 0; i < now->n; i++) {
		const struct exmap_figures *x = &now->exmaps[i];
		const struct exmap_figures *was = snapshot_find(then, x);
		struct row row = rates_of_exmap(x, was, seconds);

		columns_exmap_head(line, COLUMNS_LINE);
		printf("%s%s\n", i ? "\n" : "", line);
		columns_exmap(line, COLUMNS_LINE, x, &row);
		puts(line);
		columns_interface_head(line, COLUMNS_LINE);
		puts(line);
		for (size_t j = 0; j < x->nr_interfaces; j++) {
			row = rates_of_interface(x, was, j, seconds);
			columns_interface(line, COLUMNS_LINE, j, &row);
			puts(line);
		}
	}
}

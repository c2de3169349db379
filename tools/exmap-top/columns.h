/* SPDX-License-Identifier: MIT */
/* columns.h - the columns of exmap-top's two tables, of exmaps and of interfaces, and their order */
#ifndef EXMAP_TOP_COLUMNS_H
#define EXMAP_TOP_COLUMNS_H

#include "tools/exmap-top/rates.h"

/** COLUMNS_LINE - room for a line of a table, with its end */
#define COLUMNS_LINE 256

/**
 * struct order - how the rows of a table are sorted
 * @by:      0: by process and number; else 1 + the enum figure, the greatest first
 * @reverse: the other way round
 */
struct order {
	int by;
	bool reverse;
};

/** order_name() - what an order sorts by. */
const char *order_name(const struct order *order);

/** order_next() - sort by the next column. */
void order_next(struct order *order);

/** order_rows() - sort the numbers 0 to @n - 1 of @rows into @index. */
void order_rows(const struct order *order, const struct row *rows, size_t n, size_t *index);

/*
 * Each writes a line, without its end: the names of the columns, or a row. Columns that do not fit
 * into @width characters are left out.
 */
void columns_exmap_head(char line[COLUMNS_LINE], int width);
void columns_exmap(char line[COLUMNS_LINE], int width, const struct exmap_figures *x,
		   const struct row *row);
void columns_interface_head(char line[COLUMNS_LINE], int width);
void columns_interface(char line[COLUMNS_LINE], int width, size_t interface, const struct row *row);

/** columns_number() - @value in at most six characters, such as 12.3k; "-" for NAN. */
const char *columns_number(double value, char text[16]);

#endif /* EXMAP_TOP_COLUMNS_H */

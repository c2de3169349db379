// SPDX-License-Identifier: MIT
/* columns.c - see columns.h */

#define _GNU_SOURCE
#include "tools/exmap-top/columns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct column {
	const char *title;
	enum figure figure;
} exmap_columns[] = {
	{ "FRAMES", FRAMES }, { "RESIDENT", RESIDENT }, { "ACTION/s", ACTIONS },
	{ "PAGE/s", PAGES },  { "FAULT/s", FAULTS },	{ "FREE", FREE },
	{ "READ/s", READS },  { "STEAL/s", STEALS },	{ "MEAN", MEAN },
	{ "LARGEST", LARGEST },
}, interface_columns[] = {
	{ "FREE", FREE },     { "ACTION/s", ACTIONS }, { "PAGE/s", PAGES },
	{ "READ/s", READS },  { "STEAL/s", STEALS },   { "MEAN", MEAN },
	{ "LARGEST", LARGEST },
};

#define NR(columns) (sizeof(columns) / sizeof((columns)[0]))
#define COLUMN_WIDTH 8

static const char *const names[] = {
	[FRAMES] = "frames", [RESIDENT] = "resident", [FREE] = "free frames", [ACTIONS] = "actions",
	[PAGES] = "pages",   [READS] = "reads",	      [STEALS] = "steals",    [FAULTS] = "faults",
	[MEAN] = "mean",     [LARGEST] = "largest",
};

const char *order_name(const struct order *order)
{
	return order->by ? names[order->by - 1] : "number";
}

void order_next(struct order *order)
{
	order->by = (order->by + 1) % (NR_FIGURES + 1);
}

struct sorting {
	const struct order *order;
	const struct row *rows;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int sign = s->order->reverse ? -1 : 1;
	double u, v;

	if (s->order->by) {
		u = s->rows[x].figure[s->order->by - 1];
		v = s->rows[y].figure[s->order->by - 1];
		if (u != v && !isnan(u) && !isnan(v))
			return u > v ? -sign : sign;
		if (isnan(u) != isnan(v))
			return isnan(u) ? 1 : -1;
	}
	return x < y ? -sign : sign;
}

void order_rows(const struct order *order, const struct row *rows, size_t n, size_t *index)
{
	struct sorting sorting = { order, rows };

	for (size_t i = 0; i < n; i++)
		index[i] = i;
	qsort_r(index, n, sizeof(*index), compare, &sorting);
}

const char *columns_number(double value, char text[16])
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	if (isnan(value)) {
		strcpy(text, "-");
		return text;
	}
	while (value >= 99999.5 && unit < sizeof(units) - 2) {
		value /= 1000;
		unit++;
	}
	if (unit)
		snprintf(text, 16, "%.0f%c", value, units[unit]);
	else if (value < 99.95 && value != floor(value))
		snprintf(text, 16, "%.1f", value);
	else
		snprintf(text, 16, "%.0f", value);
	return text;
}

static void append(char line[COLUMNS_LINE], int width, const char *text)
{
	size_t len = strlen(line);

	if (len + COLUMN_WIDTH + 1 <= (size_t)width && len + COLUMN_WIDTH + 2 <= COLUMNS_LINE)
		sprintf(line + len, " %*s", COLUMN_WIDTH, text);
}

static void append_titles(char line[COLUMNS_LINE], int width, const struct column *columns,
			  size_t n)
{
	for (size_t i = 0; i < n; i++)
		append(line, width, columns[i].title);
}

static void append_figures(char line[COLUMNS_LINE], int width, const struct column *columns,
			   size_t n, const struct row *row)
{
	char text[16];

	for (size_t i = 0; i < n; i++)
		append(line, width, columns_number(row->figure[columns[i].figure], text));
}

void columns_exmap_head(char line[COLUMNS_LINE], int width)
{
	sprintf(line, "%7s %-12s %2s %-8s", "PID", "COMMAND", "EX", "STRATEGY");
	append_titles(line, width, exmap_columns, NR(exmap_columns));
}

void columns_exmap(char line[COLUMNS_LINE], int width, const struct exmap_figures *x,
		   const struct row *row)
{
	snprintf(line, COLUMNS_LINE, "%7d %-12.12s %2" PRIu64 " %-8.8s", x->pid, x->command,
		 x->serial, x->strategy[0] ? x->strategy : "-");
	append_figures(line, width, exmap_columns, NR(exmap_columns), row);
}

void columns_interface_head(char line[COLUMNS_LINE], int width)
{
	sprintf(line, "%9s", "INTERFACE");
	append_titles(line, width, interface_columns, NR(interface_columns));
}

void columns_interface(char line[COLUMNS_LINE], int width, size_t interface, const struct row *row)
{
	sprintf(line, "%9zu", interface);
	append_figures(line, width, interface_columns, NR(interface_columns), row);
}

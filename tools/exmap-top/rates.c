// SPDX-License-Identifier: MIT
/* rates.c - see rates.h */

#include "tools/exmap-top/rates.h"

#include <math.h>

#include "core/platform.h"

/* Counters are read while they change, and a process number may be another process's now. */
static double since(uint64_t now, uint64_t then)
{
	return now > then ? (double)(now - then) : 0;
}

static double a_second(uint64_t now, uint64_t then, double seconds)
{
	return seconds > 0 ? since(now, then) / seconds : NAN;
}

static uint64_t pages(const struct interface_figures *i)
{
	return i->allocated + i->freed;
}

static struct row rates(const struct interface_figures *now, const struct interface_figures *then,
			double seconds)
{
	double actions = since(now->actions, then->actions);
	struct row row = { 0 };

	row.figure[FRAMES] = row.figure[RESIDENT] = row.figure[FAULTS] = NAN;
	row.figure[FREE] = now->free;
	row.figure[ACTIONS] = a_second(now->actions, then->actions, seconds);
	row.figure[PAGES] = a_second(pages(now), pages(then), seconds);
	row.figure[READS] = a_second(now->bytes_read, then->bytes_read, seconds) / EXMAP_PAGE_SIZE;
	row.figure[STEALS] = a_second(now->steals, then->steals, seconds);
	row.figure[LARGEST] = now->largest;
	if (actions > 0)
		row.figure[MEAN] = since(pages(now), pages(then)) / actions;
	else
		row.figure[MEAN] = now->actions ? (double)pages(now) / now->actions : NAN;
	return row;
}

/* Without an earlier snapshot there are no rates. */
static double interval(const struct exmap_figures *now, const struct exmap_figures *then,
		       double seconds)
{
	return then && then->nr_interfaces == now->nr_interfaces ? seconds : 0;
}

struct row rates_of_interface(const struct exmap_figures *now, const struct exmap_figures *then,
			      size_t interface, double seconds)
{
	static const struct interface_figures none;

	seconds = interval(now, then, seconds);
	return rates(&now->interfaces[interface],
		     seconds > 0 ? &then->interfaces[interface] : &none, seconds);
}

static struct interface_figures sum(const struct exmap_figures *x)
{
	struct interface_figures all = { 0 };

	for (size_t i = 0; i < x->nr_interfaces; i++) {
		const struct interface_figures *one = &x->interfaces[i];

		all.steals += one->steals;
		all.actions += one->actions;
		all.allocated += one->allocated;
		all.freed += one->freed;
		all.bytes_read += one->bytes_read;
		if (one->largest > all.largest)
			all.largest = one->largest;
	}
	return all;
}

struct row rates_of_exmap(const struct exmap_figures *now, const struct exmap_figures *then,
			  double seconds)
{
	struct interface_figures all = sum(now);
	struct interface_figures before = { 0 };
	struct row row;

	seconds = interval(now, then, seconds);
	if (seconds > 0)
		before = sum(then);
	row = rates(&all, &before, seconds);
	row.figure[FRAMES] = now->frames;
	row.figure[RESIDENT] = now->resident;
	row.figure[FREE] = since(now->frames, now->resident);
	if (!now->module)
		row.figure[FAULTS] = a_second(now->faults, then ? then->faults : 0, seconds);
	return row;
}

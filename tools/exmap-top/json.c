// SPDX-License-Identifier: MIT
/* json.c - see print.h. What is not known is null. */

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>

#include "tools/exmap-top/map.h"
#include "tools/exmap-top/print.h"
#include "tools/exmap-top/rates.h"

#define JSON_VERSION 1

static void add_number(struct json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

static struct json_object *new_real(double number)
{
	return isnan(number) ? NULL : json_object_new_double(number);
}

static void add_real(struct json_object *object, const char *name, double number)
{
	json_object_object_add(object, name, new_real(number));
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, text[0] ? json_object_new_string(text) : NULL);
}

static void add_rates(struct json_object *object, const struct row *row, bool faults)
{
	struct json_object *rates = json_object_new_object();

	add_real(rates, "actions", row->figure[ACTIONS]);
	add_real(rates, "pages", row->figure[PAGES]);
	add_real(rates, "reads", row->figure[READS]);
	add_real(rates, "steals", row->figure[STEALS]);
	if (faults)
		add_real(rates, "faults", row->figure[FAULTS]);
	json_object_object_add(object, "per_second", rates);
	add_real(object, "mean_batch", row->figure[MEAN]);
	add_number(object, "largest_batch", row->figure[LARGEST]);
}

static struct json_object *interface_of(const struct exmap_figures *x, size_t i,
					const struct row *row)
{
	const struct interface_figures *f = &x->interfaces[i];
	struct json_object *object = json_object_new_object();

	add_number(object, "interface", i);
	add_number(object, "free", f->free);
	add_number(object, "actions", f->actions);
	add_number(object, "allocated", f->allocated);
	add_number(object, "freed", f->freed);
	add_number(object, "bytes_read", f->bytes_read);
	add_number(object, "steals", f->steals);
	add_rates(object, row, false);
	return object;
}

/* The map of the surface. Changes are those between two looks, so @map has had one before. */
static struct json_object *map_of(struct map *map, const struct exmap_figures *x)
{
	struct json_object *object, *present, *changed;

	if (!map_look(map, x, PRINT_CELLS, false))
		return NULL;
	object = json_object_new_object();
	present = json_object_new_array();
	changed = json_object_new_array();
	for (size_t i = 0; i < map->nr_cells; i++) {
		json_object_array_add(present, new_real(map->cells[i].present));
		json_object_array_add(changed, new_real(map->cells[i].changed));
	}
	add_number(object, "first_page", map->first);
	add_number(object, "cell_pages", map->cell_pages);
	json_object_object_add(object, "present", present);
	json_object_object_add(object, "changed", changed);
	return object;
}

static struct json_object *surface_of(const struct exmap_figures *x, struct map *map)
{
	struct json_object *object;

	if (!x->surface.nr_pages)
		return NULL;
	object = json_object_new_object();
	add_number(object, "address", x->surface.base);
	add_number(object, "pages", x->surface.nr_pages);
	json_object_object_add(object, "map", map_of(map, x));
	return object;
}

static struct json_object *exmap_of(const struct exmap_figures *x, const struct exmap_figures *was,
				    double seconds, struct map *map)
{
	struct json_object *object = json_object_new_object();
	struct json_object *interfaces = json_object_new_array();
	struct row row = rates_of_exmap(x, was, seconds);

	add_number(object, "pid", x->pid);
	add_text(object, "command", x->command);
	add_text(object, "backend", x->module ? "module" : "emu");
	add_number(object, "exmap", x->serial);
	add_text(object, "strategy", x->module ? "" : x->strategy);
	add_number(object, "frames", x->frames);
	add_number(object, "resident", x->resident);
	json_object_object_add(object, "faults",
			       x->module ? NULL : json_object_new_uint64(x->faults));
	add_rates(object, &row, true);
	json_object_object_add(object, "surface", surface_of(x, map));
	for (size_t i = 0; i < x->nr_interfaces; i++) {
		row = rates_of_interface(x, was, i, seconds);
		json_object_array_add(interfaces, interface_of(x, i, &row));
	}
	json_object_object_add(object, "interfaces", interfaces);
	return object;
}

void print_json(const struct snapshot *now, const struct snapshot *then, struct map *maps)
{
	struct json_object *all = json_object_new_object();
	struct json_object *exmaps = json_object_new_array();
	double seconds = now->when - then->when;

	add_number(all, "version", JSON_VERSION);
	add_real(all, "seconds", seconds);
	add_number(all, "locked", now->locked);
	for (size_t i = 0; i < now->n; i++) {
		const struct exmap_figures *x = &now->exmaps[i];
		const struct exmap_figures *was = snapshot_find(then, x);
		struct map none = { 0 };

		json_object_array_add(
			exmaps, exmap_of(x, was, seconds, was ? &maps[was - then->exmaps] : &none));
		map_free(&none);
	}
	json_object_object_add(all, "exmaps", exmaps);
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

// SPDX-License-Identifier: MIT
/* map.c - see map.h */

#include "tools/exmap-top/map.h"

#include <stdlib.h>
#include <string.h>

#include "core/surface.h"
#include "tools/exmap-top/client.h"
#include "tools/exmap-top/say.h"

/* The most words to read for one map: 2 MiB. */
#define MAX_WORDS (1 << 18)

/* The fewest words to read of a block. A cell that has more blocks is looked at in some only. */
#define MIN_WORDS 32

/* Pages whose words are looked at: @len from @page on, for cell @cell. */
struct map_span {
	uint64_t page;
	uint32_t len;
	uint32_t cell;
};

static bool touched(const uint64_t *bits, uint64_t block)
{
	return bits[block / 64] >> block % 64 & 1;
}

static void add_span(struct map *map, size_t cell, uint64_t page, uint64_t len)
{
	struct map_span *span;

	if (map->nr_spans % 1024 == 0)
		map->spans = must_realloc(map->spans, (map->nr_spans + 1024) * sizeof(*map->spans));
	span = &map->spans[map->nr_spans++];
	*span = (struct map_span){ page, len, cell };
}

/*
 * Chooses the words of one cell. Which ones depends on the touched blocks only, so that the next
 * look is at the same words.
 */
static void choose(struct map *map, const uint64_t *bits, size_t index, uint64_t budget)
{
	struct map_cell *cell = &map->cells[index];
	uint64_t start = map->first + index * map->cell_pages;
	uint64_t end = EXMAP_MIN(start + map->cell_pages, map->first + map->nr_pages);
	uint64_t first = start / EXMAP_BLOCK_PAGES;
	uint64_t last = (end - 1) / EXMAP_BLOCK_PAGES;
	uint64_t nr, seen = 0;

	for (uint64_t block = first; block <= last; block++)
		cell->touched += touched(bits, block);
	nr = EXMAP_MIN(cell->touched, EXMAP_MAX(budget / MIN_WORDS, (uint64_t)1));
	for (uint64_t block = first; nr && block <= last; block++) {
		uint64_t page = EXMAP_MAX(block * EXMAP_BLOCK_PAGES, start);
		uint64_t len = EXMAP_MIN((block + 1) * EXMAP_BLOCK_PAGES, end) - page;
		uint64_t some = EXMAP_MIN(len, EXMAP_MAX(budget / nr, (uint64_t)1));

		if (!touched(bits, block))
			continue;
		/* Of all touched blocks @nr, evenly spread. */
		if (seen * nr % cell->touched < nr)
			/* Somewhere in the block: its first pages may be unlike the others. */
			add_span(map, index, page + block * 2654435761u % (len - some + 1), some);
		seen++;
	}
}

/* Reads the words of all spans. Return: them, or NULL. */
static uint64_t *read_words(const struct remote *r, const struct map *map)
{
	struct iovec *ranges = must_realloc(NULL, (map->nr_spans + 1) * sizeof(*ranges));
	uint64_t *words;
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < map->nr_spans; i++) {
		ranges[i].iov_base = (void *)(uintptr_t)(map->surface.table +
							 map->spans[i].page * sizeof(uint64_t));
		ranges[i].iov_len = map->spans[i].len * sizeof(uint64_t);
		n += map->spans[i].len;
	}
	words = must_realloc(NULL, (n + 1) * sizeof(*words));
	ret = remote_readv(r, ranges, map->nr_spans, words);
	free(ranges);
	if (ret) {
		free(words);
		return NULL;
	}
	return words;
}

static bool is_there(uint64_t word)
{
	return exmap_is_present(word) || word & EXMAP_WORD_SHADOW;
}

/* The words of @old that are those of @span, which comes at or behind *@pos; NULL if none are. */
static const uint64_t *find_old(const struct map *old, const struct map_span *span, size_t *pos,
				const uint64_t **words)
{
	while (*pos < old->nr_spans && old->spans[*pos].page < span->page)
		*words += old->spans[(*pos)++].len;
	if (*pos < old->nr_spans && old->spans[*pos].page == span->page &&
	    old->spans[*pos].len == span->len)
		return *words;
	return NULL;
}

/*
 * Fills in the cells. Pages of a block that was not touched the last time have changed since; where
 * other words are looked at now than then, nothing is known.
 */
static void fill(struct map *map, const struct map *old)
{
	bool same = old->nr_cells == map->nr_cells && old->cell_pages == map->cell_pages &&
		    old->first == map->first;
	uint64_t *present = must_realloc(NULL, 3 * map->nr_cells * sizeof(*present));
	uint64_t *changed = present + map->nr_cells;
	uint64_t *looked = changed + map->nr_cells;
	const uint64_t *old_words = old->words;
	const uint64_t *words = map->words;
	size_t pos = 0;

	memset(present, 0, 3 * map->nr_cells * sizeof(*present));
	for (size_t i = 0; i < map->nr_spans; i++) {
		const struct map_span *span = &map->spans[i];
		const uint64_t *was = same ? find_old(old, span, &pos, &old_words) : NULL;

		for (uint32_t j = 0; j < span->len; j++) {
			present[span->cell] += is_there(words[j]);
			changed[span->cell] += was && words[j] != was[j];
		}
		looked[span->cell] += span->len;
		words += span->len;
	}
	for (size_t i = 0; i < map->nr_cells; i++) {
		struct map_cell *cell = &map->cells[i];
		uint64_t pages =
			EXMAP_MIN(map->cell_pages, map->surface.nr_pages - i * map->cell_pages);
		uint64_t in_blocks = EXMAP_MIN(cell->touched * EXMAP_BLOCK_PAGES, pages);

		if (!looked[i])
			continue;
		cell->present = (double)present[i] / looked[i] * in_blocks / pages;
		cell->changed = (double)changed[i] / looked[i];
		if (same && cell->touched != old->cells[i].touched)
			cell->changed = 1;
	}
	free(present);
}

static uint64_t *read_touched(const struct remote *r, const struct remote_surface *s)
{
	size_t len = (s->nr_pages / EXMAP_BLOCK_PAGES / 64 + 1) * sizeof(uint64_t);
	uint64_t *bits = must_realloc(NULL, len);

	if (!remote_read(r, s->touched, bits, len))
		return bits;
	free(bits);
	return NULL;
}

/* Sets the part that is shown, and the cells that it has. */
static void divide(struct map *map, const uint64_t *bits, size_t nr_cells, bool whole)
{
	uint64_t step, first = 0;
	uint64_t end = (map->surface.nr_pages + EXMAP_BLOCK_PAGES - 1) / EXMAP_BLOCK_PAGES;

	while (!whole && first < end && !touched(bits, first))
		first++;
	while (!whole && first < end && !touched(bits, end - 1))
		end--;
	/* Nothing was ever allocated: all of it. */
	if (first == end) {
		divide(map, bits, nr_cells, true);
		return;
	}
	/* In steps of an eighth or more: cells that differ with each new block show no changes. */
	for (step = 1; !whole && step * 8 <= end - first; step *= 2)
		;
	end = first + (end - first + step - 1) / step * step;
	map->first = first * EXMAP_BLOCK_PAGES;
	map->nr_pages = EXMAP_MIN(end * EXMAP_BLOCK_PAGES, map->surface.nr_pages) - map->first;
	nr_cells = EXMAP_MIN(nr_cells, (size_t)MAP_CELLS);
	map->cell_pages = (map->nr_pages + nr_cells - 1) / nr_cells;
	map->nr_cells = (map->nr_pages + map->cell_pages - 1) / map->cell_pages;
	map->cells = must_realloc(NULL, map->nr_cells * sizeof(*map->cells));
	memset(map->cells, 0, map->nr_cells * sizeof(*map->cells));
}

void map_free(struct map *map)
{
	free(map->cells);
	free(map->spans);
	free(map->words);
	memset(map, 0, sizeof(*map));
}

bool map_look(struct map *map, const struct exmap_figures *x, size_t nr_cells, bool whole)
{
	struct map now = { .pid = x->pid, .surface = x->surface };
	uint64_t *bits = NULL;
	struct remote r;

	if (map->pid != x->pid || memcmp(&map->surface, &x->surface, sizeof(map->surface)))
		map_free(map);
	if (x->surface.nr_pages && client_open(x->pid, &r) == CLIENT_SEEN)
		bits = read_touched(&r, &x->surface);
	if (!bits) {
		map_free(map);
		return false;
	}
	divide(&now, bits, nr_cells, whole);
	for (size_t i = 0; i < now.nr_cells; i++)
		choose(&now, bits, i, MAX_WORDS / now.nr_cells);
	free(bits);
	now.words = read_words(&r, &now);
	if (!now.words) {
		map_free(&now);
		map_free(map);
		return false;
	}
	fill(&now, map);
	map_free(map);
	*map = now;
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * map.h - where the pages of a surface are, and where they change
 *
 * The surface, or the part of it in which pages were ever allocated, is divided into cells of equal size. Of each cell some words of the page table are read,
 * all of them if the surface is small, and compared with what they were the last time. Blocks that
 * the emulator has never touched are left out: their part of the table has no memory, and to read it
 * would give it some.
 */
#ifndef EXMAP_TOP_MAP_H
#define EXMAP_TOP_MAP_H

#include "tools/exmap-top/snapshot.h"

/** MAP_CELLS - the most cells of a map */
#define MAP_CELLS 16384

/**
 * struct map_cell - a part of the surface
 * @present: the share of its pages that have a frame, or are shadows, from 0 to 1
 * @changed: the share of the pages looked at whose word differs from the last time
 * @touched: number of blocks in which a page was ever allocated
 */
struct map_cell {
	double present;
	double changed;
	uint64_t touched;
};

/**
 * struct map - a map of one surface
 * @pid:      the process
 * @surface:  the surface; all zero if there is no map
 * @first:    first page of the part that is shown
 * @nr_pages: number of pages of that part
 * @cell_pages: pages of a cell
 * @nr_cells: number of cells
 * @cells:    the cells
 * @nr_spans: number of spans of words that were looked at
 * @spans:    where they are
 * @words:    the words, one span behind the other
 */
struct map {
	int pid;
	struct remote_surface surface;
	uint64_t first;
	uint64_t nr_pages;
	uint64_t cell_pages;
	size_t nr_cells;
	struct map_cell *cells;
	size_t nr_spans;
	struct map_span *spans;
	uint64_t *words;
};

/**
 * map_look() - look at the surface of an exmap again
 * @map:      zeroed, or as the last look left it
 * @x:        an exmap
 * @nr_cells: the most cells wanted
 * @whole:    show the whole surface, and not only the blocks from the first to the last touched one
 *
 * Return: false if there is nothing to see: no surface, the module's, or the process has ended.
 */
bool map_look(struct map *map, const struct exmap_figures *x, size_t nr_cells, bool whole);

/** map_free() - free what a map holds. */
void map_free(struct map *map);

#endif /* EXMAP_TOP_MAP_H */

/* SPDX-License-Identifier: MIT */
/*
 * reuse.h - reuse distances: how many other pages were used since a page was used last
 *
 * To use a page is to ask for it by ALLOC or READ. A cache of more frames than the distance, which
 * evicts the page that was used longest ago, would have had the page still.
 */
#ifndef EXMAP_TRACE_REUSE_H
#define EXMAP_TRACE_REUSE_H

#include <stddef.h>
#include <stdint.h>

#define REUSE_FIRST UINT64_MAX

struct reuse;

/** reuse_new() - begin; @most: number of calls of reuse_add() that may follow. */
struct reuse *reuse_new(size_t most);

/** reuse_add() - page @key is used. Return: the distance; REUSE_FIRST if it never was before. */
uint64_t reuse_add(struct reuse *reuse, uint64_t key);

void reuse_free(struct reuse *reuse);

#endif /* EXMAP_TRACE_REUSE_H */

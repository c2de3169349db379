/* SPDX-License-Identifier: MIT */
/*
 * choose.h - random arguments, of which many are good and some meet a limit
 */
#ifndef TESTS_CHOOSE_H
#define TESTS_CHOOSE_H

#include "model.h"
#include "random.h"

/** choose_size - 1 ... @max, often small. */
size_t choose_size(struct random *r, size_t max);
/** choose_batch - how many vectors: 0 ... 512, often few. */
int choose_batch(struct random *r);
/** choose_page - the first page of a vector, for a surface of @pages; sometimes outside. */
uint64_t choose_page(struct random *r, size_t pages);
/** choose_len - the length of a vector, 0 ... 4095, often 1. */
size_t choose_len(struct random *r);
/** choose_mapped - some page that is (not) mapped; false if there is none. */
bool choose_mapped(struct random *r, const struct model *m, bool mapped, size_t *page);
/** choose_iovec - an iovec of a read, as bytes from the start of the surface; often a good one. */
void choose_iovec(struct random *r, const struct model *m, intptr_t *at, size_t *bytes);

#endif

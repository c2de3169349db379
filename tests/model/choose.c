// SPDX-License-Identifier: MIT
/*
 * choose.c - random arguments that are likely to meet something; see choose.h
 */
#include "choose.h"

size_t choose_size(struct random *r, size_t max)
{
	return 1 + random_below(r, random_chance(r, 40) ? (max < 64 ? max : 64) : max);
}

int choose_batch(struct random *r)
{
	if (random_chance(r, 60))
		return 1 + (int)random_below(r, 4);
	if (random_chance(r, 90))
		return (int)random_below(r, 40);
	return (int)random_below(r, 513);
}

uint64_t choose_page(struct random *r, size_t pages)
{
	switch (random_below(r, 60)) {
	case 0:
		return random_u64(r) & ((1UL << 52) - 1);
	case 1:
		/* a good page number with one high bit set */
		return random_below(r, pages) | 1UL << (20 + random_below(r, 32));
	case 2:
		return pages - 1 + random_below(r, 3);
	case 3 ... 5:
		/* near the border between two page tables */
		return random_below(r, pages) / 512 * 512 + random_below(r, 4);
	default:
		return random_below(r, pages);
	}
}

size_t choose_len(struct random *r)
{
	switch (random_below(r, 20)) {
	case 0:
		return 0;
	case 1:
		return random_below(r, 4096);
	case 2:
		return random_below(r, 600);
	case 3 ... 7:
		return random_below(r, 16);
	default:
		return 1;
	}
}

bool choose_mapped(struct random *r, const struct model *m, bool mapped, size_t *page)
{
	size_t start = random_below(r, m->pages);

	for (size_t i = 0; i < m->pages; i++) {
		*page = (start + i) % m->pages;
		if (m->page[*page].mapped == mapped)
			return true;
	}
	return false;
}

/* Most iovecs should be good: look for a run of unmapped pages. */
static size_t unmapped_run(struct random *r, const struct model *m, size_t *len)
{
	size_t start = random_below(r, m->pages), n = 0;

	while (start < m->pages && m->page[start].mapped)
		start++;
	while (n < *len && start + n < m->pages && !m->page[start + n].mapped)
		n++;
	*len = n ? n : 1;
	return n ? start : 0;
}

/* At most one thing is wrong with it, because the spec gives no order of errors. */
void choose_iovec(struct random *r, const struct model *m, intptr_t *at, size_t *bytes)
{
	size_t len = random_chance(r, 70) ? 1 : 1 + random_below(r, 24), page, end;

	page = unmapped_run(r, m, &len);
	*at = (intptr_t)(page * PAGE);
	*bytes = len * PAGE;
	switch (random_below(r, 40)) {
	case 0:
		*bytes = 0;
		break;
	case 1:
		*at += 1 + (intptr_t)random_below(r, PAGE - 1);
		*bytes = PAGE;
		if (page + 2 > m->pages)
			*at = (intptr_t)(page * PAGE);
		break;
	case 2:
		*bytes -= 1 + random_below(r, PAGE - 1);
		break;
	case 3:
		*at = (intptr_t)((m->pages + random_below(r, 3)) * PAGE);
		break;
	case 4:
		*at = (intptr_t)((m->pages - 1) * PAGE);
		*bytes = (2 + random_below(r, 3)) * PAGE;
		break;
	case 5:
		*at = -(intptr_t)PAGE;
		break;
	case 6 ... 8:
		/* anywhere, perhaps on mapped pages */
		page = random_below(r, m->pages);
		*at = (intptr_t)(page * PAGE);
		*bytes = m->leanstore && page + len <= m->pages ? len * PAGE : PAGE;
		break;
	case 9 ... 11:
		/* across the end of the backing, if the surface reaches it */
		end = m->backing_bytes / PAGE;
		len = 1 + random_below(r, 6);
		if (!end || end + len > m->pages)
			break;
		page = end - random_below(r, end < 4 ? end + 1 : 4);
		*at = (intptr_t)(page * PAGE);
		*bytes = len * PAGE;
		break;
	default:
		break;
	}
}

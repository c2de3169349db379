// SPDX-License-Identifier: MIT
/*
 * model.c - what an exmap must do
 */
#include "model.h"

#include <errno.h>
#include <string.h>

static bool inside(const struct model *m, uint64_t page, size_t len)
{
	return page <= m->pages && len <= m->pages - page;
}

size_t model_count(const struct model *m, size_t page, size_t len)
{
	size_t n = 0;

	for (size_t i = page; i < page + len; i++)
		n += m->page[i].mapped;
	return n;
}

static bool map_one(struct model *m, size_t page, enum content content)
{
	if (m->page[page].mapped)
		return false;
	m->page[page].mapped = true;
	m->page[page].content = content;
	m->mapped++;
	return true;
}

struct model_result model_alloc(struct model *m, uint64_t page, size_t len, bool *exhausted)
{
	size_t need, free_frames = m->frames - m->mapped, given;

	if (*exhausted)
		return (struct model_result){ -ENOMEM, 0 };
	if (!inside(m, page, len))
		return (struct model_result){ -EFAULT, 0 };
	need = len - model_count(m, page, len);
	*exhausted = need > free_frames;
	given = *exhausted ? free_frames : need;
	for (size_t i = 0, left = given; left; i++)
		left -= map_one(m, page + i, CONTENT_UNKNOWN);
	return (struct model_result){ *exhausted ? -ENOMEM : 0, (int)given };
}

struct model_result model_free(struct model *m, uint64_t page, size_t len)
{
	size_t count;

	if (!inside(m, page, len))
		return (struct model_result){ -EFAULT, 0 };
	count = model_count(m, page, len);
	for (size_t i = 0; i < len; i++)
		m->page[page + i].mapped = false;
	m->mapped -= count;
	return (struct model_result){ 0, (int)count };
}

void model_reset(struct model *m, size_t pages)
{
	memset(m->page, 0, sizeof(m->page));
	m->mapped = 0;
	m->pages = pages;
}

int model_read(struct model *m, intptr_t at, size_t len, bool fill, size_t *bytes)
{
	size_t page = (size_t)at / PAGE, count = len / PAGE, valid = len, mapped;
	size_t end = m->pages * PAGE;
	int stop = 0;

	if (!len)
		return STOP_NOT;
	/* Both errors may be there, and the spec does not say which is returned. */
	if ((size_t)at % PAGE || len % PAGE)
		stop |= STOP_EINVAL;
	if ((size_t)at > end || len > end - (size_t)at)
		stop |= STOP_EFAULT;
	if (stop)
		return stop;
	mapped = model_count(m, page, count);
	if (fill && (size_t)at + len > m->backing_bytes)
		valid = (size_t)at < m->backing_bytes ? m->backing_bytes - (size_t)at : 0;
	if (mapped || !valid)
		stop |= STOP_ENDS;
	if (count - mapped > m->frames - m->mapped)
		stop |= STOP_ENOMEM;
	if (stop)
		return stop;
	for (size_t i = 0; i < (valid + PAGE - 1) / PAGE; i++)
		map_one(m, page + i, fill ? CONTENT_BACKING : CONTENT_UNKNOWN);
	*bytes += valid;
	return valid < len ? STOP_ENDS : STOP_NOT;
}

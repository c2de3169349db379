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

/* Whether a vector is done at once, wherever its range is [8.11]. */
static bool asks_nothing(const struct model *m, size_t len)
{
	return m->leanstore && !len;
}

size_t model_count(const struct model *m, size_t page, size_t len)
{
	size_t n = 0;

	for (size_t i = page; i < page + len; i++)
		n += m->page[i].mapped;
	return n;
}

static void end_shadow(struct model *m, size_t page)
{
	struct model_page *p = &m->page[page];

	if (p->owner)
		m->page[p->source].shown--;
	p->owner = 0;
	p->ended = false;
}

static bool map_one(struct model *m, size_t page, enum content content)
{
	if (m->page[page].mapped)
		return false;
	end_shadow(m, page);
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
	if (asks_nothing(m, len))
		return (struct model_result){ 0, 0 };
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
	size_t count = 0;

	if (asks_nothing(m, len))
		return (struct model_result){ 0, 0 };
	if (!inside(m, page, len))
		return (struct model_result){ -EFAULT, 0 };
	for (size_t i = page; i < page + len; i++) {
		end_shadow(m, i);
		/* A source whose frame a shadow shares is kept, as one that is pinned [8.7]. */
		if (!m->page[i].mapped || (m->shares && m->page[i].shown))
			continue;
		m->page[i].mapped = false;
		count++;
	}
	m->mapped -= count;
	return (struct model_result){ 0, (int)count };
}

/* One page of a SHADOW. */
static void shadow_one(struct model *m, unsigned int owner, size_t source, size_t target,
		       bool readable)
{
	struct model_page *from = &m->page[source], *to = &m->page[target];

	if (to->mapped || (to->owner && to->owner != owner))
		return;
	end_shadow(m, target);
	if (!from->mapped || (!readable && !m->shares))
		return;
	to->owner = owner;
	to->source = source;
	to->content = from->content;
	to->stamp = from->stamp;
	from->shown++;
}

int model_shadow(struct model *m, unsigned int interface, const struct model_range *source,
		 size_t n, uint64_t target, bool readable)
{
	struct model_targets *t = &m->targets[interface];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (!inside(m, source[i].page, source[i].len))
			return -EFAULT;
		len += source[i].len;
	}
	if (!inside(m, target, len))
		return -EFAULT;
	if (t->ranges == 1024)
		return -ENOMEM;
	if (!len)
		return 0;
	t->ranges += !t->ranges || t->end != target;
	t->end = target + len;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < source[i].len; j++)
			shadow_one(m, interface + 1, source[i].page + j, target++, readable);
	}
	return 0;
}

void model_rm_sd(struct model *m, unsigned int interface)
{
	for (size_t i = 0; i < m->pages; i++) {
		if (m->page[i].owner != interface + 1)
			continue;
		end_shadow(m, i);
		m->page[i].ended = true;
	}
	m->targets[interface].ranges = 0;
}

size_t model_shadow_in(const struct model *m, uint64_t page, size_t len)
{
	size_t i = page;

	if (!inside(m, page, len))
		return page + len;
	while (i < page + len && !m->page[i].owner)
		i++;
	return i;
}

static bool overlap(const struct model_range *a, const struct model_range *b)
{
	return a->page < b->page + b->len && b->page < a->page + a->len;
}

bool model_may_break(const struct model *m, const struct model_range *range, size_t n, bool fill)
{
	size_t need = 0;
	bool meets = false, breaks = false;

	for (size_t i = 0; i < n; i++) {
		const struct model_range *q = &range[i];

		need += q->len;
		meets |= model_shadow_in(m, q->page, q->len) < q->page + q->len;
		if (!fill)
			continue;
		breaks |= !inside(m, q->page, q->len) || model_count(m, q->page, q->len) ||
			  (q->page + q->len) * PAGE > m->backing_bytes;
		for (size_t j = 0; j < i; j++)
			breaks |= overlap(q, &range[j]);
	}
	return meets && (breaks || need > m->frames - m->mapped);
}

void model_reset(struct model *m, size_t pages)
{
	memset(m->page, 0, sizeof(m->page));
	memset(m->targets, 0, sizeof(m->targets));
	m->mapped = 0;
	m->pages = pages;
}

/* The bytes of a range that the backing has. */
static size_t in_backing(const struct model *m, size_t at, size_t len)
{
	size_t left = at < m->backing_bytes ? m->backing_bytes - at : 0;

	return left < len ? left : len;
}

/* READ of mapped pages [8.12]. */
static int read_again(struct model *m, size_t page, size_t count, size_t *bytes)
{
	size_t valid = in_backing(m, page * PAGE, count * PAGE);

	for (size_t i = 0; i < (valid + PAGE - 1) / PAGE; i++)
		m->page[page + i].content = CONTENT_BACKING;
	*bytes += valid;
	return valid < count * PAGE ? STOP_ENDS : STOP_NOT;
}

/* READ of a range with mapped pages, each stretch of which is read on its own [8.12]. */
static int read_stretches(struct model *m, size_t page, size_t end, size_t *bytes)
{
	int stop = STOP_NOT;

	while (page < end && !stop) {
		bool mapped = m->page[page].mapped;
		size_t n = 1;

		while (page + n < end && m->page[page + n].mapped == mapped)
			n++;
		stop = mapped ? read_again(m, page, n, bytes) :
				model_read(m, (intptr_t)(page * PAGE), n * PAGE, true, bytes);
		page += n;
	}
	return stop;
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
	if (mapped && fill && m->leanstore)
		return read_stretches(m, page, page + count, bytes);
	if (fill)
		valid = in_backing(m, (size_t)at, len);
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

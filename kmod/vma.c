// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* vma.c - a mapped surface: its table, and its lifetime; see vma.h */

#include <linux/slab.h>

#include "background.h"
#include "compat.h"
#include "life.h"
#include "vma.h"

static struct exmap_block *make_block(void)
{
	struct exmap_block *block = kmalloc(sizeof(*block), GFP_KERNEL_ACCOUNT);

	if (!block)
		return NULL;
	exmap_spin_init(&block->lock);
	/* May sleep and reclaim, as the kernel does when it allocates a page-table page. */
	block->words = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (block->words)
		return block;
	kfree(block);
	return NULL;
}

static void free_block(struct exmap_block *block)
{
	if (!block)
		return;
	free_page((unsigned long)block->words);
	kfree(block);
}

bool exmap_vma_prepare(struct exmap_surface *s, u64 page, u64 len)
{
	u64 end = DIV_ROUND_UP(page + len, EXMAP_BLOCK_PAGES);
	u64 nr;

	for (nr = page / EXMAP_BLOCK_PAGES; nr < end; nr++) {
		struct exmap_block *none = NULL;
		struct exmap_block *block;

		if (likely(READ_ONCE(s->blocks[nr])))
			continue;
		block = make_block();
		if (!block)
			return false;
		if (!try_cmpxchg(&s->blocks[nr], &none, block))
			free_block(block);
	}
	return true;
}

static void free_surface(struct work_struct *work)
{
	struct exmap_vma *s = container_of(work, struct exmap_vma, free_work);
	u64 nr_blocks = DIV_ROUND_UP(s->core.nr_pages, EXMAP_BLOCK_PAGES);
	u64 i;

	for (i = 0; i < nr_blocks; i++)
		free_block(s->core.blocks[i]);
	kvfree(s->core.blocks);
	exmap_device_put(s->dev);
	kfree(s);
	exmap_background_ended();
}

/* May run in a callback of SRCU, which must not sleep. */
static void last_put(struct kref *refs)
{
	struct exmap_vma *s = container_of(refs, struct exmap_vma, refs);

	exmap_background_queue(&s->free_work);
}

void exmap_vma_put(struct exmap_vma *s)
{
	kref_put(&s->refs, last_put);
}

struct exmap_vma *exmap_vma_make(struct exmap_device *dev, struct vm_area_struct *vma)
{
	struct exmap_vma *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	s->core.base = vma->vm_start;
	s->core.nr_pages = vma_pages(vma);
	s->core.blocks =
		kvcalloc(DIV_ROUND_UP(s->core.nr_pages, EXMAP_BLOCK_PAGES), sizeof(*s->core.blocks),
			 GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!s->core.blocks) {
		kfree(s);
		return NULL;
	}
	kref_init(&s->refs);
	INIT_WORK(&s->free_work, free_surface);
	s->core.exmap = &dev->core;
	s->dev = dev;
	s->vma = vma;
	s->mm = vma->vm_mm;
	return s;
}

void exmap_vma_discard(struct exmap_vma *s)
{
	kvfree(s->core.blocks);
	kfree(s);
}

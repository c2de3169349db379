// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * export.c - the page-table export [7.3]: maps core/'s table, read-only
 *
 * The words of a block are one page, so page i of the export is block i. The words hold the pool's
 * frame numbers, never physical addresses. Nevertheless the export is off by default: load the
 * module with export=1.
 */

#include <linux/module.h>
#include <linux/sizes.h>

#include "compat.h"
#include "export.h"
#include "vma.h"

static bool export;
module_param(export, bool, 0444);
MODULE_PARM_DESC(export, "let clients map a read-only table of their pages (default: no)");

static vm_fault_t export_fault(struct vm_fault *vmf)
{
	struct exmap_vma *s = vmf->vma->vm_private_data;
	u64 block = (vmf->address - vmf->vma->vm_start) >> PAGE_SHIFT;
	struct page *page;

	if (!s->core.ops->prepare(&s->core, block * EXMAP_BLOCK_PAGES, 1))
		return VM_FAULT_OOM;
	page = virt_to_page(exmap_word(&s->core, block * EXMAP_BLOCK_PAGES));
	get_page(page);
	vmf->page = page;
	return 0;
}

static int export_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

/* mremap() has moved the mapping, or fork() has copied it after MADV_DOFORK: one export more. */
static void export_open(struct vm_area_struct *vma)
{
	struct exmap_vma *s = vma->vm_private_data;

	mutex_lock(&s->dev->lock);
	s->exports++;
	mutex_unlock(&s->dev->lock);
	kref_get(&s->refs);
}

static void export_close(struct vm_area_struct *vma)
{
	struct exmap_vma *s = vma->vm_private_data;

	mutex_lock(&s->dev->lock);
	s->exports--;
	mutex_unlock(&s->dev->lock);
	exmap_vma_put(s);
}

static const struct vm_operations_struct export_vm_ops = {
	.open = export_open,
	.close = export_close,
	.may_split = export_may_split,
	.fault = export_fault,
};

int exmap_export_create(struct exmap_device *dev, struct vm_area_struct *vma)
{
	struct exmap_vma *s = dev->surface;
	unsigned long end;

	if (!export)
		return -EPERM;
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (!s || s->dead)
		return -EPROTO;
	end = s->core.base + (s->core.nr_pages << PAGE_SHIFT);
	if (!IS_ALIGNED(s->core.base, SZ_2M) || !IS_ALIGNED(end, SZ_2M))
		return -EFAULT;
	if (vma->vm_end - vma->vm_start > s->core.nr_pages * sizeof(u64))
		return -EOVERFLOW;
	if (s->exports)
		return -EBUSY;
	s->exports = 1;
	kref_get(&s->refs);
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND);
	vm_flags_clear(vma, VM_MAYWRITE);
	vma->vm_ops = &export_vm_ops;
	vma->vm_private_data = s;
	return 0;
}

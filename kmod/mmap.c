// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* mmap.c - what an mmap() of an exmap maps: surface or interface */

#include <linux/nospec.h>

#include "compat.h"
#include "export.h"
#include "file.h"
#include "life.h"
#include "mmap.h"
#include "surface.h"
#include "vma.h"

static int map_interface(struct exmap_device *dev, struct vm_area_struct *vma, u64 index)
{
	u32 n = exmap_nr_interfaces(&dev->core);

	if (index >= n)
		return -ENXIO;
	index = array_index_nospec(index, n);
	if (vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;
	return vm_insert_page(vma, vma->vm_start, dev->user[index]);
}

int exmap_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	struct exmap_device *dev;
	int ret = -EINVAL;

	/* Of a file that is open for reading only, a shared mapping has just this. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/* A file that CLONE brought here may have gone on since, as the last: then after it. */
	for (;;) {
		dev = exmap_file_use(file);
		if (kref_get_unless_zero(&dev->refs))
			break;
		exmap_file_done(file, dev);
	}
	mutex_lock(&dev->lock);
	if (dev->surface && dev->surface->mm != current->mm)
		ret = -EPROTO;
	else if (offset == EXMAP_OFF_EXMAP)
		ret = exmap_surface_create(dev, vma);
	else if (offset == EXMAP_OFF_PTEXPORT)
		ret = exmap_export_create(dev, vma);
	else if (offset >= EXMAP_OFF_INTERFACE_BASE && offset <= EXMAP_OFF_INTERFACE_MAX)
		ret = map_interface(dev, vma, (offset - EXMAP_OFF_INTERFACE_BASE) >> PAGE_SHIFT);
	mutex_unlock(&dev->lock);
	exmap_device_put(dev);
	exmap_file_done(file, dev);
	return ret;
}

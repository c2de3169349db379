// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* mmap.c - mmap() of /dev/exmap: the surface, an interface or the page-table export, by offset */

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

	/* A shared mapping of a file that is open O_RDONLY has VM_MAYSHARE, but not VM_SHARED. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/*
	 * If CLONE has turned the file to another exmap since exmap_file_use(), the file's
	 * reference may have been the last one of @dev. Then take the exmap that the file has now.
	 */
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

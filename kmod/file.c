// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* file.c - the open files of /dev/exmap, and CLONE; see file.h */

#include <linux/miscdevice.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "file.h"
#include "life.h"

/* Protects @dev (writes) and @clone of all files. */
static DEFINE_MUTEX(clone_lock);

struct exmap_device *exmap_file_use_clone(struct exmap_file *ef)
{
	struct exmap_device *dev;

	/*
	 * tryget fails if the exmap is ending. Then another CLONE of this file has just replaced
	 * ef->dev and has given up the last reference to the old exmap: read ef->dev again.
	 */
	rcu_read_lock();
	do {
		dev = rcu_dereference(ef->dev);
	} while (dev != ef->first && !percpu_ref_tryget_live_rcu(&dev->calls));
	rcu_read_unlock();
	return dev;
}

/* Whether /dev/exmap follows the LeanStore dialect, as exmap0 to exmap4 always do. Constant. */
static bool leanstore;

static int set_dialect(const char *value, const struct kernel_param *param)
{
	leanstore = sysfs_streq(value, "leanstore");
	return leanstore || sysfs_streq(value, "exmap") ? 0 : -EINVAL;
}

static const struct kernel_param_ops dialect_ops = { .set = set_dialect };
module_param_cb(dialect, &dialect_ops, NULL, 0);
MODULE_PARM_DESC(dialect, "What /dev/exmap follows: exmap (default) or leanstore");

int exmap_file_open(struct inode *inode, struct file *file)
{
	/* The kernel's misc driver leaves it there. */
	const struct miscdevice *misc = file->private_data;
	struct exmap_file *ef = kzalloc(sizeof(*ef), GFP_KERNEL_ACCOUNT);
	struct exmap_device *dev;

	if (!ef)
		return -ENOMEM;
	dev = exmap_device_make(leanstore || strcmp(misc->name, "exmap"));
	if (!dev) {
		kfree(ef);
		return -ENOMEM;
	}
	ef->first = dev;
	kref_get(&dev->refs);
	RCU_INIT_POINTER(ef->dev, dev);
	file->private_data = ef;
	return 0;
}

int exmap_file_release(struct inode *inode, struct file *file)
{
	struct exmap_file *ef = file->private_data;

	/* No call on the file is in progress, because a call holds a reference to the file. */
	exmap_device_put(rcu_dereference_protected(ef->dev, true));
	exmap_device_put(ef->first);
	kfree(ef);
	return 0;
}

long exmap_file_clone(struct file *file, struct file *other)
{
	struct exmap_file *from = other->private_data;
	struct exmap_file *ef = file->private_data;
	struct exmap_device *old = NULL;
	struct exmap_device *dev;

	mutex_lock(&clone_lock);
	if (from != ef && !from->clone) {
		dev = rcu_dereference_protected(from->dev, lockdep_is_held(&clone_lock));
		kref_get(&dev->refs);
		old = rcu_replace_pointer(ef->dev, dev, lockdep_is_held(&clone_lock));
		ef->clone = true;
	}
	mutex_unlock(&clone_lock);
	if (!old)
		return -EINVAL;
	exmap_device_put(old);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* fops.c - the methods of an open file, and the ioctls; see fops.h */

#include <linux/file.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "calls.h"
#include "compat.h"
#include "entry.h"
#include "file.h"
#include "fops.h"
#include "mmap.h"
#include "setup.h"
#include "uring.h"

static long do_setup(struct exmap_device *dev, void __user *arg)
{
	long ret;

	mutex_lock(&dev->setup_lock);
	ret = exmap_setup(dev, exmap_surface_foreign(dev), arg);
	mutex_unlock(&dev->setup_lock);
	return ret;
}

static long do_stats(struct exmap_device *dev, void __user *arg)
{
	struct exmap_ioctl_stats stats;

	exmap_get_stats(&dev->core, exmap_surface_alive(dev), &stats);
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static long do_clone(struct file *file, int fd)
{
	struct fd other = fdget(fd);
	long ret = -EINVAL;

	if (!fd_file(other))
		return -EBADFD;
	if (fd_file(other)->f_op == &exmap_fops)
		ret = exmap_file_clone(file, fd_file(other));
	fdput(other);
	return ret;
}

static noinline long rare_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct exmap_device *dev;
	long ret = -EINVAL;

	if (request == EXMAP_IOCTL_CLONE)
		return do_clone(file, arg);
	dev = exmap_file_use(file);
	if (request == EXMAP_IOCTL_SETUP)
		ret = do_setup(dev, (void __user *)arg);
	else if (request == EXMAP_IOCTL_STATS)
		ret = do_stats(dev, (void __user *)arg);
	exmap_file_done(file, dev);
	return ret;
}

static long ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	if (likely(request == EXMAP_IOCTL_ACTION))
		return exmap_action_ioctl(file, (void __user *)arg);
	return rare_ioctl(file, request, arg);
}

const struct file_operations exmap_fops = { .owner = THIS_MODULE,
					    .open = exmap_file_open,
					    .release = exmap_file_release,
					    .unlocked_ioctl = ioctl,
					    .mmap = exmap_mmap,
					    .read_iter = exmap_read_iter,
					    .uring_cmd = exmap_uring_cmd,
					    EXMAP_NO_LLSEEK };

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* device.c - open files, their exmap, and the ioctls but ACTION; see device.h */

#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "device.h"

/* Protects which exmap each file acts on. */
static DEFINE_MUTEX(exmap_clone_lock);

static void free_device(struct work_struct *work)
{
	struct exmap_device *dev = container_of(work, struct exmap_device, free_work);

	exmap_setup_undo(dev);
	mutex_destroy(&dev->setup_lock);
	mutex_destroy(&dev->lock);
	percpu_ref_exit(&dev->calls);
	kfree(dev);
	if (atomic_dec_and_test(&exmap_live))
		wake_up_var(&exmap_live);
}

/* The last call has ended: in whatever context that was. */
static void last_call(struct percpu_ref *calls)
{
	struct exmap_device *dev = container_of(calls, struct exmap_device, calls);

	queue_work(exmap_wq, &dev->free_work);
}

static void last_put(struct kref *refs)
{
	struct exmap_device *dev = container_of(refs, struct exmap_device, refs);

	percpu_ref_kill(&dev->calls);
}

void exmap_device_put(struct exmap_device *dev)
{
	kref_put(&dev->refs, last_put);
}

struct exmap_device *exmap_clone_call_begin(struct exmap_file *ef)
{
	struct exmap_device *dev;

	/* It goes only if CLONE has just put another in its place. */
	rcu_read_lock();
	do {
		dev = rcu_dereference(ef->dev);
	} while (dev != ef->first && !percpu_ref_tryget_live_rcu(&dev->calls));
	rcu_read_unlock();
	return dev;
}

static struct exmap_device *make_device(void)
{
	struct exmap_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);

	if (!dev)
		return NULL;
	if (percpu_ref_init(&dev->calls, last_call, 0, GFP_KERNEL_ACCOUNT)) {
		kfree(dev);
		return NULL;
	}
	kref_init(&dev->refs);
	mutex_init(&dev->setup_lock);
	mutex_init(&dev->lock);
	INIT_WORK(&dev->free_work, free_device);
	atomic_inc(&exmap_live);
	return dev;
}

static int exmap_open(struct inode *inode, struct file *file)
{
	struct exmap_file *ef = kzalloc(sizeof(*ef), GFP_KERNEL_ACCOUNT);
	struct exmap_device *dev;

	if (!ef)
		return -ENOMEM;
	dev = make_device();
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

static int exmap_release(struct inode *inode, struct file *file)
{
	struct exmap_file *ef = file->private_data;

	/* No call is under way: each holds the file. */
	exmap_device_put(rcu_dereference_protected(ef->dev, true));
	exmap_device_put(ef->first);
	kfree(ef);
	return 0;
}

void exmap_stop_calls(struct exmap_device *dev)
{
	u32 i;

	lockdep_assert_held(&dev->lock);
	WRITE_ONCE(dev->stopped, true);
	for (i = 0; i < dev->nr_interfaces; i++) {
		mutex_lock(&dev->ports[i]->core.lock);
		mutex_unlock(&dev->ports[i]->core.lock);
	}
}

void exmap_start_calls(struct exmap_device *dev)
{
	lockdep_assert_held(&dev->lock);
	/* What was done while they were out is for them to see, in exmap_enter(). */
	smp_store_release(&dev->stopped, false);
}

bool exmap_surface_alive(struct exmap_device *dev)
{
	bool ret;

	/* Not while it comes or goes. */
	mutex_lock(&dev->lock);
	ret = exmap_serves(dev);
	mutex_unlock(&dev->lock);
	return ret;
}

struct exmap_surface *exmap_wait_enter(struct exmap_device *dev, struct exmap_port *port)
{
	for (;;) {
		bool away = port->away;

		/* Pairs with exmap_start_calls(). */
		if (!away && !smp_load_acquire(&dev->stopped))
			break;
		mutex_unlock(&port->core.lock);
		if (fatal_signal_pending(current) || !exmap_surface_alive(dev))
			return NULL;
		/* Another call has stepped out, or an invalidation ends without us. */
		if (away)
			wait_var_event(&port->away, !READ_ONCE(port->away));
		else
			exmap_wait(8);
		mutex_lock(&port->core.lock);
	}
	if (exmap_serves(dev))
		return &dev->surface->core;
	mutex_unlock(&port->core.lock);
	return NULL;
}

void exmap_step_out(struct exmap_vma *s, struct exmap_port *port)
{
	if (!port->held) {
		kref_get(&s->refs);
		port->held = s;
	}
	WRITE_ONCE(port->away, true);
	mutex_unlock(&port->core.lock);
}

bool exmap_step_in(struct exmap_vma *s, struct exmap_port *port)
{
	bool alive;

	for (;;) {
		mutex_lock(&port->core.lock);
		alive = !READ_ONCE(s->dead);
		/* Pairs with exmap_start_calls(). */
		if (!alive || !smp_load_acquire(&s->dev->stopped))
			break;
		mutex_unlock(&port->core.lock);
		exmap_wait(8);
	}
	WRITE_ONCE(port->away, false);
	wake_up_var(&port->away);
	return alive;
}

u64 exmap_mapped_pages(struct exmap_device *dev, u32 nr_interfaces)
{
	u64 freed = READ_ONCE(dev->forgotten);
	u64 allocated = 0;
	u32 i;

	for (i = 0; i < nr_interfaces; i++)
		freed += READ_ONCE(dev->ports[i]->core.counts.freed);
	for (i = 0; i < nr_interfaces; i++)
		allocated += READ_ONCE(dev->ports[i]->core.counts.allocated);
	return allocated > freed ? allocated - freed : 0;
}

static long do_stats(struct exmap_device *dev, void __user *arg)
{
	struct exmap_ioctl_stats stats = { 0 };
	u32 n = exmap_nr_interfaces(dev);

	if (n) {
		stats.buffer_size = dev->buffer_size;
		stats.max_interfaces = n;
		stats.alloc_count = exmap_mapped_pages(dev, n);
		stats.flags = exmap_surface_alive(dev);
	}
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static long do_clone(struct exmap_file *ef, int fd)
{
	struct fd other = fdget(fd);
	struct exmap_device *old = NULL;
	struct exmap_device *dev;
	struct exmap_file *from;
	struct file *file = fd_file(other);
	long ret = -EINVAL;

	if (!file)
		return -EBADFD;
	if (file->f_op != &exmap_fops)
		goto out;
	from = file->private_data;
	mutex_lock(&exmap_clone_lock);
	if (from != ef && !from->clone) {
		dev = rcu_dereference_protected(from->dev, lockdep_is_held(&exmap_clone_lock));
		kref_get(&dev->refs);
		old = rcu_replace_pointer(ef->dev, dev, lockdep_is_held(&exmap_clone_lock));
		ef->clone = true;
		ret = 0;
	}
	mutex_unlock(&exmap_clone_lock);
	if (old)
		exmap_device_put(old);
out:
	fdput(other);
	return ret;
}

long exmap_rare_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct exmap_device *dev;
	long ret = -EINVAL;

	if (request == EXMAP_IOCTL_CLONE)
		return do_clone(file->private_data, arg);
	dev = exmap_call_begin(file);
	if (request == EXMAP_IOCTL_SETUP) {
		mutex_lock(&dev->setup_lock);
		ret = exmap_setup(dev, (void __user *)arg);
		mutex_unlock(&dev->setup_lock);
	} else if (request == EXMAP_IOCTL_STATS) {
		ret = do_stats(dev, (void __user *)arg);
	}
	exmap_call_end(file, dev);
	return ret;
}

const struct file_operations exmap_fops = { .owner = THIS_MODULE,
					    .open = exmap_open,
					    .release = exmap_release,
					    .unlocked_ioctl = exmap_ioctl,
					    .mmap = exmap_mmap,
					    .read_iter = exmap_read_iter,
					    .uring_cmd = exmap_uring_cmd,
					    EXMAP_NO_LLSEEK };

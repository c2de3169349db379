// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * debug.c - figures of exmaps in debugfs
 *
 * exmap/frames is the sum of all exmaps, exmap/inject the rules of inject.h. From SETUP to its end
 * each exmap has a folder: PID-N, where PID is the process that did SETUP and N the number of the
 * exmap.
 */

#include <linux/debugfs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "debug.h"
#include "inject.h"

static struct dentry *root;
/* The number that the last exmap got. */
static atomic_t last_id;
/* Number of frames of all exmaps. */
static atomic_long_t frames;

static int total_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "%ld\n", atomic_long_read(&frames));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(total);

static int frames_show(struct seq_file *file, void *unused)
{
	struct exmap_device *dev = file->private;

	seq_printf(file, "frames %llu\nmapped %llu\nfree %llu\n", dev->core.buffer_size,
		   exmap_mapped_pages(&dev->core), exmap_pool_count(&dev->core.pool));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(frames);

/* The figures are not of one moment: calls go on while they are read. */
static int interfaces_show(struct seq_file *file, void *unused)
{
	struct exmap_device *dev = file->private;
	u32 i;

	seq_puts(file, "interface free steals actions allocated freed bytes_read largest\n");
	for (i = 0; i < dev->core.nr_interfaces; i++) {
		const struct exmap_counts *counts = &dev->core.interfaces[i]->counts;
		const struct exmap_list *list = &dev->core.pool.lists[i];

		seq_printf(file, "%u %u %llu %llu %llu %llu %llu %llu\n", i, READ_ONCE(list->free),
			   READ_ONCE(list->steals), READ_ONCE(counts->actions),
			   READ_ONCE(counts->allocated), READ_ONCE(counts->freed),
			   READ_ONCE(counts->bytes_read), READ_ONCE(counts->largest));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(interfaces);

void exmap_debug_add(struct exmap_device *dev)
{
	char name[32];

	atomic_long_add(dev->core.buffer_size, &frames);
	dev->id = atomic_inc_return(&last_id);
	snprintf(name, sizeof(name), "%d-%u", task_tgid_nr(current), dev->id);
	dev->debug = debugfs_create_dir(name, root);
	debugfs_create_file("frames", 0400, dev->debug, dev, &frames_fops);
	debugfs_create_file("interfaces", 0400, dev->debug, dev, &interfaces_fops);
}

void exmap_debug_remove(struct exmap_device *dev)
{
	/* Waits until no thread reads the files. */
	debugfs_remove(dev->debug);
	atomic_long_sub(dev->core.buffer_size, &frames);
}

void exmap_debug_init(void)
{
	root = debugfs_create_dir("exmap", NULL);
	debugfs_create_file("frames", 0400, root, NULL, &total_fops);
	debugfs_create_file("inject", 0600, root, NULL, &exmap_inject_fops);
}

void exmap_debug_exit(void)
{
	debugfs_remove(root);
	exmap_inject_exit();
}

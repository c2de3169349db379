// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* backing.c - the file or block device behind an exmap */

#include <linux/bvec.h>
#include <linux/err.h>
#include <linux/file.h>

#include "backing.h"
#include "compat.h"

struct file *exmap_backing_get(int fd)
{
	struct file *file = fget(fd);
	umode_t mode;

	if (!file)
		return ERR_PTR(-EBADF);
	mode = file_inode(file)->i_mode;
	if (!(file->f_mode & FMODE_READ) || !(file->f_flags & O_DIRECT) ||
	    !(S_ISREG(mode) || S_ISBLK(mode))) {
		fput(file);
		return ERR_PTR(-EBADF);
	}
	return file;
}

s64 exmap_backing_read(struct file *backing, struct bio_vec *bvec, u32 nr, loff_t offset)
{
	size_t want = (size_t)nr << PAGE_SHIFT;
	size_t done = 0;

	while (done < want) {
		struct iov_iter iter;
		ssize_t n;

		iov_iter_bvec(&iter, ITER_DEST, bvec, nr, want);
		iov_iter_advance(&iter, done);
		n = vfs_iter_read(backing, &iter, &offset, 0);
		if (n < 0)
			return n;
		done += n;
		/* The file ends: nothing was read, or a part of a 512-byte sector. */
		if (!n || done % 512)
			break;
	}
	return done;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * calls.c - ACTION and read: copy the client's arguments, lock the interface, call core/
 *
 * core/exmap.h decides whether a call is let through.
 */

#include <linux/uaccess.h>

#include "calls.h"
#include "compat.h"
#include "entry.h"
#include "file.h"
#include "traced.h"

/*
 * As copy_from_user(), which copies by a string instruction: for two words its start takes longer.
 */
static inline bool load_params(struct exmap_action_params *params,
			       const struct exmap_action_params __user *arg)
{
	const u64 __user *from = (const u64 __user *)arg;
	u64 *to = (u64 *)params;

	BUILD_BUG_ON(sizeof(*params) != 2 * sizeof(*to));
	if (!user_access_begin(from, sizeof(*params)))
		return false;
	unsafe_get_user(to[0], from, fault);
	unsafe_get_user(to[1], from + 1, fault);
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

/* noinline: a call that fails the checks or has no vectors does not set up this stack frame. */
static noinline int do_vectors(struct exmap_device *dev, const struct exmap_action_params *params)
{
	struct exmap_call call;
	int ret;

	if (!exmap_enter(&call, dev, params->interface, params->opcode))
		return -EPROTO;
	if (unlikely(params->opcode > EXMAP_OP_FREE))
		ret = exmap_traced_shadows(dev, &call, call.ifc->user->iov, params->iov_len,
					   params->page_id);
	else
		ret = exmap_traced_action(dev, &call, call.ifc->user->iov, params->iov_len);
	exmap_leave(&call);
	return ret;
}

static long action(struct exmap_device *dev, const struct exmap_action_params __user *arg)
{
	struct exmap_action_params params = { 0 };
	bool readable = load_params(&params, arg);
	int ret = exmap_check_vectors(&dev->core, exmap_is_mapped(dev), readable, params.interface,
				      params.opcode, params.iov_len);

	if (ret || (!params.iov_len && params.opcode != EXMAP_OP_RM_SD))
		return ret;
	return do_vectors(dev, &params);
}

long exmap_action_ioctl(struct file *file, const struct exmap_action_params __user *arg)
{
	struct exmap_device *dev = exmap_file_use(file);
	long ret = action(dev, arg);

	exmap_file_done(file, dev);
	return ret;
}

static ssize_t do_read(struct exmap_device *dev, loff_t offset, const struct iovec *iov,
		       unsigned long nr_iov)
{
	struct exmap_call call;
	ssize_t ret = exmap_check_read(&dev->core, offset);

	if (ret)
		return ret;
	if (!exmap_enter(&call, dev, exmap_read_interface(offset), exmap_read_opcode(offset)))
		return -EPROTO;
	ret = exmap_traced_read(dev, &call, iov, nr_iov);
	exmap_leave(&call);
	return ret;
}

ssize_t exmap_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct exmap_device *dev;
	struct iovec one;
	ssize_t ret;

	if (iocb->ki_flags & IOCB_NOWAIT)
		return -EAGAIN;
	dev = exmap_file_use(iocb->ki_filp);
	if (iter_is_ubuf(iter)) {
		one.iov_base = iter->ubuf + iter->iov_offset;
		one.iov_len = iov_iter_count(iter);
		ret = do_read(dev, iocb->ki_pos, &one, 1);
	} else if (iter_is_iovec(iter) && !iter->iov_offset) {
		ret = do_read(dev, iocb->ki_pos, iter_iov(iter), iter->nr_segs);
	} else {
		ret = -EINVAL;
	}
	exmap_file_done(iocb->ki_filp, dev);
	return ret;
}

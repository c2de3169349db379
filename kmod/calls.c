// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* calls.c - ACTION and read: from the client's arguments to core/ */

#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "device.h"

static long action(struct exmap_device *dev, u32 nr_interfaces,
		   const struct exmap_action_params *params)
{
	struct exmap_port *port;
	struct exmap_surface *s;
	int ret;

	if (params->interface >= nr_interfaces)
		return -EINVAL;
	if (params->opcode != EXMAP_OP_ALLOC && params->opcode != EXMAP_OP_FREE)
		return -EINVAL;
	if (params->iov_len > EXMAP_USER_INTERFACE_PAGES)
		return -EINVAL;
	/* Nothing to do needs no interface. */
	if (!params->iov_len)
		return exmap_serves(dev) ? 0 : -EPROTO;
	port = dev->ports[array_index_nospec(params->interface, nr_interfaces)];
	s = exmap_enter(dev, port);
	if (!s)
		return -EPROTO;
	ret = exmap_traced_action(dev, port, s, port->core.user->iov, params->opcode,
				  params->iov_len);
	exmap_leave(port);
	return ret;
}

/* As copy_from_user(), for two words: a string instruction takes longer to start. */
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

static long checked_action(struct exmap_device *dev, const struct exmap_action_params __user *arg)
{
	struct exmap_action_params params;
	u32 n = exmap_nr_interfaces(dev);
	long ret;

	if (!n)
		return -EBADF;
	if (!load_params(&params, arg))
		return exmap_surface_alive(dev) ? -EFAULT : -EPROTO;
	ret = action(dev, n, &params);
	/* Without a surface that is what is wrong first [4.1]. */
	if (ret == -EINVAL && !exmap_surface_alive(dev))
		ret = -EPROTO;
	return ret;
}

long exmap_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct exmap_device *dev;
	long ret;

	if (unlikely(request != EXMAP_IOCTL_ACTION))
		return exmap_rare_ioctl(file, request, arg);
	dev = exmap_call_begin(file);
	ret = checked_action(dev, (void __user *)arg);
	exmap_call_end(file, dev);
	return ret;
}

static ssize_t do_read(struct exmap_device *dev, loff_t offset, const struct iovec *iov,
		       unsigned long nr_iov)
{
	u32 n = exmap_nr_interfaces(dev);
	unsigned int opcode = offset >> 8 & 0xff;
	unsigned int id = offset & 0xff;
	struct exmap_port *port;
	struct exmap_surface *s;
	ssize_t ret;

	if (!n || offset & ~0xffffLL || id >= n)
		return -EINVAL;
	if (opcode != EXMAP_OP_READ && opcode != EXMAP_OP_ALLOC)
		return -EINVAL;
	if (opcode == EXMAP_OP_READ && !dev->backing)
		return -EINVAL;
	port = dev->ports[array_index_nospec(id, n)];
	s = exmap_enter(dev, port);
	if (!s)
		return -EPROTO;
	ret = exmap_traced_read(dev, port, s, opcode, iov, nr_iov);
	exmap_leave(port);
	return ret;
}

ssize_t exmap_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct exmap_device *dev;
	struct iovec one;
	ssize_t ret;

	if (iocb->ki_flags & IOCB_NOWAIT)
		return -EAGAIN;
	dev = exmap_call_begin(iocb->ki_filp);
	if (iter_is_ubuf(iter)) {
		one.iov_base = iter->ubuf + iter->iov_offset;
		one.iov_len = iov_iter_count(iter);
		ret = do_read(dev, iocb->ki_pos, &one, 1);
	} else if (iter_is_iovec(iter) && !iter->iov_offset) {
		ret = do_read(dev, iocb->ki_pos, iter_iov(iter), iter->nr_segs);
	} else {
		ret = -EINVAL;
	}
	exmap_call_end(iocb->ki_filp, dev);
	return ret;
}

// SPDX-License-Identifier: MIT
/*
 * calls.c - ACTION, read and io_uring commands: from the client's arguments to core/
 *
 * core/exmap.h decides whether a call is let through. Here its arguments are copied in, its
 * interface is locked, and its results are copied out.
 */

#include <fcntl.h>

#include "emu/device.h"
#include "emu/surface.h"
#include "emu/usercopy.h"

/*
 * Whether calls of this address space find their surface. Ask before an interface is locked: in a
 * forked child, a thread of the parent's may have left the interface locked for ever.
 */
static bool is_mapped(struct exmap_device *dev)
{
	return emu_surface_alive(exmap_load_acquire(&dev->surface));
}

/*
 * Locks an interface for a call on the surface. Inlined: that is a tenth of the instructions of a
 * call that does little. Return: false if the surface has gone.
 */
static __always_inline bool begin(struct exmap_call *call, struct exmap_device *dev, u32 id,
				  u32 opcode)
{
	struct exmap_interface *ifc = dev->core.interfaces[id];
	struct emu_surface *s;

	for (;;) {
		exmap_lock(&ifc->lock);
		if (exmap_likely(!exmap_load_acquire(&dev->stopped)))
			break;
		exmap_unlock(&ifc->lock);
		/* The thread that stopped the calls holds this lock until it starts them. */
		pthread_mutex_lock(&dev->lock);
		pthread_mutex_unlock(&dev->lock);
	}
	s = exmap_load(&dev->surface);
	if (exmap_unlikely(!s)) {
		exmap_unlock(&ifc->lock);
		return false;
	}
	exmap_call_init(call, ifc, &s->core, opcode);
	return true;
}

static void end(struct exmap_call *call)
{
	exmap_unlock(&call->ifc->lock);
}

/* @readable: whether the client's parameters could be read. */
static long action(struct exmap_device *dev, bool readable, u32 interface, u32 opcode, u32 iov_len)
{
	struct exmap_call call;
	int ret = exmap_check_vectors(&dev->core, is_mapped(dev), readable, interface, opcode,
				      iov_len);

	if (ret || !iov_len)
		return ret;
	if (!begin(&call, dev, interface, opcode))
		return -EPROTO;
	ret = exmap_action(&call, call.ifc->user->iov, iov_len);
	end(&call);
	return ret;
}

long emu_action(struct exmap_file *file, const struct exmap_action_params *user)
{
	struct exmap_action_params params = { 0 };
	bool readable = !emu_usercopy(&params, user, sizeof(params));

	return action(exmap_load_acquire(&file->dev), readable, params.interface, params.opcode,
		      params.iov_len);
}

long emu_syscall_action(struct exmap_file *file, unsigned int opcode, unsigned int interface,
			unsigned int iov_len)
{
	return action(exmap_load_acquire(&file->dev), true, interface, opcode, iov_len);
}

/* Reads into @one, or into the ranges that the client's array @user names. */
static ssize_t do_read(struct exmap_file *file, const struct iovec *one, const struct iovec *user,
		       unsigned int nr_iov, off_t offset)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	u32 id = exmap_read_interface(offset);
	struct exmap_call call;
	struct iovec *copy;
	ssize_t ret;

	if ((file->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	ret = exmap_check_read(&dev->core, offset);
	if (ret)
		return ret;
	if (!is_mapped(dev) || !begin(&call, dev, id, exmap_read_opcode(offset)))
		return -EPROTO;
	if (!one) {
		/* Not on the stack: the client's thread may have little. */
		copy = dev->iovecs + id * EMU_MAX_IOV;
		ret = emu_usercopy(copy, user, nr_iov * sizeof(*copy));
		one = copy;
	}
	if (!ret)
		ret = exmap_read(&call, one, nr_iov);
	end(&call);
	return ret;
}

ssize_t emu_read_one(struct exmap_file *file, void *buffer, size_t len, off_t offset)
{
	struct iovec iov = { .iov_base = buffer, .iov_len = len };

	return do_read(file, &iov, NULL, 1, offset);
}

ssize_t emu_read(struct exmap_file *file, const struct iovec *iov, long nr_iov, off_t offset)
{
	if (nr_iov < 0 || nr_iov > EMU_MAX_IOV)
		return -EINVAL;
	return do_read(file, NULL, iov, nr_iov, offset);
}

/* ALLOC of vectors in the client's memory, good or bad. */
static long alloc_vectors(struct exmap_call *call, const struct iovec *range)
{
	struct exmap_iov *iov = call->ifc->result;
	long ret = emu_usercopy(iov, range->iov_base, range->iov_len);

	if (!ret)
		ret = exmap_action(call, iov, range->iov_len / sizeof(*iov));
	/* There are results only if the call has not failed. */
	if (ret >= 0 && emu_usercopy(range->iov_base, iov, range->iov_len))
		ret = -EFAULT;
	return ret;
}

long emu_command(struct exmap_file *file, u32 cmd_op, bool fixed, bool in_buffer,
		 const struct iovec *range)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	struct exmap_call call;
	long ret = exmap_check_command(&dev->core, cmd_op, fixed, range->iov_len);

	if (ret)
		return ret;
	if (fixed && !in_buffer)
		return -EFAULT;
	if (!is_mapped(dev) || !begin(&call, dev, exmap_command_interface(cmd_op), EXMAP_OP_ALLOC))
		return -EPROTO;
	ret = fixed ? alloc_vectors(&call, range) : exmap_bytes(&call, range);
	end(&call);
	return ret;
}

void emu_undo_read(struct exmap_file *file, off_t offset, const struct iovec *range)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	struct iovec pages = { range->iov_base, emu_pages_len(range->iov_len) };
	struct exmap_call call;

	/* CLONE may have put another exmap behind the file since. */
	if (exmap_check_read(&dev->core, offset) || !is_mapped(dev) ||
	    !begin(&call, dev, exmap_read_interface(offset), EXMAP_OP_FREE))
		return;
	exmap_bytes(&call, &pages);
	end(&call);
}

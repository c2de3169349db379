// SPDX-License-Identifier: MIT
/* calls.c - ACTION and read: from the client's arguments to core/ */

#include <fcntl.h>

#include "emu/device.h"
#include "emu/surface.h"
#include "emu/usercopy.h"

/* A client's offset for read: interface in the low byte, opcode in the next [5.1]. */
#define READ_OFFSET_MASK 0xffffL

static struct emu_surface *live_surface(struct exmap_device *dev)
{
	struct emu_surface *s = exmap_load_acquire(&dev->surface);

	return emu_surface_alive(s) ? s : NULL;
}

/* Locks the interface, and finds the surface that stays as long. */
static struct exmap_surface *enter(struct exmap_device *dev, struct exmap_interface *ifc)
{
	struct emu_surface *s;

	for (;;) {
		exmap_lock(&ifc->lock);
		if (exmap_likely(!exmap_load_acquire(&dev->stopped)))
			break;
		exmap_unlock(&ifc->lock);
		/* Held by who stopped the calls, as long as they are. */
		pthread_mutex_lock(&dev->lock);
		pthread_mutex_unlock(&dev->lock);
	}
	s = exmap_load(&dev->surface);
	if (exmap_likely(s))
		return &s->core;
	exmap_unlock(&ifc->lock);
	return NULL;
}

static long action(struct exmap_device *dev, u32 nr_interfaces,
		   const struct exmap_action_params *params)
{
	struct exmap_interface *ifc;
	struct exmap_surface *s;
	int ret;

	if (params->interface >= nr_interfaces)
		return -EINVAL;
	if (params->opcode != EXMAP_OP_ALLOC && params->opcode != EXMAP_OP_FREE)
		return -EINVAL;
	if (params->iov_len > EXMAP_USER_INTERFACE_PAGES)
		return -EINVAL;
	if (!params->iov_len)
		return 0;
	ifc = &dev->interfaces[params->interface];
	s = enter(dev, ifc);
	if (!s)
		return -EPROTO;
	ret = exmap_action(ifc, &dev->pool, s, ifc->user->iov, params->opcode, params->iov_len);
	exmap_unlock(&ifc->lock);
	return ret;
}

long emu_action(struct exmap_file *file, const struct exmap_action_params *user)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	u32 n = exmap_load_acquire(&dev->nr_interfaces);
	struct exmap_action_params params;

	if (!n)
		return -EBADF;
	if (!live_surface(dev))
		return -EPROTO;
	if (emu_usercopy(&params, user, sizeof(params)))
		return -EFAULT;
	return action(dev, n, &params);
}

long emu_syscall_action(struct exmap_file *file, unsigned int opcode, unsigned int interface,
			unsigned int iov_len)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	u32 n = exmap_load_acquire(&dev->nr_interfaces);
	struct exmap_action_params params = {
		.interface = interface,
		.iov_len = iov_len,
		.opcode = opcode,
	};

	if (!n)
		return -EBADF;
	if (!live_surface(dev))
		return -EPROTO;
	if (opcode > UINT16_MAX || interface > UINT16_MAX || iov_len > UINT16_MAX)
		return -EINVAL;
	return action(dev, n, &params);
}

/* The checks of 5.1. Return: the interface, or a negative errno. */
static long check_read(struct exmap_file *file, struct exmap_device *dev, off_t offset)
{
	u32 n = exmap_load_acquire(&dev->nr_interfaces);
	unsigned int opcode = offset >> 8 & 0xff;

	if ((file->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (!n || offset & ~READ_OFFSET_MASK || (offset & 0xff) >= n)
		return -EINVAL;
	if (opcode != EXMAP_OP_READ && opcode != EXMAP_OP_ALLOC)
		return -EINVAL;
	if (opcode == EXMAP_OP_READ && dev->backing_fd < 0)
		return -EINVAL;
	return live_surface(dev) ? offset & 0xff : -EPROTO;
}

/* Reads into @one, or into the ranges that the client's array @user names. */
static ssize_t do_read(struct exmap_file *file, const struct iovec *one, const struct iovec *user,
		       unsigned int nr_iov, off_t offset)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	long id = check_read(file, dev, offset);
	struct exmap_interface *ifc;
	struct exmap_surface *s;
	struct iovec *copy;
	ssize_t ret = 0;

	if (id < 0)
		return id;
	ifc = &dev->interfaces[id];
	s = enter(dev, ifc);
	if (!s)
		return -EPROTO;
	if (!one) {
		/* Not on the stack: the client's thread may have little. */
		copy = dev->iovecs + id * EMU_MAX_IOV;
		ret = emu_usercopy(copy, user, nr_iov * sizeof(*copy));
		one = copy;
	}
	if (!ret)
		ret = exmap_read(ifc, &dev->pool, s, offset >> 8 & 0xff, one, nr_iov);
	exmap_unlock(&ifc->lock);
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

/* The interface of an ALLOC that comes without parameters. */
static struct exmap_interface *interface_of(struct exmap_device *dev, unsigned int id)
{
	return id < exmap_load_acquire(&dev->nr_interfaces) ? &dev->interfaces[id] : NULL;
}

long emu_alloc_bytes(struct exmap_file *file, unsigned int interface, const struct iovec *range)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	struct exmap_interface *ifc = interface_of(dev, interface);
	struct exmap_surface *s;
	long ret;

	if (!ifc)
		return -EINVAL;
	s = live_surface(dev) ? enter(dev, ifc) : NULL;
	if (!s)
		return -EPROTO;
	ret = exmap_alloc_bytes(ifc, &dev->pool, s, range);
	exmap_unlock(&ifc->lock);
	return ret;
}

long emu_alloc_vectors(struct exmap_file *file, unsigned int interface, const struct iovec *range)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	struct exmap_interface *ifc = interface_of(dev, interface);
	size_t len = range->iov_len;
	struct exmap_surface *s;
	long ret;

	if (!ifc || !len || len % sizeof(ifc->result[0]) || len > sizeof(ifc->result))
		return -EINVAL;
	s = live_surface(dev) ? enter(dev, ifc) : NULL;
	if (!s)
		return -EPROTO;
	ret = emu_usercopy(ifc->result, range->iov_base, len);
	if (!ret)
		ret = exmap_action(ifc, &dev->pool, s, ifc->result, EXMAP_OP_ALLOC,
				   len / sizeof(ifc->result[0]));
	if (ret >= 0 && emu_usercopy(range->iov_base, ifc->result, len))
		ret = -EFAULT;
	exmap_unlock(&ifc->lock);
	return ret;
}

/* More than a vector's length has bits for would not do. */
#define MAX_VECTOR_PAGES ((1U << EXMAP_PAGE_LEN_BITS) - 1)

void emu_free_bytes(struct exmap_file *file, unsigned int interface, const struct iovec *range)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	struct exmap_interface *ifc = interface_of(dev, interface);
	size_t left = (range->iov_len + EXMAP_PAGE_SIZE - 1) >> EXMAP_PAGE_SHIFT;
	struct exmap_surface *s = ifc && live_surface(dev) ? enter(dev, ifc) : NULL;
	u64 page;

	if (!s)
		return;
	page = ((uintptr_t)range->iov_base - s->base) >> EXMAP_PAGE_SHIFT;
	while (left) {
		size_t n = EXMAP_MIN(left, MAX_VECTOR_PAGES);

		ifc->result[0].page = page;
		ifc->result[0].len = n;
		if (exmap_action(ifc, &dev->pool, s, ifc->result, EXMAP_OP_FREE, 1))
			break;
		page += n;
		left -= n;
	}
	exmap_unlock(&ifc->lock);
}

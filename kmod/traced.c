// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* traced.c - core/'s calls, with a tracepoint behind each; an interface is held in all */

#include "device.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static u64 steals(const struct exmap_device *dev, const struct exmap_port *port)
{
	return READ_ONCE(dev->pool.lists[port->core.id].steals);
}

static void trace_steals(const struct exmap_device *dev, const struct exmap_port *port, u64 before)
{
	u64 after = steals(dev, port);

	if (unlikely(after != before))
		trace_exmap_steal(dev->id, port->core.id, after - before);
}

int exmap_traced_action(struct exmap_device *dev, struct exmap_port *port, struct exmap_surface *s,
			struct exmap_iov *iov, unsigned int opcode, unsigned int iov_len)
{
	struct exmap_counts before = port->core.counts;
	struct exmap_counts *now = &port->core.counts;
	u64 stolen = steals(dev, port);
	int failed = exmap_action(&port->core, &dev->pool, s, iov, opcode, iov_len);

	if (opcode == EXMAP_OP_ALLOC)
		trace_exmap_alloc(dev->id, port->core.id, iov_len,
				  now->allocated - before.allocated, failed);
	else
		trace_exmap_free(dev->id, port->core.id, iov_len, now->freed - before.freed,
				 failed);
	trace_steals(dev, port, stolen);
	return failed;
}

int exmap_traced_alloc_bytes(struct exmap_device *dev, struct exmap_port *port,
			     struct exmap_surface *s, const struct iovec *range)
{
	u64 before = port->core.counts.allocated;
	u64 stolen = steals(dev, port);
	int ret = exmap_alloc_bytes(&port->core, &dev->pool, s, range);

	trace_exmap_alloc(dev->id, port->core.id, 1, port->core.counts.allocated - before, ret < 0);
	trace_steals(dev, port, stolen);
	return ret;
}

s64 exmap_traced_read(struct exmap_device *dev, struct exmap_port *port, struct exmap_surface *s,
		      unsigned int opcode, const struct iovec *iov, unsigned int nr_iov)
{
	u64 stolen = steals(dev, port);
	s64 ret = exmap_read(&port->core, &dev->pool, s, opcode, iov, nr_iov);

	trace_exmap_read(dev->id, port->core.id, opcode, nr_iov, ret);
	trace_steals(dev, port, stolen);
	return ret;
}

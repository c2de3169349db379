// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* traced.c - core/'s calls, each followed by its tracepoints; see traced.h */

#include "core/shadow.h"
#include "traced.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static u64 steals(const struct exmap_call *call)
{
	return READ_ONCE(call->ifc->pool->lists[call->ifc->id].steals);
}

static void trace_steals(const struct exmap_device *dev, const struct exmap_call *call, u64 before)
{
	u64 after = steals(call);

	if (unlikely(after != before))
		trace_exmap_steal(dev->id, call->ifc->id, after - before);
}

int exmap_traced_action(struct exmap_device *dev, struct exmap_call *call, struct exmap_iov *iov,
			u32 iov_len)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_counts before = ifc->counts;
	u64 stolen = steals(call);
	int failed = exmap_action(call, iov, iov_len);

	if (call->opcode == EXMAP_OP_ALLOC)
		trace_exmap_alloc(dev->id, ifc->id, iov_len,
				  ifc->counts.allocated - before.allocated, failed);
	else
		trace_exmap_free(dev->id, ifc->id, iov_len, ifc->counts.freed - before.freed,
				 failed);
	trace_steals(dev, call, stolen);
	return failed;
}

int exmap_traced_bytes(struct exmap_device *dev, struct exmap_call *call, const struct iovec *range)
{
	struct exmap_interface *ifc = call->ifc;
	u64 before = ifc->counts.allocated;
	u64 stolen = steals(call);
	int ret = exmap_bytes(call, range);

	trace_exmap_alloc(dev->id, ifc->id, 1, ifc->counts.allocated - before, ret < 0);
	trace_steals(dev, call, stolen);
	return ret;
}

s64 exmap_traced_read(struct exmap_device *dev, struct exmap_call *call, const struct iovec *iov,
		      u32 nr_iov)
{
	u64 stolen = steals(call);
	s64 ret = exmap_read(call, iov, nr_iov);

	trace_exmap_read(dev->id, call->ifc->id, call->opcode, nr_iov, ret);
	trace_steals(dev, call, stolen);
	return ret;
}

int exmap_traced_shadows(struct exmap_device *dev, struct exmap_call *call, struct exmap_iov *iov,
			 u32 iov_len, u64 page_id)
{
	const struct exmap_interface *ifc = call->ifc;
	u64 pages = 0;
	int ret;

	if (call->opcode == EXMAP_OP_SHADOW) {
		ret = exmap_shadow(call, iov, iov_len, page_id);
		if (trace_exmap_shadow_enabled())
			trace_exmap_shadow(dev->id, ifc->id, iov_len,
					   exmap_shadow_asked(ifc, iov_len), page_id, ret);
		return ret;
	}
	if (trace_exmap_rm_sd_enabled())
		pages = exmap_shadow_targets(ifc);
	ret = exmap_end_shadows(call);
	trace_exmap_rm_sd(dev->id, ifc->id, pages, ret);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * traced.h - core/'s calls, each followed by its tracepoints
 *
 * Each function calls the one of core/call.h and returns its result: exmap_action(), exmap_bytes(),
 * exmap_read(); exmap_traced_shadows() the one of core/shadow.h that the opcode names. The
 * interface is locked.
 */
#ifndef EXMAP_KMOD_TRACED_H
#define EXMAP_KMOD_TRACED_H

#include "device.h"

int exmap_traced_action(struct exmap_device *dev, struct exmap_call *call, struct exmap_iov *iov,
			u32 iov_len);
int exmap_traced_bytes(struct exmap_device *dev, struct exmap_call *call,
		       const struct iovec *range);
s64 exmap_traced_read(struct exmap_device *dev, struct exmap_call *call, const struct iovec *iov,
		      u32 nr_iov);

int exmap_traced_shadows(struct exmap_device *dev, struct exmap_call *call, struct exmap_iov *iov,
			 u32 iov_len, u64 page_id);

#endif /* EXMAP_KMOD_TRACED_H */

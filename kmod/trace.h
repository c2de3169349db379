/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * trace.h - tracepoints, for perf, bpftrace and tracefs: events/exmap/
 *
 * @exmap is the exmap's number, as in debugfs. All tracepoints fire at the end of a call, under the
 * interface's lock.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM exmap

#if !defined(EXMAP_KMOD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define EXMAP_KMOD_TRACE_H

#include <linux/tracepoint.h>

/* clang-format off */

DECLARE_EVENT_CLASS(exmap_action,
	TP_PROTO(u32 exmap, u32 interface, u32 vectors, u64 pages, int failed),
	TP_ARGS(exmap, interface, vectors, pages, failed),
	TP_STRUCT__entry(
		__field(u32, exmap)
		__field(u32, interface)
		__field(u32, vectors)
		__field(int, failed)
		__field(u64, pages)
	),
	TP_fast_assign(
		__entry->exmap = exmap;
		__entry->interface = interface;
		__entry->vectors = vectors;
		__entry->failed = failed;
		__entry->pages = pages;
	),
	TP_printk("exmap=%u interface=%u vectors=%u pages=%llu failed=%d", __entry->exmap,
		  __entry->interface, __entry->vectors, __entry->pages, __entry->failed)
);

/* ALLOC: @pages that were mapped, vectors that @failed. */
DEFINE_EVENT(exmap_action, exmap_alloc,
	TP_PROTO(u32 exmap, u32 interface, u32 vectors, u64 pages, int failed),
	TP_ARGS(exmap, interface, vectors, pages, failed)
);

/* FREE: @pages that were unmapped, vectors that @failed. */
DEFINE_EVENT(exmap_action, exmap_free,
	TP_PROTO(u32 exmap, u32 interface, u32 vectors, u64 pages, int failed),
	TP_ARGS(exmap, interface, vectors, pages, failed)
);

/* SHADOW of @pages, the first at page @target: @ret is 0 or a negative errno. */
TRACE_EVENT(exmap_shadow,
	TP_PROTO(u32 exmap, u32 interface, u32 vectors, u64 pages, u64 target, int ret),
	TP_ARGS(exmap, interface, vectors, pages, target, ret),
	TP_STRUCT__entry(
		__field(u32, exmap)
		__field(u32, interface)
		__field(u32, vectors)
		__field(int, ret)
		__field(u64, pages)
		__field(u64, target)
	),
	TP_fast_assign(
		__entry->exmap = exmap;
		__entry->interface = interface;
		__entry->vectors = vectors;
		__entry->ret = ret;
		__entry->pages = pages;
		__entry->target = target;
	),
	TP_printk("exmap=%u interface=%u vectors=%u pages=%llu target=%llu ret=%d", __entry->exmap,
		  __entry->interface, __entry->vectors, __entry->pages, __entry->target,
		  __entry->ret)
);

/* RM_SD: @pages were targets of SHADOW since the last one; @ret is 0 or a negative errno. */
TRACE_EVENT(exmap_rm_sd,
	TP_PROTO(u32 exmap, u32 interface, u64 pages, int ret),
	TP_ARGS(exmap, interface, pages, ret),
	TP_STRUCT__entry(
		__field(u32, exmap)
		__field(u32, interface)
		__field(u64, pages)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->exmap = exmap;
		__entry->interface = interface;
		__entry->pages = pages;
		__entry->ret = ret;
	),
	TP_printk("exmap=%u interface=%u pages=%llu ret=%d", __entry->exmap, __entry->interface,
		  __entry->pages, __entry->ret)
);

/* An interface took frames from other interfaces' lists, @steals times during one call. */
TRACE_EVENT(exmap_steal,
	TP_PROTO(u32 exmap, u32 interface, u64 steals),
	TP_ARGS(exmap, interface, steals),
	TP_STRUCT__entry(
		__field(u32, exmap)
		__field(u32, interface)
		__field(u64, steals)
	),
	TP_fast_assign(
		__entry->exmap = exmap;
		__entry->interface = interface;
		__entry->steals = steals;
	),
	TP_printk("exmap=%u interface=%u steals=%llu", __entry->exmap, __entry->interface,
		  __entry->steals)
);

/* A read: @ret is the number of bytes or a negative errno. */
TRACE_EVENT(exmap_read,
	TP_PROTO(u32 exmap, u32 interface, u32 opcode, u32 iovecs, s64 ret),
	TP_ARGS(exmap, interface, opcode, iovecs, ret),
	TP_STRUCT__entry(
		__field(u32, exmap)
		__field(u32, interface)
		__field(u32, opcode)
		__field(u32, iovecs)
		__field(s64, ret)
	),
	TP_fast_assign(
		__entry->exmap = exmap;
		__entry->interface = interface;
		__entry->opcode = opcode;
		__entry->iovecs = iovecs;
		__entry->ret = ret;
	),
	TP_printk("exmap=%u interface=%u %s iovecs=%u ret=%lld", __entry->exmap,
		  __entry->interface, __entry->opcode == EXMAP_OP_READ ? "READ" : "ALLOC",
		  __entry->iovecs, __entry->ret)
);

/* clang-format on */

#endif /* EXMAP_KMOD_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

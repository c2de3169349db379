/* SPDX-License-Identifier: MIT */
/*
 * trace.h - the events of trace=FILE, and the probes of the same calls
 *
 * To be called only if emu_watched(EMU_WATCH_TRACE), or emu_traced(), but for emu_trace_shadows(). Where there is no trace, because its file could
 * not be written, and where the ring of the thread is full, the calls are performed all the same.
 *
 * @exmap is the exmap's number, as in messages.
 */
#ifndef EXMAP_EMU_TRACE_H
#define EXMAP_EMU_TRACE_H

#include "core/call.h"
#include "emu/probes.h"
#include "emu/trace_format.h"
#include "emu/watch.h"

/**
 * emu_traced() - whether a call is in the trace, or has probes that tools have attached to
 * @others: other watchers, EMU_WATCH_*
 *
 * Return: that, or whether one of @others watches: by one branch. Any thread.
 */
static inline bool emu_traced(unsigned int others)
{
	return exmap_unlikely((exmap_load(&emu_watching) & (EMU_WATCH_TRACE | others)) |
			      emu_probed());
}

/*
 * core/'s calls, each with its event and its probes; they return what core/'s do. The interface is locked.
 *
 * The event has the vectors as they were before the call. If the client writes them during the call,
 * core/ may have performed others.
 */

/** emu_trace_shadows() - SHADOW and RM_SD, with their probes but without an event. */
int emu_trace_shadows(struct exmap_call *call, u64 exmap, struct exmap_iov *iov, u32 iov_len,
		      u64 page_id);

/** emu_trace_vectors() - exmap_vectors(). */
int emu_trace_vectors(struct exmap_call *call, u64 exmap, struct exmap_iov *iov, u32 iov_len,
		      u64 page_id);

/** emu_trace_ranges() - with @kind EMU_TRACE_READ exmap_read(), with BYTES exmap_bytes() of one. */
s64 emu_trace_ranges(u32 kind, struct exmap_call *call, u64 exmap, const struct iovec *ranges,
		     u32 n);

/**
 * emu_trace_refused() - ACTION, READ or BYTES that did not begin, or had nothing to do
 * @kind:   enum emu_trace_kind
 * @nr:     number of vectors or ranges, as the client gave it
 * @result: what the client gets
 *
 * Any thread.
 */
void emu_trace_refused(u32 kind, u64 exmap, u32 interface, u32 opcode, u32 nr, s64 result);

/** emu_trace_open() - open() of @x; @flags: as the client gave them. Any thread. */
void emu_trace_open(u64 exmap, const struct exmap *x, int flags);

/** emu_trace_close() - the last descriptor of a file was closed. Any thread. */
void emu_trace_close(u64 exmap);

/** emu_trace_clone() - CLONE: the file of exmap @was acts on @exmap now. Any thread. */
void emu_trace_clone(u64 was, u64 exmap);

/** emu_trace_setup() - SETUP; @backing_fd: of the exmap, or -1. Any thread. */
void emu_trace_setup(u64 exmap, const struct exmap_ioctl_setup *setup, int backing_fd, s64 result);

/**
 * struct emu_trace_mapping - what was mapped or unmapped; see struct emu_trace_map
 * @x:          the exmap, as core/ knows it; NULL for the end of an interface page or an export
 * @exmap:      its number
 * @backing_fd: of the exmap, or -1
 */
struct emu_trace_mapping {
	const struct exmap *x;
	u64 exmap;
	int backing_fd;
	u64 offset;
	const void *addr;
	u64 len;
	int prot;
	int flags;
};

/** emu_trace_map() - mmap() or munmap(); @kind: enum emu_trace_kind. Any thread. */
void emu_trace_map(u32 kind, const struct emu_trace_mapping *mapping, s64 result);

/** emu_trace_fault() - an access to a page that was not allocated. Any thread, in its handler. */
void emu_trace_fault(u64 exmap, u64 offset, u64 error);

#endif /* EXMAP_EMU_TRACE_H */

// SPDX-License-Identifier: MIT
/*
 * calls.c - ACTION, read and io_uring commands: from the client's arguments to core/
 *
 * core/exmap.h decides whether a call is permitted. This file copies the call's arguments in,
 * locks its interface, has core/ do the work, and copies the results out.
 */

#include <fcntl.h>

#include "core/shadow.h"
#include "emu/device.h"
#include "emu/failed.h"
#include "emu/history.h"
#include "emu/notes.h"
#include "emu/reentry.h"
#include "emu/surface.h"
#include "emu/trace.h"
#include "emu/usercopy.h"
#include "emu/watch.h"
#include "emu/writeback.h"
#include "emu/yield.h"

/*
 * Whether the surface is mapped in this address space. Ask before locking an interface: if a
 * process forks while one of its threads is in a call, the child's copy of that interface stays
 * locked for ever. The child must get EPROTO, and not wait [1.4].
 */
static inline bool is_mapped(struct exmap_device *dev)
{
	return emu_surface_alive(exmap_load_acquire(&dev->surface));
}

/**
 * struct emu_call - a call in progress
 * @core:  what core/ knows of it
 * @outer: the exmap of the call that this one, a signal handler's, has interrupted; or NULL
 */
struct emu_call {
	struct exmap_call core;
	struct exmap_device *outer;
};

/*
 * A call that somebody watches is about to lock its interface. Another thread that runs now finds the
 * client's vectors written, and the interface free.
 */
static __attribute__((noinline)) void before_lock(struct exmap_interface *ifc)
{
	emu_yield(ifc->id);
	if (emu_watched(EMU_WATCH_NOTES))
		emu_note_contention(ifc);
}

/*
 * Begins a call: waits until calls are not stopped, locks interface @id, and fills in @call.
 * Inlined, because that saves a tenth of the instructions of a call that does little.
 * Return: 0; or with the interface unlocked -EPROTO if the surface has been unmapped, and -EDEADLK
 * if the call would wait for one that it has interrupted.
 */
static __always_inline int begin(struct emu_call *call, struct exmap_device *dev, u32 id,
				 u32 opcode)
{
	struct exmap_interface *ifc = dev->core.interfaces[id];
	struct emu_surface *s;

	if (exmap_unlikely(!emu_call_begin(dev, &call->outer)))
		return emu_refuse_reentry();
	if (emu_watched(EMU_WATCH_NOTES | EMU_WATCH_YIELD))
		before_lock(ifc);
	for (;;) {
		exmap_lock(&ifc->lock);
		if (exmap_likely(!exmap_load_acquire(&dev->stopped)))
			break;
		exmap_unlock(&ifc->lock);
		/* Then that may be the very thread that the caller, a handler, has interrupted. */
		if (!emu_may_lock()) {
			emu_call_end(call->outer);
			return emu_refuse_reentry();
		}
		/* The thread that stopped the calls holds dev->lock until it starts them. */
		pthread_mutex_lock(&dev->lock);
		pthread_mutex_unlock(&dev->lock);
	}
	s = exmap_load_acquire(&dev->surface);
	if (exmap_unlikely(!s)) {
		exmap_unlock(&ifc->lock);
		emu_call_end(call->outer);
		return -EPROTO;
	}
	exmap_call_init(&call->core, ifc, &s->core, opcode);
	return 0;
}

static struct emu_history *history_of(const struct exmap_call *call)
{
	return emu_surface_of(call->s)->dev->history;
}

static u64 serial_of(const struct exmap_call *call)
{
	return emu_surface_of(call->s)->dev->serial;
}

/* exmap_vectors() of a call that somebody watches but the trace, or the trace too. */
static int looked_at_action(struct exmap_call *call, struct exmap_iov *iov, u32 iov_len,
			    u64 page_id)
{
	struct exmap_iov asked[EXMAP_USER_INTERFACE_PAGES];
	struct emu_history *history = history_of(call);
	int ret;

	for (u32 i = 0; i < iov_len; i++)
		asked[i].value = exmap_load(&iov[i].value);
	if (call->opcode == EXMAP_OP_FREE && emu_watched(EMU_WATCH_WRITEBACK))
		emu_check_writeback(call, asked, iov_len);
	if (history)
		emu_history_vectors(history, call, asked, iov_len);
	ret = emu_trace_vectors(call, serial_of(call), iov, iov_len, page_id);
	/* First: what the action itself did is no news to who made it. */
	if (ret >= 0 && call->opcode <= EXMAP_OP_FREE && emu_watched(EMU_WATCH_NOTES))
		emu_note_results(call, asked, iov_len);
	if (history)
		emu_history_vectors_end(history, call, ret);
	return ret;
}

/* exmap_vectors() of a call that somebody watches. */
static __attribute__((noinline)) int watched_action(struct exmap_call *call, struct exmap_iov *iov,
						    u32 iov_len, u64 page_id)
{
	if (emu_watched(EMU_WATCH_HISTORY | EMU_WATCH_NOTES | EMU_WATCH_WRITEBACK))
		return looked_at_action(call, iov, iov_len, page_id);
	return emu_trace_vectors(call, serial_of(call), iov, iov_len, page_id);
}

static int do_action(struct exmap_call *call, struct exmap_iov *iov, u32 iov_len, u64 page_id)
{
	if (emu_traced(EMU_WATCH_HISTORY | EMU_WATCH_NOTES | EMU_WATCH_WRITEBACK))
		return watched_action(call, iov, iov_len, page_id);
	if (exmap_unlikely(call->opcode > EXMAP_OP_FREE))
		return emu_trace_shadows(call, serial_of(call), iov, iov_len, page_id);
	return exmap_action(call, iov, iov_len);
}

/* exmap_read(), or exmap_bytes() of one range, of a call that somebody watches. */
static __attribute__((noinline)) s64 watched_ranges(struct exmap_call *call, u32 kind,
						    const struct iovec *ranges, u32 n)
{
	bool history = emu_watched(EMU_WATCH_HISTORY);
	s64 ret;

	if (history)
		emu_history_ranges(history_of(call), call, ranges, n);
	ret = emu_trace_ranges(kind, call, serial_of(call), ranges, n);
	/* First, as in looked_at_action(). */
	if (kind == EMU_TRACE_READ && emu_watched(EMU_WATCH_NOTES))
		emu_note_ranges(call, ranges, n, ret);
	if (history)
		emu_history_ranges_end(history_of(call), call, kind == EMU_TRACE_READ, ret);
	return ret;
}

static __always_inline s64 do_read_ranges(struct exmap_call *call, const struct iovec *ranges,
					  u32 n)
{
	if (emu_traced(EMU_WATCH_HISTORY | EMU_WATCH_NOTES))
		return watched_ranges(call, EMU_TRACE_READ, ranges, n);
	return exmap_read(call, ranges, n);
}

static __always_inline s64 do_bytes(struct exmap_call *call, const struct iovec *range)
{
	if (emu_traced(EMU_WATCH_HISTORY))
		return watched_ranges(call, EMU_TRACE_BYTES, range, 1);
	return exmap_bytes(call, range);
}

/* The answer @ret to a call that does not begin, or has nothing to do; in the trace. */
static long refuse(struct exmap_device *dev, u32 kind, u32 interface, u32 opcode, u32 nr, long ret)
{
	if (emu_watched(EMU_WATCH_TRACE))
		emu_trace_refused(kind, dev->serial, interface, opcode, nr, ret);
	return ret;
}

static void end(struct emu_call *call)
{
	exmap_unlock(&call->core.ifc->lock);
	emu_call_end(call->outer);
}

/* An ACTION that is not let through, because of @ret. */
static __attribute__((noinline)) long refuse_action(struct exmap_device *dev, u32 interface,
						    u32 opcode, u32 iov_len, int ret)
{
	emu_note_vectors(&dev->core, interface, opcode, iov_len, ret);
	return refuse(dev, EMU_TRACE_ACTION, interface, opcode, iov_len, ret);
}

/* An ACTION that has been let through, and has something to do. */
static __attribute__((noinline)) long perform_action(struct exmap_device *dev, u32 interface,
						     u32 opcode, u32 iov_len, u64 page_id)
{
	struct emu_call call;
	int ret = begin(&call, dev, interface, opcode);

	if (exmap_unlikely(ret))
		return refuse(dev, EMU_TRACE_ACTION, interface, opcode, iov_len, ret);
	ret = do_action(&call.core, call.core.ifc->user->iov, iov_len, page_id);
	end(&call);
	return ret;
}

/*
 * Refusals, and calls that have vectors, are in functions of their own. So an ACTION without vectors, the
 * shortest call there is, saves no registers for them.
 * @readable: false if the client's parameters are at a bad address, and the others are 0.
 */
static __always_inline long action(struct exmap_device *dev, bool readable, u32 interface,
				   u32 opcode, u32 iov_len, u64 page_id)
{
	int ret = exmap_check_vectors(&dev->core, is_mapped(dev), readable, interface, opcode,
				      iov_len);

	if (exmap_unlikely(ret))
		return refuse_action(dev, interface, opcode, iov_len, ret);
	if (exmap_unlikely(!iov_len && opcode != EXMAP_OP_RM_SD))
		return refuse(dev, EMU_TRACE_ACTION, interface, opcode, iov_len, 0);
	return perform_action(dev, interface, opcode, iov_len, page_id);
}

long emu_action(struct exmap_file *file, const struct exmap_action_params *user)
{
	struct exmap_action_params params = { 0 };
	bool readable = !emu_usercopy(&params, user, sizeof(params));

	return action(exmap_load_acquire(&file->dev), readable, params.interface, params.opcode,
		      params.iov_len, params.page_id);
}

long emu_syscall_action(struct exmap_file *file, unsigned int opcode, unsigned int interface,
			unsigned int iov_len)
{
	/* It has no argument for SHADOW's target, so SHADOW is as any unknown opcode [8.7]. */
	if (opcode == EXMAP_OP_SHADOW)
		opcode = U32_MAX;
	return action(exmap_load_acquire(&file->dev), true, interface, opcode, iov_len, 0);
}

/* READ into the range @one or, if that is NULL, into the ranges of the client's array @user. */
static ssize_t do_read(struct exmap_file *file, const struct iovec *one, const struct iovec *user,
		       unsigned int nr_iov, off_t offset)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	u32 id = exmap_read_interface(offset);
	u32 opcode = exmap_read_opcode(offset);
	struct emu_call call;
	struct iovec *copy;
	ssize_t ret;

	if ((file->flags & O_ACCMODE) == O_WRONLY)
		return emu_fails("read", -EBADF, "the exmap was opened for writing only [5.1]");
	ret = exmap_check_read(&dev->core, offset);
	if (ret) {
		emu_note_read(&dev->core, offset);
		return refuse(dev, EMU_TRACE_READ, id, opcode, nr_iov, ret);
	}
	if (!is_mapped(dev)) {
		emu_fails("read", -EPROTO,
			  "the surface is not mapped in this process: mmap() it first; "
			  "after fork() it is the parent's [1.4, 5.1]");
		return refuse(dev, EMU_TRACE_READ, id, opcode, nr_iov, -EPROTO);
	}
	ret = begin(&call, dev, id, opcode);
	if (ret)
		return refuse(dev, EMU_TRACE_READ, id, opcode, nr_iov, ret);
	if (!one) {
		/* Up to 16 KiB: too much for the stack of a client's thread, which may be small. */
		copy = dev->iovecs + id * EMU_MAX_IOV;
		ret = emu_usercopy(copy, user, nr_iov * sizeof(*copy));
		one = copy;
	}
	if (exmap_likely(!ret))
		ret = do_read_ranges(&call.core, one, nr_iov);
	else
		refuse(dev, EMU_TRACE_READ, id, opcode, nr_iov, ret);
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

/* ALLOC of the vectors that are in the client's memory at @range, which may be a bad address. */
static long alloc_vectors(struct exmap_call *call, const struct iovec *range)
{
	struct exmap_iov *iov = call->ifc->result;
	long ret = emu_usercopy(iov, range->iov_base, range->iov_len);

	if (!ret)
		ret = do_action(call, iov, range->iov_len / sizeof(*iov), 0);
	/* A call that failed as a whole has no results to copy out. */
	if (ret >= 0 && emu_usercopy(range->iov_base, iov, range->iov_len))
		ret = -EFAULT;
	return ret;
}

long emu_command(struct exmap_file *file, u32 cmd_op, bool fixed, bool in_buffer,
		 const struct iovec *range)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	struct emu_call call;
	long ret = exmap_check_command(&dev->core, cmd_op, fixed, range->iov_len);

	if (ret)
		return ret;
	if (fixed && !in_buffer)
		return -EFAULT;
	if (!is_mapped(dev))
		return -EPROTO;
	ret = begin(&call, dev, exmap_command_interface(cmd_op), EXMAP_OP_ALLOC);
	if (ret)
		return ret;
	ret = fixed ? alloc_vectors(&call.core, range) : do_bytes(&call.core, range);
	end(&call);
	return ret;
}

void emu_undo_read(struct exmap_file *file, off_t offset, const struct iovec *range)
{
	struct exmap_device *dev = exmap_load_acquire(&file->dev);
	struct iovec pages = { range->iov_base, emu_pages_len(range->iov_len) };
	struct emu_call call;

	/* Of the pages that were read, some may have been mapped before [8.12], and must stay so. */
	if (dev->core.leanstore)
		return;
	/* Since the read, CLONE may have given the file an exmap without that interface. */
	if (exmap_check_read(&dev->core, offset) || !is_mapped(dev) ||
	    begin(&call, dev, exmap_read_interface(offset), EXMAP_OP_FREE))
		return;
	do_bytes(&call.core, &pages);
	end(&call);
}

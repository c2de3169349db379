// SPDX-License-Identifier: MIT
/*
 * uring_enter.c - io_uring_enter(): carries out the submission entries that name an exmap
 *
 * When a client submits entries, the shim looks through them before the kernel does.
 * An entry on an exmap is carried out at once, on the submitting thread:
 *
 *   READ, READV              emu_read_one(), emu_read()
 *   URING_CMD                emu_command()
 *   WRITE and its variants   -EINVAL, as for write() [1.1]
 *   OPENAT, OPENAT2, CLOSE   the shim's open() and close()
 *   FILES_UPDATE             uring_update_files()
 *
 * The entry is then rewritten into one that does nothing and completes with the
 * result: a no-op (Linux 6.10), or a message to the client's own ring (5.18). So the
 * kernel does completions, links and flags, in its usual order.
 *
 * One kind of entry cannot be carried out at once: an entry on an exmap that is linked
 * behind an ordinary one. Example: a WRITE to the backing, and behind it a READ of the
 * exmap. await() is for these:
 *
 *   1. The READ is rewritten into a message to a ring of the shim's own, and all
 *      entries up to it are submitted.
 *   2. When the WRITE has succeeded, the kernel sends the message. The shim waits
 *      for it, carries out the READ, and posts its completion to the client's ring.
 *   3. If the WRITE fails, the kernel cancels the message instead, and posts
 *      -ECANCELED to the client's ring with the READ's user_data.
 */

#include "emu/hidden_fd.h"
#include "emu/say.h"
#include "shim/real.h"
#include "shim/uring.h"

#include <errno.h>
#include <string.h>

#include "core/platform.h"
#include "emu/rcu.h"
#include "emu/sys.h"
#include "emu/usercopy.h"
#include "include/exmap.h"
#include "shim/fdtable.h"
#include "shim/io.h"
#include "shim/libc_result.h"
#include "shim/masks.h"
#include "shim/open.h"
#include "shim/path.h"
#include "shim/uring_ring.h"

/* Whether this kernel's no-op can complete with a given result. Set by probe_nop(). */
static bool has_result;

/* Any number that a kernel which ignores it does not complete with. */
#define PROBE_RESULT 12345

/* Submits a no-op to a fresh ring. Return: whether it got the result asked for. */
static bool try_nop(const struct uring *ring, const struct io_uring_params *p)
{
	struct io_uring_sqe *sqe = (struct io_uring_sqe *)ring->entries;
	const struct io_uring_cqe *cqe =
		(const struct io_uring_cqe *)(ring->memory + p->cq_off.cqes);

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_NOP;
	sqe->rw_flags = IORING_NOP_INJECT_RESULT;
	sqe->len = PROBE_RESULT;
	ring->array[0] = 0;
	__atomic_store_n(ring->tail, 1, __ATOMIC_RELEASE);
	return emu_sys(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1 &&
	       cqe->res == PROBE_RESULT;
}

/* Finds out by trying. Where a ring cannot be made, the client has none either. */
static void probe_nop(void)
{
	struct io_uring_params params = { 0 };
	struct uring ring = { .fd = emu_sys(SYS_io_uring_setup, 1, &params) };

	if (ring.fd < 0)
		return;
	if (uring_map(&ring, &params))
		has_result = try_nop(&ring, &params);
	uring_unmap(&ring);
	emu_sys(SYS_close, ring.fd);
}

static bool nop_has_result(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, probe_nop);
	return has_result;
}

/* The size of the shim's own ring: more messages at one time than clients have rings. */
#define ENTRIES 64

/* Protects the shim's own ring, and all that follows up to await(). */
static pthread_mutex_t ours_lock = PTHREAD_MUTEX_INITIALIZER;
/* The shim's own ring. */
static struct uring ours = { .fd = -1 };
static unsigned int *ours_cq_head;
/* Messages are numbered; this is the number of the last one. */
static uint64_t last_message;
/* The process that made the ring: a forked child needs one of its own. */
static long owner;

/* Makes the shim's own ring, unless this process has it. ours_lock held. */
static bool make_own_ring(void)
{
	struct io_uring_params params = { 0 };
	long pid = emu_sys(SYS_getpid);

	if (owner == pid)
		return ours.fd >= 0;
	owner = pid;
	ours = (struct uring){ .fd = emu_sys(SYS_io_uring_setup, ENTRIES, &params) };
	ours.fd = emu_hide_fd(ours.fd);
	if (ours.fd < 0)
		return false;
	if (!uring_map(&ours, &params)) {
		uring_unmap(&ours);
		emu_close_hidden(ours.fd);
		ours.fd = -1;
		return false;
	}
	ours_cq_head = (unsigned int *)(ours.memory + params.cq_off.head);
	return true;
}

/*
 * Rewrites an entry into a message to the ring @fd, which gets a completion with @user_data and
 * @result. The entry itself completes only if it fails, with the user_data that it has.
 */
static void make_message(struct io_uring_sqe *sqe, int fd, uint64_t user_data, long result)
{
	uint64_t own = sqe->user_data;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_MSG_RING;
	sqe->fd = fd;
	sqe->off = user_data;
	sqe->len = result;
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = own;
}

/* Posts a completion to a client's ring, by a message from the shim's own. */
static void post(const struct uring *ring, uint64_t user_data, long result)
{
	struct io_uring_sqe *sqe;
	unsigned int tail;

	pthread_mutex_lock(&ours_lock);
	tail = *ours.tail;
	sqe = (struct io_uring_sqe *)ours.entries + (tail & ours.mask);
	make_message(sqe, ring->fd, user_data, result);
	ours.array[tail & ours.mask] = tail & ours.mask;
	__atomic_store_n(ours.tail, tail + 1, __ATOMIC_RELEASE);
	emu_sys(SYS_io_uring_enter, ours.fd, 1, 0, 0, NULL, 0);
	pthread_mutex_unlock(&ours_lock);
}

/*
 * Whether the message of that number has arrived. Those that other threads wait for are kept until
 * they ask.
 */
static bool has_arrived(uint64_t message)
{
	static uint64_t arrived[ENTRIES];
	static unsigned int nr_arrived;
	bool found = false;
	unsigned int tail;

	pthread_mutex_lock(&ours_lock);
	tail = __atomic_load_n(ours.cq_tail, __ATOMIC_ACQUIRE);
	for (; *ours_cq_head != tail && nr_arrived < ENTRIES; ++*ours_cq_head) {
		const struct io_uring_cqe *cqe =
			(const struct io_uring_cqe *)ours.cq + (*ours_cq_head & ours.cq_mask);

		arrived[nr_arrived++] = cqe->user_data;
	}
	for (unsigned int i = 0; i < nr_arrived && !found; i++) {
		if (arrived[i] == message) {
			arrived[i] = arrived[--nr_arrived];
			found = true;
		}
	}
	pthread_mutex_unlock(&ours_lock);
	return found;
}

/*
 * Whether the client's ring has a failed completion with @user_data, at position @from or later:
 * the kernel has cancelled the entry that await() waits for.
 */
static bool has_failed(const struct uring *ring, uint64_t user_data, unsigned int from)
{
	unsigned int tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);

	for (; from != tail; from++) {
		const struct io_uring_cqe *cqe =
			(const struct io_uring_cqe *)(ring->cq + ((size_t)(from & ring->cq_mask)
								  << ring->cq_shift));

		if (cqe->user_data == user_data && cqe->res < 0)
			return true;
	}
	return false;
}

/*
 * Submits entries up to one that is linked behind an ordinary one, and waits for that one to end.
 * @ring:  locked
 * @sqe:   the entry to wait for, the last of them; it is rewritten
 * @n:     number of entries
 * @flags: of the client's io_uring_enter()
 * @submitted: increased by the number of entries that were submitted
 *
 * Return: 1 if @sqe is to be carried out now; 0 if it was cancelled, and the client has been told;
 * or a negative errno if it was not submitted, and is as it was.
 */
static long await(struct uring *ring, struct io_uring_sqe *sqe, unsigned int n, unsigned int flags,
		  long *submitted)
{
	unsigned int keep = flags & ~IORING_ENTER_GETEVENTS & ~IORING_ENTER_EXT_ARG;
	unsigned int from = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
	struct io_uring_sqe old = *sqe;
	uint64_t message;
	bool made;
	long ret;

	pthread_mutex_lock(&ours_lock);
	made = make_own_ring();
	message = ++last_message;
	pthread_mutex_unlock(&ours_lock);
	if (!made)
		return -ENOMEM;
	make_message(sqe, ours.fd, message, 0);
	/* The kernel takes fewer than all if one of them is invalid. */
	for (unsigned int left = n; left; left -= ret) {
		ret = emu_sys(SYS_io_uring_enter, ring->fd, left, 0, keep, NULL, 0);
		if (ret <= 0) {
			*sqe = old;
			return ret ? ret : -EAGAIN;
		}
		*submitted += ret;
	}
	for (unsigned int round = 0; !has_arrived(message); round++) {
		if (has_failed(ring, old.user_data, from))
			return 0;
		exmap_wait(round);
		/* With IORING_SETUP_DEFER_TASKRUN completions wait until the thread enters. */
		emu_sys(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	}
	return 1;
}

/* Whether an entry opens or closes an exmap, or registers fds, which may be exmaps. */
static bool is_for_table(const struct uring *ring, const struct io_uring_sqe *sqe)
{
	bool follow = sqe->opcode != IORING_OP_OPENAT || !(sqe->open_flags & O_NOFOLLOW);

	switch (sqe->opcode) {
	case IORING_OP_CLOSE:
		return !sqe->file_index && fdtable_read(sqe->fd);
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		return path_leads_to_exmap(sqe->fd, (char *)(uintptr_t)sqe->addr, follow, NULL);
	case IORING_OP_FILES_UPDATE:
		/* With ALLOC the kernel chooses free slots, and an exmap's is not free. */
		return ring->nr_files && sqe->off != IORING_FILE_INDEX_ALLOC;
	default:
		return false;
	}
}

/* Carries out an entry for which is_for_table() says yes. Return: its result. */
static long serve_table(struct uring *ring, const struct io_uring_sqe *sqe)
{
	void *addr = (void *)(uintptr_t)sqe->addr;
	int ret;

	/* It asks for a registered exmap without an fd, which could not be mapped. */
	if (sqe->opcode != IORING_OP_FILES_UPDATE && sqe->file_index)
		return -EOPNOTSUPP;
	switch (sqe->opcode) {
	case IORING_OP_CLOSE:
		ret = close(sqe->fd);
		break;
	case IORING_OP_OPENAT:
		ret = openat(sqe->fd, addr, sqe->open_flags, sqe->len);
		break;
	case IORING_OP_OPENAT2:
		ret = open_openat2(sqe->fd, addr, (struct open_how *)(uintptr_t)sqe->off, sqe->len);
		break;
	case IORING_OP_FILES_UPDATE:
		return uring_update_files(ring, addr, sqe->len, sqe->off);
	default:
		return -EINVAL;
	}
	return ret < 0 ? -errno : ret;
}

/* Forgets the registered exmaps whose slots the kernel will use for another file. */
static void leave_slot(struct uring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int slot = sqe->file_index - 1;

	switch (sqe->opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
	case IORING_OP_CLOSE:
	case IORING_OP_ACCEPT:
	case IORING_OP_SOCKET:
		uring_forget_file(ring, slot);
		break;
	case EMU_IORING_OP_PIPE:
		uring_forget_file(ring, slot);
		uring_forget_file(ring, slot + 1);
		break;
	}
}

/* The next entry is linked behind this one. If this fails, IO_LINK cancels it, IO_HARDLINK not. */
#define LINKS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

/* The exmap that an entry names by fd or by registered slot, with a reference; or NULL. */
static struct exmap_file *file_of(const struct uring *ring, const struct io_uring_sqe *sqe)
{
	struct exmap_file *file = NULL;

	if (!(sqe->flags & IOSQE_FIXED_FILE))
		return fdtable_get(sqe->fd);
	if ((unsigned int)sqe->fd >= ring->nr_files || !ring->files[sqe->fd])
		return NULL;
	emu_rcu_read_lock();
	if (emu_file_get(ring->files[sqe->fd]))
		file = ring->files[sqe->fd];
	emu_rcu_read_unlock();
	return file;
}

/* Whether a range is in the registered buffer that the entry names. */
static bool in_buffer(const struct uring *ring, const struct io_uring_sqe *sqe,
		      const struct iovec *range)
{
	const struct iovec *buffer;
	uintptr_t start;

	if (sqe->buf_index >= ring->nr_buffers)
		return false;
	buffer = &ring->buffers[sqe->buf_index];
	start = (uintptr_t)range->iov_base - (uintptr_t)buffer->iov_base;
	return start <= buffer->iov_len && range->iov_len <= buffer->iov_len - start;
}

static long do_read(const struct uring *ring, const struct io_uring_sqe *sqe,
		    struct exmap_file *file)
{
	struct iovec range = { (void *)(uintptr_t)sqe->addr, sqe->len };
	off_t offset = io_offset(sqe->off);

	if (sqe->flags & IOSQE_BUFFER_SELECT)
		return -EINVAL;
	if (!io_flags_are_valid(sqe->rw_flags))
		return -EOPNOTSUPP;
	if (sqe->opcode == IORING_OP_READV)
		return emu_read(file, range.iov_base, sqe->len, offset);
	/* A registered buffer's pages are mapped, and a READ wants unmapped ones [7.5]. */
	if (sqe->opcode == IORING_OP_READ_FIXED)
		return in_buffer(ring, sqe, &range) ? -EINVAL : -EFAULT;
	return emu_read_one(file, range.iov_base, sqe->len, offset);
}

static long do_command(const struct uring *ring, const struct io_uring_sqe *sqe,
		       struct exmap_file *file)
{
	bool fixed = sqe->rw_flags & IORING_URING_CMD_FIXED;
	struct iovec range;

	memcpy(&range, (const char *)sqe + EMU_SQE_CMD, sizeof(range));
	return emu_command(file, (uint32_t)sqe->off, fixed, fixed && in_buffer(ring, sqe, &range),
			   &range);
}

/* Carries out an entry. @file is its exmap, NULL if is_for_table(). Return: its result. */
static long serve(struct uring *ring, const struct io_uring_sqe *sqe, struct exmap_file *file)
{
	long ret;

	if (!file)
		return serve_table(ring, sqe);
	emu_rcu_read_lock();
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
		ret = do_read(ring, sqe, file);
		break;
	case IORING_OP_URING_CMD:
		ret = do_command(ring, sqe, file);
		break;
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
		ret = -EINVAL;
		break;
	default:
		ret = -EBADF;
	}
	emu_rcu_read_unlock();
	return ret;
}

/*
 * Whether an entry is for serve(), if it names an exmap. Any other goes to the kernel, and fails
 * with EBADF on the O_PATH fd behind an exmap. A registered exmap has an epoll fd behind it
 * instead, on which it might do something: so with a registered file each operation is for
 * serve().
 */
static bool is_served(const struct io_uring_sqe *sqe)
{
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
	case IORING_OP_URING_CMD:
		return true;
	case IORING_OP_NOP:
		return false;
	default:
		return sqe->flags & IOSQE_FIXED_FILE;
	}
}

/* Rewrites an entry into one that does nothing and completes with @result. */
static void replace(const struct uring *ring, struct io_uring_sqe *sqe, long result)
{
	struct io_uring_sqe old = *sqe;

	memset(sqe, 0, 1UL << ring->shift);
	sqe->user_data = old.user_data;
	if (nop_has_result()) {
		sqe->opcode = IORING_OP_NOP;
		sqe->rw_flags = IORING_NOP_INJECT_RESULT;
		sqe->len = result;
	} else if (result < 0 || !(old.flags & IOSQE_CQE_SKIP_SUCCESS)) {
		make_message(sqe, ring->fd, old.user_data, result);
	}
	sqe->flags |= old.flags & (LINKS | IOSQE_IO_DRAIN | IOSQE_CQE_SKIP_SUCCESS);
}

/**
 * struct chain - what is known of the entries that the current one is linked behind
 * @ordinary: one of them is the kernel's to carry out
 * @failed:   one of them failed here, so the current one is to be cancelled
 * @cut:      the kernel does not see that failure, so it would not cancel the current one
 */
struct chain {
	bool ordinary;
	bool failed;
	bool cut;
};

/**
 * struct walk - a walk through the entries of a ring that are not submitted yet
 * @ring:      locked
 * @sqe:       the current entry
 * @before:    number of entries before it that are still to be submitted
 * @may_wait:  whether it is among those that the client submits by this call
 * @flags:     of the client's io_uring_enter()
 * @submitted: increased by the number of entries that await() submits
 * @chain:     the entries that the current one is linked behind
 */
struct walk {
	struct uring *ring;
	struct io_uring_sqe *sqe;
	unsigned int before;
	bool may_wait;
	unsigned int flags;
	long *submitted;
	struct chain chain;
};

/* Carries out the current entry after those before it. Return: 0 or a negative errno. */
static long serve_later(struct walk *walk, struct exmap_file *file)
{
	struct io_uring_sqe copy = *walk->sqe;
	long result = -ECANCELED;
	long turn = await(walk->ring, walk->sqe, walk->before + 1, walk->flags, walk->submitted);

	if (turn < 0)
		return turn;
	walk->before = 0;
	if (turn) {
		result = serve(walk->ring, &copy, file);
		if (result < 0 || !(copy.flags & IOSQE_CQE_SKIP_SUCCESS))
			post(walk->ring, copy.user_data, result);
	}
	walk->chain.ordinary = false;
	if (result < 0 && (copy.flags & LINKS) == IOSQE_IO_LINK)
		walk->chain.failed = walk->chain.cut = true;
	return 0;
}

/* The result of the current entry: it is carried out, unless it has to fail. */
static long result_of(const struct walk *walk, struct exmap_file *file)
{
	if (walk->chain.failed)
		return -ECANCELED;
	if (!(walk->sqe->flags & IOSQE_IO_DRAIN))
		return serve(walk->ring, walk->sqe, file);
	emu_say_once(
		"io_uring: an operation on an emulated exmap cannot wait for all earlier ones "
		"(IOSQE_IO_DRAIN: EOPNOTSUPP); link it to them, or submit it when they are done");
	return -EOPNOTSUPP;
}

/* Carries out the current entry, and leaves one with its result for the kernel. */
static void serve_now(struct walk *walk, struct exmap_file *file)
{
	unsigned int links = walk->sqe->flags & LINKS;
	long result = result_of(walk, file);

	replace(walk->ring, walk->sqe, result);
	walk->before++;
	if (result >= 0 || links != IOSQE_IO_LINK)
		return;
	walk->chain.failed = true;
	if (!nop_has_result()) {
		walk->sqe->flags &= ~LINKS;
		walk->chain.cut = true;
	}
}

/* Return: 0, or a negative errno if no further entry can be submitted. */
static long serve_entry(struct walk *walk)
{
	struct io_uring_sqe *sqe = walk->sqe;
	struct exmap_file *file = is_served(sqe) ? file_of(walk->ring, sqe) : NULL;
	bool ours = file || is_for_table(walk->ring, sqe);
	bool linked = sqe->flags & LINKS;
	long ret = 0;

	if (!ours) {
		leave_slot(walk->ring, sqe);
		if (walk->chain.cut) {
			replace(walk->ring, sqe, -ECANCELED);
			sqe->flags &= ~LINKS;
		}
		walk->chain.ordinary = true;
		walk->before++;
	} else if (walk->chain.failed || !walk->chain.ordinary || sqe->flags & IOSQE_IO_DRAIN) {
		serve_now(walk, file);
	} else if (walk->may_wait) {
		ret = serve_later(walk, file);
	}
	if (file)
		emu_file_put(file);
	if (!linked)
		walk->chain = (struct chain){ 0 };
	return ret;
}

/*
 * Carries out the entries on exmaps that a client submits.
 * @ring:      locked
 * @to_submit: number of entries that the client submits by this call
 * @flags:     of its io_uring_enter()
 * @submitted: increased by the number of entries that have been submitted already
 *
 * Return: 0, or a negative errno if no further entry can be submitted.
 */
static long serve_entries(struct uring *ring, unsigned int to_submit, unsigned int flags,
			  long *submitted)
{
	unsigned int head = __atomic_load_n(ring->head, __ATOMIC_ACQUIRE);
	unsigned int tail = __atomic_load_n(ring->tail, __ATOMIC_ACQUIRE);
	struct walk walk = { .ring = ring, .flags = flags, .submitted = submitted };

	/*
	 * All entries in the ring, not only @to_submit: while this thread is between here and the
	 * kernel, another one may submit some of these, uncounted here.
	 */
	for (unsigned int i = head; i != tail; i++) {
		unsigned int slot = i & ring->mask;
		long ret;

		if (ring->array)
			slot = __atomic_load_n(&ring->array[slot], __ATOMIC_RELAXED);
		/* An invalid index: the kernel drops such an entry. */
		if (slot > ring->mask)
			continue;
		walk.sqe = (struct io_uring_sqe *)(ring->entries + ((size_t)slot << ring->shift));
		walk.may_wait = i - head < to_submit;
		ret = serve_entry(&walk);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Makes the system call. The mask that it may set while it waits goes through masks_filter(). */
static long enter(const struct syscall_args *args, unsigned int to_submit)
{
	const void *arg = (void *)args->e;
	struct io_uring_getevents_arg extended;
	uint64_t copy;

	if (!(args->d & IORING_ENTER_EXT_ARG)) {
		arg = masks_filter(arg, args->f, &copy);
	} else if (masks_open() && args->f == sizeof(extended) &&
		   !emu_usercopy(&extended, arg, sizeof(extended))) {
		extended.sigmask = (uintptr_t)masks_filter((void *)(uintptr_t)extended.sigmask,
							   extended.sigmask_sz, &copy);
		arg = &extended;
	}
	return emu_sys(SYS_io_uring_enter, args->a, to_submit, args->c, args->d, arg, args->f);
}

long uring_enter(const struct syscall_args *args)
{
	/* The shim knows no registered rings: uring_register() refuses to register any. */
	bool known = args->b && !(args->d & IORING_ENTER_REGISTERED_RING);
	struct uring *ring = known ? uring_get(args->a) : NULL;
	long done = 0;
	long ret = 0;

	if (ring) {
		pthread_mutex_lock(&ring->lock);
		ret = serve_entries(ring, args->b, args->d, &done);
		pthread_mutex_unlock(&ring->lock);
		uring_put(ring);
	}
	if (ret < 0)
		return done ? done : ret;
	ret = enter(args, args->b - done);
	return ret >= 0 ? done + ret : done ? done : ret;
}

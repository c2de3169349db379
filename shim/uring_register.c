// SPDX-License-Identifier: MIT
/*
 * uring_register.c - io_uring_register(): exmaps among the registered files, and buffers
 *
 * The kernel refuses to register an O_PATH fd, which is what it sees of an exmap. So
 * it is given an epoll fd in that slot, from which nothing can be read, and the
 * exmap is kept in the ring's table of files. uring_enter.c looks there.
 *
 * The kernel registers buffers by itself. Their addresses are kept for the operations
 * on exmaps that use one.
 */

#include "emu/hidden_fd.h"
#include "shim/real.h"
#include "shim/uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "emu/sys.h"
#include "emu/usercopy.h"
#include "shim/fdtable.h"
#include "shim/uring_ring.h"

/* The most that the kernel takes: IORING_MAX_FIXED_FILES in io_uring/rsrc.h of Linux. */
#define MAX_FILES (1U << 20)

/*
 * The epoll fd that the kernel gets in the place of an exmap; a negative errno if it cannot be
 * made.
 */
static int stand_in;

static void make_stand_in(void)
{
	stand_in = emu_hide_fd(emu_sys(SYS_epoll_create1, EPOLL_CLOEXEC));
}

static int get_stand_in(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_stand_in);
	return stand_in < 0 ? -1 : stand_in;
}

/*
 * Copies the client's fds. Each exmap's is replaced by the stand-in, and the exmap goes into
 * @files, with a reference; NULL for other fds. Return: 0 or a negative errno.
 */
static long take_fds(int *fds, struct exmap_file **files, const int *user, unsigned int nr)
{
	struct iovec local = { fds, nr * sizeof(*fds) };
	struct iovec remote = { (void *)user, nr * sizeof(*fds) };

	if (emu_sys(SYS_process_vm_readv, emu_sys(SYS_getpid), &local, 1, &remote, 1, 0) !=
	    (long)local.iov_len)
		return -EFAULT;
	for (unsigned int i = 0; i < nr; i++) {
		files[i] = fds[i] >= 0 ? fdtable_get(fds[i]) : NULL;
		if (files[i])
			fds[i] = get_stand_in();
	}
	return 0;
}

static void put_files(struct exmap_file **files, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (files[i])
			emu_file_put(files[i]);
	}
}

/* Makes the ring's table of @nr files, unless it has one. Return: false when out of memory. */
static bool make_room(struct uring *ring, unsigned int nr)
{
	if (ring->nr_files)
		return true;
	ring->files = calloc(nr, sizeof(*ring->files));
	ring->nr_files = ring->files ? nr : 0;
	return ring->files;
}

/*
 * Registers fds, exmaps among them.
 * @user:   the client's array of @nr fds, good or bad
 * @offset: the first slot
 * @update: whether the slots exist already
 * @call:   makes the system call with the array that it is given, and with @arg
 *
 * Return: the kernel's result, a negative errno for an error.
 */
static long register_fds(struct uring *ring, const int *user, unsigned int nr, unsigned int offset,
			 bool update, long (*call)(struct uring *ring, int *fds, void *arg),
			 void *arg)
{
	struct exmap_file **files = calloc(nr, sizeof(*files));
	int *fds = malloc(nr * sizeof(*fds));
	long ret = files && fds ? take_fds(fds, files, user, nr) : -ENOMEM;
	long done = 0;

	if (!ret)
		ret = call(ring, fds, arg);
	if (ret >= 0 && (update || make_room(ring, nr))) {
		/* The result of an update is the number of slots updated. */
		done = update ? ret : nr;
		for (long i = 0; i < done && offset + i < ring->nr_files; i++) {
			struct exmap_file *old = ring->files[offset + i];

			if (fds[i] == IORING_REGISTER_FILES_SKIP)
				continue;
			ring->files[offset + i] = files[i];
			files[i] = old;
		}
	}
	if (files)
		put_files(files, nr);
	free(files);
	free(fds);
	return ret;
}

/**
 * struct call - an io_uring_register() for files
 * @opcode: IORING_REGISTER_...
 * @nr:     the system call's fourth argument
 * @update: its third argument, for an update
 * @rsrc:   its third argument, for IORING_REGISTER_FILES2
 */
struct call {
	unsigned int opcode;
	unsigned int nr;
	struct io_uring_rsrc_update2 update;
	struct io_uring_rsrc_register rsrc;
};

static long call_files(struct uring *ring, int *fds, void *arg)
{
	const struct call *call = arg;

	return emu_sys(SYS_io_uring_register, ring->fd, call->opcode, fds, call->nr);
}

static long call_files2(struct uring *ring, int *fds, void *arg)
{
	struct call *call = arg;

	call->rsrc.data = (uintptr_t)fds;
	return emu_sys(SYS_io_uring_register, ring->fd, call->opcode, &call->rsrc, call->nr);
}

static long call_update(struct uring *ring, int *fds, void *arg)
{
	struct call *call = arg;

	call->update.data = (uintptr_t)fds;
	return emu_sys(SYS_io_uring_register, ring->fd, call->opcode, &call->update, call->nr);
}

long uring_update_files(struct uring *ring, const int *fds, unsigned int nr, unsigned int offset)
{
	struct call call = {
		.opcode = IORING_REGISTER_FILES_UPDATE,
		.nr = nr,
		.update = { .offset = offset },
	};

	if (!nr || nr > MAX_FILES)
		return -EINVAL;
	return register_fds(ring, fds, nr, offset, true, call_update, &call);
}

/*
 * Serves an io_uring_register() that registers fds. Return: false if it is another, or is invalid,
 * and the kernel's to refuse; then nothing was done.
 */
static bool on_files(struct uring *ring, const struct syscall_args *args, long *ret)
{
	void *user = (void *)args->c;
	struct call call = { .opcode = args->b, .nr = args->d };

	switch (args->b) {
	case IORING_REGISTER_FILES:
		if (!call.nr || call.nr > MAX_FILES)
			return false;
		*ret = register_fds(ring, user, call.nr, 0, false, call_files, &call);
		return true;
	case IORING_REGISTER_FILES2:
		if (emu_usercopy(&call.rsrc, user, sizeof(call.rsrc)))
			return false;
		if (!call.rsrc.nr || call.rsrc.nr > MAX_FILES)
			return false;
		/* Without an array all slots are empty. */
		if (!call.rsrc.data)
			return false;
		*ret = register_fds(ring, (int *)(uintptr_t)call.rsrc.data, call.rsrc.nr, 0, false,
				    call_files2, &call);
		return true;
	case IORING_REGISTER_FILES_UPDATE:
		if (emu_usercopy(&call.update, user, sizeof(struct io_uring_rsrc_update)))
			return false;
		call.update.nr = call.nr;
		break;
	case IORING_REGISTER_FILES_UPDATE2:
		if (emu_usercopy(&call.update, user, sizeof(call.update)))
			return false;
		break;
	default:
		return false;
	}
	if (!call.update.nr || call.update.nr > MAX_FILES)
		return false;
	*ret = register_fds(ring, (int *)(uintptr_t)call.update.data, call.update.nr,
			    call.update.offset, true, call_update, &call);
	return true;
}

/* Keeps a copy of the registered buffers' addresses. */
static void remember_buffers(struct uring *ring, const void *user, unsigned int nr)
{
	uring_forget_buffers(ring);
	ring->buffers = user ? malloc(nr * sizeof(*ring->buffers)) : NULL;
	if (!ring->buffers)
		return;
	memcpy(ring->buffers, user, nr * sizeof(*ring->buffers));
	ring->nr_buffers = nr;
}

/*
 * Notes what the kernel has registered. It has read the client's memory, so the addresses are
 * good.
 */
static void note_registered(struct uring *ring, const struct syscall_args *args)
{
	const struct io_uring_rsrc_register *rsrc = (void *)args->c;

	switch (args->b) {
	case IORING_REGISTER_FILES:
		make_room(ring, args->d);
		break;
	case IORING_REGISTER_FILES2:
		make_room(ring, rsrc->nr);
		break;
	case IORING_UNREGISTER_FILES:
		uring_forget_files(ring);
		break;
	case IORING_REGISTER_BUFFERS:
		remember_buffers(ring, (void *)args->c, args->d);
		break;
	case IORING_REGISTER_BUFFERS2:
		remember_buffers(ring, (void *)(uintptr_t)rsrc->data, rsrc->nr);
		break;
	case IORING_REGISTER_BUFFERS_UPDATE:
	case IORING_UNREGISTER_BUFFERS:
		/*
		 * An update's buffers are not looked at: operations on exmaps with any fail with
		 * EFAULT.
		 */
		uring_forget_buffers(ring);
		break;
	}
}

long uring_register(const struct syscall_args *args)
{
	struct uring *ring = uring_get(args->a);
	long ret;

	/*
	 * The thread could then name the ring by an index of its own, which we would not recognize.
	 */
	if (args->b == IORING_REGISTER_RING_FDS)
		return -EINVAL;
	if (!ring)
		return emu_sys(SYS_io_uring_register, args->a, args->b, args->c, args->d);
	pthread_mutex_lock(&ring->lock);
	if (!fdtable_any() || !on_files(ring, args, &ret)) {
		ret = emu_sys(SYS_io_uring_register, args->a, args->b, args->c, args->d);
		if (ret >= 0)
			note_registered(ring, args);
	}
	pthread_mutex_unlock(&ring->lock);
	uring_put(ring);
	return ret;
}

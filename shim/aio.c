// SPDX-License-Identifier: MIT
/*
 * aio.c - see aio.h
 *
 * A read of an exmap is carried out when it is submitted, and ends in emu_read() or
 * emu_read_one(). The kernel is then given an operation in its place, which completes
 * with the same number of bytes: a write of as many to /dev/zero. For a read that
 * failed it is a read into a bad address. That completes with EFAULT, and
 * io_getevents() puts the right errno there.
 */

#include "emu/hidden_fd.h"
#include "shim/real.h"
#include "shim/aio.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdlib.h>

#include "core/platform.h"
#include "emu/rcu.h"
#include "emu/reentry.h"
#include "emu/sys.h"
#include "emu/usercopy.h"
#include "shim/fdtable.h"
#include "shim/io.h"
#include "shim/masks.h"

/* An address that is never mapped. */
#define BAD_ADDRESS 1

/**
 * struct failure - a read that failed, whose completion is not fetched yet
 * @iocb:   address of the client's control block
 * @result: the negative errno that the completion is to have
 * @next:   in the list of all
 */
struct failure {
	uint64_t iocb;
	long result;
	struct failure *next;
};

/* Protects the two variables that follow. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Atomic: also read without the lock, to see whether there is any. */
static struct failure *failures;
/* A hidden fd of /dev/zero, or negative until it is needed. */
static int zero_fd = -1;

void aio_lock(void)
{
	emu_note_lock();
	pthread_mutex_lock(&lock);
}

void aio_unlock(void)
{
	pthread_mutex_unlock(&lock);
	emu_note_unlock();
}

static int get_zero_fd(void)
{
	int fd;

	aio_lock();
	if (zero_fd < 0)
		zero_fd = emu_hide_fd(
			emu_sys(SYS_openat, AT_FDCWD, "/dev/zero", O_RDWR | O_CLOEXEC, 0));
	fd = zero_fd;
	aio_unlock();
	return fd;
}

static void remember(const struct iocb *iocb, long result)
{
	struct failure *failure = malloc(sizeof(*failure));

	if (!failure)
		return;
	*failure = (struct failure){ .iocb = (uintptr_t)iocb, .result = result };
	aio_lock();
	failure->next = failures;
	__atomic_store_n(&failures, failure, __ATOMIC_RELEASE);
	aio_unlock();
}

/* Puts the errno of a failed read into its completion, and forgets the failure. */
static void correct(struct io_event *event)
{
	struct failure **link = &failures;
	struct failure *failure;

	aio_lock();
	while ((failure = *link) && failure->iocb != event->obj)
		link = &failure->next;
	if (failure) {
		event->res = failure->result;
		__atomic_store_n(link, failure->next, __ATOMIC_RELEASE);
	}
	aio_unlock();
	free(failure);
}

static long do_read(const struct iocb *iocb, struct exmap_file *file)
{
	void *buf = (void *)(uintptr_t)iocb->aio_buf;
	long ret;

	if (iocb->aio_lio_opcode != IOCB_CMD_PREAD && iocb->aio_lio_opcode != IOCB_CMD_PREADV)
		return -EINVAL;
	if (!io_flags_are_valid(iocb->aio_rw_flags))
		return -EOPNOTSUPP;
	emu_rcu_read_lock();
	ret = iocb->aio_lio_opcode == IOCB_CMD_PREAD ?
		      emu_read_one(file, buf, iocb->aio_nbytes, iocb->aio_offset) :
		      emu_read(file, buf, iocb->aio_nbytes, iocb->aio_offset);
	emu_rcu_read_unlock();
	return ret;
}

/*
 * Unmaps what a read has mapped: it was not submitted in the end, and the client may submit it
 * again.
 */
static void undo_read(const struct iocb *iocb, struct exmap_file *file, long result)
{
	const struct iovec *user = (const struct iovec *)(uintptr_t)iocb->aio_buf;
	struct iovec range = { (void *)(uintptr_t)iocb->aio_buf, result };
	bool vectors = iocb->aio_lio_opcode == IOCB_CMD_PREADV;

	emu_rcu_read_lock();
	for (; result > 0; result -= range.iov_len) {
		if (vectors && emu_usercopy(&range, user++, sizeof(range)))
			break;
		range.iov_len = EXMAP_MIN(range.iov_len, (size_t)result);
		emu_undo_read(file, iocb->aio_offset, &range);
	}
	emu_rcu_read_unlock();
}

/*
 * Carries out a read of an exmap, and submits the operation in its place. The completion has the
 * address of the submitted control block. So that must be the client's own: it is rewritten for the
 * time of the system call. Return: as io_submit() of one.
 */
static long submit_result(const struct syscall_args *args, struct iocb *user, struct iocb iocb,
			  struct exmap_file *file)
{
	struct iocb **one = &user;
	struct iocb old = iocb;
	long result = do_read(&iocb, file);
	long ret;

	iocb.aio_fildes = get_zero_fd();
	iocb.aio_lio_opcode = result < 0 ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
	iocb.aio_buf = result < 0 ? BAD_ADDRESS : (uintptr_t)user;
	iocb.aio_nbytes = result < 0 ? 1 : result;
	iocb.aio_offset = 0;
	iocb.aio_rw_flags = 0;
	*user = iocb;
	if (result < 0)
		remember(user, result);
	ret = emu_sys(SYS_io_submit, args->a, 1, one);
	*user = old;
	if (result < 0 && ret != 1)
		correct(&(struct io_event){ .obj = (uintptr_t)user });
	/* Most often the context has no room for another completion. */
	if (ret != 1)
		undo_read(&old, file, result);
	return ret;
}

/* The exmap that the client's control block @user[0] is on, with a reference, or NULL. */
static struct exmap_file *find(struct iocb *const *user, struct iocb **iocb, struct iocb *copy)
{
	if (emu_usercopy(iocb, user, sizeof(*iocb)) || emu_usercopy(copy, *iocb, sizeof(*copy)))
		return NULL;
	return fdtable_get(copy->aio_fildes);
}

long aio_submit(const struct syscall_args *args)
{
	struct iocb **user = (struct iocb **)args->c;
	/* Operations submitted so far. Those from here up to the current one are the kernel's. */
	long done = 0;
	long ret;

	if (!fdtable_any())
		return emu_sys(SYS_io_submit, args->a, args->b, user);
	for (long i = 0; i < args->b; i++) {
		struct exmap_file *file;
		struct iocb *iocb;
		struct iocb copy;

		file = find(&user[i], &iocb, &copy);
		if (!file)
			continue;
		/*
		 * Submitting none fails if the context is invalid: found out before pages are
		 * mapped.
		 */
		ret = emu_sys(SYS_io_submit, args->a, 0, user);
		if (ret < 0) {
			emu_file_put(file);
			return ret;
		}
		ret = i > done ? emu_sys(SYS_io_submit, args->a, i - done, user + done) : 0;
		if (ret == i - done) {
			done = i;
			ret = submit_result(args, iocb, copy, file);
		}
		emu_file_put(file);
		if (ret > 0)
			done += ret;
		if (done != i + 1)
			return done ? done : ret;
	}
	ret = emu_sys(SYS_io_submit, args->a, args->b - done, user + done);
	return ret < 0 ? (done ? done : ret) : done + ret;
}

long aio_getevents(long nr, const struct syscall_args *args)
{
	struct io_event *events = (struct io_event *)args->d;
	long n = nr == SYS_io_pgetevents ? masks_sized_call(nr, args) :
					   emu_sys(nr, args->a, args->b, args->c, args->d, args->e);

	for (long i = 0; i < n && __atomic_load_n(&failures, __ATOMIC_ACQUIRE); i++) {
		if (events[i].res == -EFAULT)
			correct(&events[i]);
	}
	return n;
}

// SPDX-License-Identifier: MIT
/* aio.c - clause 7.5: reads of an exmap through Linux AIO */

#include "harness.h"

#include <linux/aio_abi.h>
#include <sched.h>
#include <sys/syscall.h>

static long submit(aio_context_t ctx, struct iocb **iocbs, long n)
{
	return syscall(SYS_io_submit, ctx, n, iocbs);
}

static void aio_reads(void)
{
	int file = backing_file(64 * PAGE);
	char *heap = aligned_alloc(PAGE, PAGE);
	struct iocb *list[4];
	struct iocb iocbs[4] = { 0 };
	struct io_event events[4];
	aio_context_t ctx = 0;
	struct iovec iov[2];
	struct ex ex;

	NOT_IN_LEANSTORE("8.12");
	if (syscall(SYS_io_setup, 8, &ctx))
		SKIP("no Linux AIO here (%s)", strerror(errno));
	ex_start(&ex, 64, 2, 16, file);
	iov[0] = (struct iovec){ ex_at(&ex, 30), PAGE };
	iov[1] = (struct iovec){ ex_at(&ex, 10), 2 * PAGE };
	for (int i = 0; i < 4; i++) {
		list[i] = &iocbs[i];
		iocbs[i].aio_data = 100 + i;
		iocbs[i].aio_fildes = ex.fd;
		iocbs[i].aio_lio_opcode = IOCB_CMD_PREAD;
		iocbs[i].aio_nbytes = PAGE;
		iocbs[i].aio_offset = read_offset(1, EXMAP_OP_READ);
	}
	iocbs[0].aio_buf = (uintptr_t)ex_at(&ex, 5);
	iocbs[1].aio_fildes = file;
	iocbs[1].aio_buf = (uintptr_t)heap;
	iocbs[1].aio_offset = 7 * PAGE;
	iocbs[2].aio_lio_opcode = IOCB_CMD_PREADV;
	iocbs[2].aio_buf = (uintptr_t)iov;
	iocbs[2].aio_nbytes = 2;
	iocbs[3].aio_buf = (uintptr_t)ex_at(&ex, 64);
	CHECK_EQ(submit(ctx, list, 4), 4);
	CHECK_EQ(syscall(SYS_io_getevents, ctx, 4, 4, events, NULL), 4);
	for (int i = 0; i < 4; i++) {
		static const long want[] = { PAGE, PAGE, 3 * PAGE, -EFAULT };
		int which = events[i].data - 100;

		CHECK(which >= 0 && which < 4 && events[i].obj == (uintptr_t)list[which]);
		CHECK_EQ(events[i].res, want[which]);
	}
	CHECK(page_is_backing(&ex, 5) && page_is_backing(&ex, 10) && page_is_backing(&ex, 11) &&
	      page_is_backing(&ex, 30) && buffer_is_backing(heap, 7));
	CHECK_EQ(ex_mapped(&ex), 4);

	/* The iocbs are the client's: a submission leaves them as they were. */
	CHECK_EQ(iocbs[0].aio_fildes, (unsigned int)ex.fd);
	CHECK_EQ(submit(ctx, list, 1), 1);
	CHECK_EQ(syscall(SYS_io_getevents, ctx, 1, 4, events, NULL), 1);
	CHECK_EQ(events[0].res, 0);
	iocbs[0].aio_buf += 512;
	CHECK_EQ(submit(ctx, list, 1), 1);
	CHECK_EQ(syscall(SYS_io_getevents, ctx, 1, 4, events, NULL), 1);
	CHECK_EQ(events[0].res, -EINVAL);
	/* A flag that preadv2() refuses, at once or in the end. */
	iocbs[0].aio_buf = (uintptr_t)ex_at(&ex, 6);
	iocbs[0].aio_rw_flags = RWF_NOWAIT;
	if (submit(ctx, list, 1) == 1) {
		CHECK_EQ(syscall(SYS_io_getevents, ctx, 1, 4, events, NULL), 1);
		CHECK_EQ(events[0].res, -EOPNOTSUPP);
	} else {
		CHECK_EQ(errno, EOPNOTSUPP);
	}
	CHECK_ERRNO(submit(0, list, 1), EINVAL);
	CHECK_EQ(ex_mapped(&ex), 4);
	CHECK_EQ(syscall(SYS_io_destroy, ctx), 0);
}

/* The kernel counts free completions per CPU: a thread that moves to another may find more. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		SKIP("a thread cannot stay on a CPU here (%s)", strerror(errno));
}

/*
 * A read that the kernel has no room for maps nothing, and works when it is submitted again. In the
 * LeanStore dialect it may have mapped pages, but takes away none [8.12].
 */
static void aio_without_room(void)
{
	struct iocb iocb = { .aio_lio_opcode = IOCB_CMD_PREAD };
	struct iocb *list[] = { &iocb };
	struct io_event event;
	aio_context_t ctx = 0;
	struct iovec iov[2];
	uint64_t taken = 0;
	struct ex ex;

	stay_on_this_cpu();
	if (syscall(SYS_io_setup, 1, &ctx))
		SKIP("no Linux AIO here (%s)", strerror(errno));
	ex_start(&ex, 8192, 1, 8192, backing_file(8192 * PAGE));
	iocb.aio_fildes = ex.fd;
	iocb.aio_nbytes = PAGE;
	iocb.aio_buf = (uintptr_t)ex_at(&ex, 0);
	while (taken < 8000 && submit(ctx, list, 1) == 1)
		iocb.aio_buf = (uintptr_t)ex_at(&ex, ++taken);
	if (taken == 8000)
		SKIP("this kernel has room for %d completions", 8000);
	CHECK_ERRNO(submit(ctx, list, 1), EAGAIN);
	if (test_leanstore()) {
		FREE(&ex, 0, taken, 1);
		CHECK_EQ(ALLOC(&ex, 0, 8051, 1), 1);
	}
	CHECK_EQ(ex_mapped(&ex), taken + test_leanstore());
	iov[0] = (struct iovec){ ex_at(&ex, 8100), PAGE };
	iov[1] = (struct iovec){ ex_at(&ex, 8050), 2 * PAGE };
	iocb.aio_lio_opcode = IOCB_CMD_PREADV;
	iocb.aio_buf = (uintptr_t)iov;
	iocb.aio_nbytes = 2;
	CHECK_ERRNO(submit(ctx, list, 1), EAGAIN);
	if (test_leanstore())
		CHECK(!faults(ex_at(&ex, 8051), false, NULL));
	else
		CHECK_EQ(ex_mapped(&ex), taken);

	for (uint64_t i = 0; i < taken; i++) {
		CHECK_EQ(syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL), 1);
		CHECK_EQ(event.res, PAGE);
	}
	CHECK_EQ(submit(ctx, list, 1), 1);
	CHECK_EQ(syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL), 1);
	CHECK_EQ(event.res, 3 * PAGE);
	CHECK(page_is_backing(&ex, 8100) && page_is_backing(&ex, 8050) &&
	      page_is_backing(&ex, 8051));
	CHECK_EQ(ex_mapped(&ex), taken + 3);
}

const struct test aio_tests[] = {
	{ "7.5", "aio_reads", aio_reads },
	{ "7.5", "aio_without_room", aio_without_room },
	{ 0 },
};

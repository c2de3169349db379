// SPDX-License-Identifier: MIT
/* syscall_400.c - clause 7.4: ACTION as a system call of its own */

#include "harness.h"

#include <sys/syscall.h>

static void system_call_400(void)
{
	struct ex ex;
	long ret;

	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 3, 2);
	errno = 0;
	ret = syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_ALLOC, 0, 1);
	if (ret < 0 && errno == ENOSYS)
		SKIP("this backend does not offer system call 400");
	CHECK_EQ(ret, 0);
	CHECK_EQ(ex.user[0]->iov[0].pages, 2);
	*ex_at(&ex, 4) = 1;
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_ALLOC, 1, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_READ, 0, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_ALLOC, 0, 513), EINVAL);
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, 999, EXMAP_OP_ALLOC, 0, 1), EBADF);
}

const struct test syscall_400_tests[] = {
	{ "7.4", "system_call_400", system_call_400 },
	{ 0 },
};

// SPDX-License-Identifier: MIT
/*
 * refuse - run a command without some system calls, as containers do
 *
 * refuse CALL=ERRNO... -- COMMAND...: ERRNO is EPERM, ENOSYS or EINVAL. Two calls have no number
 * of their own: new-userfaultfd is the ioctl of /dev/userfaultfd, guard is madvise() with
 * MADV_GUARD_INSTALL.
 */

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu/uapi.h"

static void fail(const char *what)
{
	fprintf(stderr, "refuse: %s\n", what);
	exit(125);
}

static void add(scmp_filter_ctx filter, char *rule)
{
	char *value = strchr(rule, '=');
	int call;
	int error;
	int ret;

	if (!value)
		fail(rule);
	*value++ = '\0';
	error = !strcmp(value, "EPERM")	 ? EPERM :
		!strcmp(value, "ENOSYS") ? ENOSYS :
		!strcmp(value, "EINVAL") ? EINVAL :
					   0;
	if (!error)
		fail(value);
	if (!strcmp(rule, "new-userfaultfd")) {
		ret = seccomp_rule_add(
			filter, SCMP_ACT_ERRNO(error), SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, USERFAULTFD_IOC_NEW));
	} else if (!strcmp(rule, "guard")) {
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), SCMP_SYS(madvise), 1,
				       SCMP_A2(SCMP_CMP_EQ, MADV_GUARD_INSTALL, 0));
	} else {
		call = seccomp_syscall_resolve_name(rule);
		if (call == __NR_SCMP_ERROR)
			fail(rule);
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), call, 0);
	}
	if (ret)
		fail("seccomp_rule_add");
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int i;

	if (!filter)
		fail("seccomp_init");
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		add(filter, argv[i]);
	if (i + 1 >= argc)
		fail("no command");
	if (seccomp_load(filter))
		fail("seccomp_load");
	execvp(argv[i + 1], &argv[i + 1]);
	fail(argv[i + 1]);
}

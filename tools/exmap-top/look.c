// SPDX-License-Identifier: MIT
/* look.c - see look.h */

#include "tools/exmap-top/look.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/exmap-top/client.h"
#include "tools/exmap-top/module.h"
#include "tools/exmap-top/say.h"

static enum client_state look(const struct look *look, struct snapshot *s)
{
	enum client_state state = CLIENT_SEEN;

	if (look->pid)
		state = client_look(look->pid, s);
	else
		client_look_at_all(s);
	module_look(look->folder, look->pid, s);
	snapshot_finish(s);
	return state;
}

static _Noreturn void fail_foreign(int pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &st))
		fail("process %d has ended", pid);
	if (st.st_uid != geteuid())
		fail("process %d may not be looked into (EPERM): it is user %u's; run exmap-top as "
		     "that user or as root",
		     pid, st.st_uid);
	fail("process %d may not be looked into (EPERM), as by a debugger: see "
	     "kernel.yama.ptrace_scope; run exmap-top as root",
	     pid);
}

static _Noreturn void fail_none(int pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (access(path, F_OK))
		fail("there is no process %d", pid);
	fail("process %d has opened no exmap; exmap-top without --pid shows which have", pid);
}

struct snapshot look_first(const struct look *what)
{
	struct snapshot s = { 0 };
	enum client_state state = look(what, &s);

	if (s.n || !what->pid)
		return s;
	switch (state) {
	case CLIENT_SEEN:
		break;
	case CLIENT_NONE:
		fail_none(what->pid);
	case CLIENT_FOREIGN:
	case CLIENT_LOCKED:
		fail_foreign(what->pid);
	case CLIENT_VERSION:
		fail("process %d has an emulator of another version; use the exmap-top that was "
		     "built with it",
		     what->pid);
	}
	return s;
}

struct snapshot look_again(const struct look *what)
{
	struct snapshot s = { 0 };

	look(what, &s);
	return s;
}

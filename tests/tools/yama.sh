#!/bin/sh
# SPDX-License-Identifier: MIT
# exmap-top beside a client of the same user, as kernel.yama.ptrace_scope has it; in a virtual machine, on the emulator.
# Usage: scripts/vm --no-module --add tests/tools/check.sh --add tests/tools/yama.sh -- sh yama.sh
# shellcheck source-path=SCRIPTDIR source=check.sh
. ./check.sh

scope=/proc/sys/kernel/yama/ptrace_scope
echo 'user:x:1000:1000::/tmp:/bin/sh' >/etc/passwd
chmod 777 "$EXMAP_TEST_DIR"
backing=$EXMAP_TEST_DIR/backing

# as_user COMMAND - what it printed is in $work/out
as_user() {
	busybox su user -c "$1" >"$work/out" 2>&1 || status=$?
	cat "$work/out"
	return "${status:-0}"
}

# The client waits until the other end of its standard input goes, with this script.
start_client() {
	busybox dd if=/dev/zero of="$backing" bs=4096 count=64 2>/dev/null
	busybox mkfifo "$work/input"
	busybox su user -c "exec bin/exmap-run -- bin/watched-client $backing" <"$work/input" >"$work/pids" &
	exec 3>"$work/input"
	until grep -q . "$work/pids"; do sleep 0.1; done
	read -r pid _ <"$work/pids"
}

user_sees_it() {
	echo 0 >"$scope"
	as_user "bin/exmap-top --once --json --pid=$pid"
	grep -q '"command":"watched-client"' "$work/out"
}

user_is_told_why_not() {
	echo 1 >"$scope"
	as_user "bin/exmap-top --once --pid=$pid" || [ $? = 2 ]
	grep -E "^exmap-top: process $pid may not be looked into \(EPERM\), .*ptrace_scope; run exmap-top as root$" "$work/out"
	[ "$(grep -c . "$work/out")" = 1 ]
}

user_is_told_of_all() {
	echo 1 >"$scope"
	as_user "bin/exmap-top --once"
	grep -E '^exmap-top: left out: 3 with an exmap .*ptrace_scope; run exmap-top as root$' "$work/out"
}

root_sees_it() {
	echo 1 >"$scope"
	bin/exmap-top --once "--pid=$pid" | grep watched-clie
}

start_client
check "ptrace_scope=0: the user looks into an own client" user_sees_it
check "ptrace_scope=1: the user is told why not" user_is_told_why_not
check "ptrace_scope=1: the user is told how many are left out" user_is_told_of_all
check "ptrace_scope=1: root looks into it" root_sees_it
echo 0 >"$scope"
exec 3>&-

checked

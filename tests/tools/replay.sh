#!/bin/sh
# SPDX-License-Identifier: MIT
# Does the calls of a trace again on the module, in a virtual machine: they come to the same there.
# Usage: scripts/vm --add TRACE --add tests/tools/check.sh --add tests/tools/replay.sh -- sh replay.sh TRACE
# shellcheck source-path=SCRIPTDIR source=check.sh
. ./check.sh

trace=$1
# Its file system knows O_DIRECT.
export TMPDIR="$EXMAP_TEST_DIR"

results_are_as_recorded() {
	bin/exmap-trace replay -o "$work/again.t" "$trace" >"$work/out" || {
		cat "$work/out"
		bin/exmap-trace diff "$trace" "$work/again.t"
		return 1
	}
	cat "$work/out"
	grep -E '^all( other)? results are as recorded$' "$work/out"
}

nothing_differs() {
	bin/exmap-trace diff "$trace" "$work/again.t" >"$work/out"
	cat "$work/out"
	[ ! -s "$work/out" ]
}

bench_times_it() {
	bin/exmap-bench --replay "$trace" -B exmap -n 1 --csv >"$work/out"
	cat "$work/out"
	# More than 1000 calls, and as many pages.
	grep -E '^exmap,[0-9]{4,},[0-9]{4,},[1-9][0-9]*$' "$work/out"
}

check "all results are as recorded" results_are_as_recorded
check "diff of the trace and its replay is empty" nothing_differs
check "exmap-bench --replay times the calls on the module" bench_times_it

checked

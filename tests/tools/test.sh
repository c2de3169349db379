#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/test: its options; what fails, or does not come to its end, is told and counted; a signal
# ends all. Builds and tests are played. Usage: test.sh SOURCE-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

mkdir "$work/root" "$work/bin"
cp -r "$1/scripts" "$work/root/scripts"
cd "$work/root"
PATH=$work/bin:$PATH
script=scripts/test
unset EXMAP_TEST_LONG

# fake NAME - stands in for a command; standard input is the script
fake() {
	{
		echo '#!/bin/sh'
		cat
	} >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

fake dpkg-query <<<'echo install ok installed'

# Builds pass, and each run of ctest has one test, which does.
all_well() {
	fake cmake <<<'echo built'
	fake ctest <<-CTEST
		[ "\$1" != --help ] || exec echo '  --rerun-failed  = Run only what failed.'
		echo "\$@" >>$work/asked
		while [ "\$1" != --output-junit ]; do shift; done
		echo '<testsuite><testcase name="t" status="run"/></testsuite>' >"\$2"
	CTEST
	rm -f "$work/asked"
}

# ends STATUS ARGUMENT...
ends() {
	local status=$1 got=0

	shift
	"$script" "$@" >"$work/printed" 2>&1 || got=$?
	cat "$work/printed"
	[ "$got" = "$status" ]
}

# run_all STATUS LAST-LINE ARGUMENT...
run_all() {
	local status=$1 last=$2

	shift 2
	ends "$status" "$@" && [ "$(tail -n 1 "$work/printed")" = "$last" ]
}

options_in_any_order() {
	all_well
	run_all 0 '3 passed, 0 failed, 0 skipped' --no-vm
	[ "$(grep -cF -- '-LE ^full$' "$work/asked")" = 3 ]
	all_well
	run_all 0 '1 passed, 0 failed, 0 skipped' -R conformance --full --quick --rerun-failed
	[ "$(wc -l <"$work/asked")" = 1 ]
	grep -- '-R conformance --rerun-failed$' "$work/asked"
	all_well
	run_all 0 '3 passed, 0 failed, 0 skipped' --full --no-vm
	[ "$(grep -c -- --no-tests=error "$work/asked")" = 3 ]
	[ "$(grep -c -- -LE "$work/asked")" = 0 ]
}

misspelt_option_is_refused() {
	all_well
	for arguments in --qick '--quick -R conformance --ful' '--rerun'; do
		# shellcheck disable=SC2086 # a list of words
		ends 2 $arguments
		grep '^Usage: scripts/test' "$work/printed"
	done
	[ ! -e "$work/asked" ]
}

failed_build_is_shown() {
	all_well
	fake cmake <<-'CMAKE'
		[ "$1 $2" != '--build build-clang' ] || { echo 'x.c:1: error: a warning'; exit 1; }
	CMAKE
	run_all 1 '3 passed, 1 failed, 0 skipped' --no-vm
	grep -x 'x.c:1: error: a warning' "$work/printed"
	sed -n '/^failed:/,$p' "$work/printed" | grep -x '    alone: cmake --build build-clang --target all'
	# Nothing runs without the first.
	fake cmake <<<'exit 1'
	run_all 1 '0 passed, 1 failed, 0 skipped' --no-vm
	grep 'not run: release tsan asan clang' "$work/printed"
}

failed_test_is_shown() {
	all_well
	fake ctest <<-'CTEST'
		while [ "$1" != --output-junit ]; do shift; done
		echo ' 1/1 Test #1: t ...***Failed  1.00 sec'
		echo 'x.c:3: 1 is not 2'
		echo '<testsuite><testcase name="t" status="fail"/></testsuite>' >"$2"
		exit 8
	CTEST
	run_all 1 '0 passed, 1 failed, 0 skipped' --quick
	grep -x 'x.c:3: 1 is not 2' "$work/printed"
}

killed_ctest_is_a_failure() {
	all_well
	fake ctest <<-'CTEST'
		kill -9 $$
	CTEST
	run_all 1 '0 passed, 1 failed, 0 skipped' --quick
}

killed_lane_is_a_failure() {
	all_well
	# The lane is its parent.
	fake ctest <<-'CTEST'
		kill -9 "-$(ps -o pgid= $$ | tr -d ' ')"
	CTEST
	run_all 1 '0 passed, 2 failed, 0 skipped' --quick
}

signal_ends_all() {
	local pid status=0

	all_well
	fake ctest <<-CTEST
		echo \$\$ >>$work/pids
		sleep 60 &
		echo \$! >>$work/pids
		echo \$! >>$work/ready
		wait
	CTEST
	: >"$work/ready"
	"$script" --no-vm >"$work/printed" 2>&1 &
	pid=$!
	until grep -q . "$work/ready"; do sleep 0.1; done
	kill "$pid"
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	while read -r pid; do
		# The kernel may be at it.
		for _ in $(seq 100); do
			[ -e "/proc/$pid" ] || break
			sleep 0.1
		done
		[ ! -e "/proc/$pid" ]
	done <"$work/pids"
}

check "options in any order, then ctest's" options_in_any_order
check "a misspelt option is refused" misspelt_option_is_refused
check "a failed build is shown and counted" failed_build_is_shown
check "a failed test is shown and counted" failed_test_is_shown
check "a ctest that was killed is a failure" killed_ctest_is_a_failure
check "a lane that was killed is a failure" killed_lane_is_a_failure
check "a signal ends all" signal_ends_all

checked

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/summary.py: nothing that failed is left out of the last line, nor unnamed.
# Usage: summary.sh SOURCE-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

source=$1

# summary STATUS LAST-LINE FILE... - what it prints is kept
summary() {
	local status=$1 last=$2 got=0
	shift 2
	python3 -B "$source/scripts/summary.py" "$@" >"$work/printed" || got=$?
	cat "$work/printed"
	[ "$got" = "$status" ] && [ "$(tail -n 1 "$work/printed")" = "$last" ]
}

printf 'ok 1 - 1.1 opens\nok 2 - 1.2 maps # SKIP none here\n1 passed, 0 failed, 1 skipped\n' \
	>"$work/vm-6.1.module.txt"

passes() {
	summary 0 '1 passed, 0 failed, 1 skipped' "$work/vm-6.1.module.txt"
	grep -F '1.2 maps: none here (vm-6.1/module)' "$work/printed"
	if grep -x 'failed:' "$work/printed"; then
		return 1
	fi
}

# As check.sh and Python's tests print it.
reason_without_number_shows() {
	printf 'ok - an example\nok - the pages # SKIP no mandoc here\n1 passed, 0 failed, 1 skipped\n' \
		>"$work/vm-6.1.tool.txt"
	summary 0 '1 passed, 0 failed, 1 skipped' "$work/vm-6.1.tool.txt"
	grep -F 'the pages: no mandoc here (vm-6.1/tool)' "$work/printed"
}

complaint_counts() {
	{
		cat "$work/vm-6.1.module.txt"
		echo 'exmap-vm: complaint: BUG: sleeping function'
		echo 'exmap-vm: status 123'
	} >"$work/vm-6.12.module.txt"
	summary 1 '1 passed, 1 failed, 1 skipped' "$work/vm-6.12.module.txt"
	sed -n '/^failed:/,$p' "$work/printed" | grep -F 'BUG: sleeping function'
}

death_counts() {
	printf 'ok 1 - 1.1 opens\nSegmentation fault\nexmap-vm: status 139\n' \
		>"$work/vm-6.1.dead.txt"
	summary 1 '1 passed, 1 failed, 1 skipped' "$work/vm-6.1.module.txt" "$work/vm-6.1.dead.txt"
	sed -n '/^failed:/,$p' "$work/printed" | grep -F 'Segmentation fault'
}

# As scripts/test writes it behind a console that ends within a line.
hang_after_count_counts() {
	printf 'ok 1 - 1.1 opens\n1 passed, 0 failed, 0 skipped\nscripts/vm: ok 1 - 1.1 op\nexmap-vm: status 124\n' \
		>"$work/vm-6.1.hung.txt"
	summary 1 '1 passed, 1 failed, 0 skipped' "$work/vm-6.1.hung.txt"
}

killed_ctest_counts() {
	: >"$work/release.xml"
	summary 1 '1 passed, 1 failed, 1 skipped' "$work/vm-6.1.module.txt" "$work/release.xml"
}

# case_of STATUS OUTPUT - what ctest writes of one test
case_of() {
	printf '<testsuite><testcase name="t" status="%s"><system-out>%s</system-out></testcase></testsuite>\n' \
		"$1" "$2"
}

ctest_failure_counts() {
	case_of run '3 passed, 0 failed, 0 skipped' >"$work/release.xml"
	summary 0 '3 passed, 0 failed, 0 skipped' "$work/release.xml"
	# It died after it had counted.
	case_of fail '3 passed, 0 failed, 0 skipped' >"$work/release.xml"
	summary 1 '3 passed, 1 failed, 0 skipped' "$work/release.xml"
	grep -F '  release/t' "$work/printed"
}

# What failed is told with what runs it alone; where it says that itself, as it says.
failure_says_how_to_repeat() {
	case_of fail 'not ok 1 - 4.7 one' >"$work/asan.xml"
	summary 1 '0 passed, 1 failed, 0 skipped' "$work/asan.xml"
	grep -Fx "    alone: ctest --test-dir build-asan --output-on-failure -R '^t\$'" "$work/printed"
	EXMAP_TEST_LONG=1 summary 1 '0 passed, 1 failed, 0 skipped' "$work/asan.xml"
	grep -F '    alone: EXMAP_TEST_LONG=1 ctest --test-dir build-asan' "$work/printed"
	printf 'x.c:1: error: y\nalone: cmake --build build\n0 passed, 1 failed, 0 skipped\n' \
		>"$work/clang.build.txt"
	summary 1 '0 passed, 1 failed, 0 skipped' "$work/clang.build.txt"
	grep -Fx '  clang/build' "$work/printed"
	grep -F 'x.c:1: error: y' "$work/printed"
	[ "$(grep -cFx '    alone: cmake --build build' "$work/printed")" = 1 ]
}

# A row for each build and what belongs together in it.
rows_add_up() {
	printf '2 passed, 0 failed, 1 skipped\n' >"$work/vm-6.1.module-abuse.txt"
	summary 0 '3 passed, 0 failed, 2 skipped' "$work/vm-6.1.module.txt" \
		"$work/vm-6.1.module-abuse.txt"
	[ "$(grep -cE '^vm-6.1 +module +3 +0 +2$' "$work/printed")" = 1 ]
}

# As cmocka writes it.
cmocka_skip_is_named() {
	{
		printf '[ RUN      ] one\n[       OK ] one\n[ RUN      ] two\nnone here\n[  SKIPPED ] two\n'
		printf '[  PASSED  ] 1 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] two\n'
	} >"$work/cmocka"
	case_of run "$(cat "$work/cmocka")" >"$work/release.xml"
	summary 0 '1 passed, 0 failed, 1 skipped' "$work/release.xml"
	grep -Fx '  two: none here (release/t)' "$work/printed"
}

check "what passed is counted, what was skipped is named" passes
check "the reason of a skipped test without a number is shown" reason_without_number_shows
check "a kernel's complaint is a failure" complaint_counts
check "a program that did not count is a failure" death_counts
check "a program that hangs after its count is a failure" hang_after_count_counts
check "what a cmocka test skipped is named" cmocka_skip_is_named
check "a ctest that was killed is a failure" killed_ctest_counts
check "a test that fails after its count is a failure" ctest_failure_counts

check "what failed is told with what runs it alone" failure_says_how_to_repeat
check "a row for each build and what belongs together" rows_add_up

checked

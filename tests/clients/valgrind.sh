#!/bin/sh
# SPDX-License-Identifier: MIT
# valgrind.sh EXMAP-RUN CLIENT - what memcheck says of a client, clean and with a bug
#
# The emulator promises that memcheck finds a client's uses of freed and of fresh
# pages, as it does with malloc, and that it has nothing to say of the emulator.

run=$1
client=$2
passed=0
failed=0

if ! command -v valgrind >/dev/null 2>&1; then
	echo "skipped: valgrind is not installed"
	echo "0 passed, 0 failed, 1 skipped"
	exit 77
fi
out=$(mktemp) || exit 1
err=$(mktemp) || exit 1
trap 'rm -f "$out" "$err"' EXIT

# Clang writes DWARF 5 in forms that valgrind 3.19 dies of, before the client has run.
valgrind -q "$run" --version >/dev/null 2>"$err"
"$run" -- valgrind -q "$client" clean >/dev/null 2>>"$err"
if grep -q 'Valgrind: debuginfo reader' "$err"; then
	echo "skipped: this valgrind cannot read this compiler's debug information"
	echo "0 passed, 0 failed, 1 skipped"
	exit 77
fi

# check WHAT COMMAND... - counts, and shows what valgrind said if the command fails
check() {
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "failed: $where: $what" >&2
	sed 's/^/	/' "$err" >&2
}

# exits WHERE RC COMMAND... - run it, keep its output, and check the exit code
exits() {
	where=$1
	want=$2
	shift 2
	"$@" >"$out" 2>"$err"
	got=$?
	check "exit code $got, not $want" test "$got" = "$want"
	check "the client's own checks" grep -q '^[1-9][0-9]* passed, 0 failed' "$out"
}

# The function that has the bug must be the innermost frame of the report.
blames() {
	grep -A 1 "$1" "$err" | grep -q "at 0x[0-9A-F]*: $2 "
}

one_error() {
	grep -q 'ERROR SUMMARY: 1 errors from 1 contexts' "$err"
}

silent() {
	! test -s "$err"
}

no_strange_descriptor() {
	! grep -E 'never created|already closed|closed already' "$err"
}

for s in auto guard mprotect; do
	# A kernel before 6.13.
	"$run" --strategy=$s true 2>/dev/null || continue
	exits "$s, clean, quiet" 0 \
		"$run" --strategy=$s -- valgrind -q --error-exitcode=9 "$client" clean
	check "no output" silent
	exits "$s, clean" 0 \
		"$run" --strategy=$s -- valgrind --error-exitcode=9 "$client" clean
	check "no error" grep -q 'ERROR SUMMARY: 0 errors from 0 contexts' "$err"

	exits "$s, freed" 9 \
		"$run" --strategy=$s -- valgrind --error-exitcode=9 "$client" freed
	check "invalid read" blames 'Invalid read of size 1' deliberate_read_of_freed_page
	check "one error" one_error

	exits "$s, uninit" 9 \
		"$run" --strategy=$s -- valgrind --error-exitcode=9 "$client" uninit
	check "uninitialised" blames 'depends on uninitialised' deliberate_use_of_fresh_page
	check "one error" one_error
done

# Valgrind from 3.24 has seen each of our descriptors made. What it lists at the end is no complaint.
exits "descriptors, clean" 0 "$run" -- valgrind -q --track-fds=yes "$client" clean
check "only known descriptors" no_strange_descriptor

# The other way round, as one runs a script: the launcher, too, must be beyond reproach.
exits "valgrind outside, clean" 0 \
	valgrind -q --trace-children=yes --error-exitcode=9 "$run" -- "$client" clean
check "no output" silent
exits "valgrind outside, freed" 9 \
	valgrind -q --trace-children=yes --error-exitcode=9 "$run" -- "$client" freed
check "invalid read" blames 'Invalid read of size 1' deliberate_read_of_freed_page
exits "valgrind outside, uninit" 9 \
	valgrind -q --trace-children=yes --error-exitcode=9 "$run" -- "$client" uninit
check "uninitialised" blames 'depends on uninitialised' deliberate_use_of_fresh_page

echo "$passed passed, $failed failed, 0 skipped"
test "$failed" = 0

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What --verbose says of a backing that SETUP does not take: which it was, why, and the way out.
# Usage: backing.sh EXMAP-RUN SETUP-CLIENT
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

run=$1
client=$2
echo >"$work/db"

# refuses WORDS - descriptor 5, as it is open here; without --verbose the errno has to do
refuses() {
	local status=0

	"$run" --verbose -- "$client" 5 >"$work/out" 2>&1 || status=$?
	cat "$work/out"
	[ "$status" = 1 ]
	grep -x 'SETUP: Bad file descriptor' "$work/out"
	[ "$(grep -c '^exmap: SETUP: EBADF:' "$work/out")" = 1 ]
	grep "^exmap: SETUP: EBADF: descriptor 5 $1 \[3\.3\]$" "$work/out"
	[ "$("$run" -- "$client" 5 2>&1)" = "SETUP: Bad file descriptor" ]
}

without_o_direct() {
	refuses "($work/db) was opened without O_DIRECT; open it with O_DIRECT" 5<"$work/db"
}

directory() {
	refuses "($work) is a directory; open a file or a block device" 5<"$work"
}

write_only() {
	refuses "($work/db) was opened for writing only; open it with O_RDONLY or O_RDWR" \
		5>>"$work/db"
}

no_file() {
	refuses "(/dev/null) is neither a file nor a block device; open one of these" 5</dev/null
}

# Newer versions of ctest hand on descriptors 3 and 4, and then 5 would be the exmap's own.
closed() {
	refuses "is not open; open the file, or pass -1 for an exmap without READ" 3<&- 4<&- 5<&-
}

nothing_is_said_of_none() {
	"$run" --verbose -- "$client" -1 >"$work/out" 2>&1
	! grep EBADF "$work/out" || return 1
}

check "a file without O_DIRECT" without_o_direct
check "a directory" directory
check "a file for writing only" write_only
check "no file" no_file
check "a closed descriptor" closed
check "no backing at all is fine" nothing_is_said_of_none

checked

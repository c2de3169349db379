#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exmap-symbols: what it prints of another process, and what it says if it cannot. Functions and lines are looked
# at where reports are. Usage: exmap-symbols.sh EXMAP-SYMBOLS
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

symbols=$1

# fails STATUS WORDS ARGUMENT...
fails() {
	local want=$1 words=$2 status=0

	shift 2
	"$symbols" "$@" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/out" "$work/err"
	[ "$status" = "$want" ]
	[ ! -s "$work/out" ]
	grep -q -- "$words" "$work/err"
}

names_the_file() {
	local pid start

	sleep 60 &
	pid=$!
	# Until it is what it will be.
	until [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$(command -v sleep)")" ]; do sleep 0.1; done
	start=$(sed -n "1s/-.*//p" "/proc/$pid/maps")
	"$symbols" "$pid" "0x$start" 0x10 >"$work/out" || true
	kill "$pid"
	cat "$work/out"
	grep -q "^    #0 0x$start.*(.*/sleep+0)\$" "$work/out"
	grep -qx '    #1 0x10' "$work/out"
}

check "an address that is in a file" names_the_file
check "arguments that are missing" fails 2 '^Usage: ' 1
check "a process that is not there" fails 1 '^exmap-symbols: .* process 99999999: No such' 99999999 0x10

checked

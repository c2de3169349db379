#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# stray_store.sh EXMAP-RUN CLIENT [ASAN-CLIENT] - what tools and messages say of stray stores
#
# The client's own checks run under each strategy elsewhere; here they run under memcheck and
# AddressSanitizer, whose reports must name the store. Without a handler, the process must die of
# SIGSEGV, with a line of ours that says where the store went.
set -euo pipefail
# shellcheck source=tests/tools/check.sh
. "$(dirname "$0")/../tools/check.sh"

run=$1
client=$2
asan_client=${3:-}

# dies COMMAND... - of SIGSEGV, with what it said in $work/said
dies() {
	local status=0

	"$@" 2>"$work/said" || status=$?
	cat "$work/said"
	[ "$status" = 139 ]
}

names_the_store() {
	grep -q '^exmap: access 5 bytes behind the surface (address 0x[0-9a-f]*5) of exmap 1' \
		"$work/said"
}

one_store() {
	dies "$run" --strategy="$1" -- "$client" store
	names_the_store
}

clean_under_memcheck() {
	"$run" --strategy="$1" -- valgrind -q "$client" >"$work/out" 2>"$work/said" ||
		{ cat "$work/out" "$work/said" && false; }
	grep -q '^[1-9][0-9]* passed, 0 failed' "$work/out"
	# Each stray store is an error of its own kind, and nothing else is one.
	grep -q 'Invalid write of size 1' "$work/said"
	! grep -E 'Invalid (read|free)|uninitialised' "$work/said"
}

memcheck_names_the_store() {
	dies "$run" --strategy="$1" -- valgrind -q "$client" store
	grep -A 1 'Invalid write of size 1' "$work/said" | grep -q 'main (stray_store.c'
	grep -q "Address 0x[0-9a-f]*5 is in a --- anonymous segment" "$work/said"
	names_the_store
}

works_under_asan() {
	"$run" --strategy="$1" -- "$asan_client"
}

asan_names_the_store() {
	if "$run" --strategy="$1" -- "$asan_client" store 2>"$work/said"; then
		return 1
	fi
	cat "$work/said"
	grep -q 'AddressSanitizer: SEGV on unknown address 0x[0-9a-f]*5 ' "$work/said"
	grep -q '#0 .* in main .*stray_store.c' "$work/said"
}

for strategy in auto copy guard mprotect; do
	# A kernel before 6.13.
	"$run" --strategy=$strategy true 2>/dev/null || continue
	check "$strategy: a store without a handler" one_store $strategy
	if valgrind -q true 2>/dev/null; then
		check "$strategy: stray stores under memcheck" clean_under_memcheck $strategy
		check "$strategy: memcheck names the store" memcheck_names_the_store $strategy
	fi
	if [ -n "$asan_client" ]; then
		check "$strategy: stray stores under AddressSanitizer" works_under_asan $strategy
		check "$strategy: AddressSanitizer names the store" asan_names_the_store $strategy
	fi
done
checked

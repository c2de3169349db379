#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exmap-run --debug names the reason of each mistake, and says nothing of what is none.
# Usage: debug.sh EXMAP-RUN DEBUG-CLIENT
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

run=$1
client=$2

# names MISTAKE STATUS LINE...: what is printed has a line like each of these, in this order
names() {
	local mistake=$1 want=$2 status=0 line from=1 at

	shift 2
	{ "$run" --debug -- "$client" "$mistake"; } >"$work/out" 2>&1 || status=$?
	cat "$work/out"
	[ "$status" = "$want" ]
	for line in "$@"; do
		at=$(tail -n "+$from" "$work/out" | grep -nE -m 1 -- "$line" | cut -d: -f1)
		[ -n "$at" ]
		from=$((from + at))
	done
	[ "$#" -gt 0 ] || [ ! -s "$work/out" ]
}

"$run" -- "$client" || {
	echo "ok 1 - exmap-run --debug # SKIP no file here can be read with O_DIRECT"
	echo "0 passed, 0 failed, 1 skipped"
	exit 77
}
stack='^    #0 0x[0-9a-f]+ in [a-z_]+ .*\.[ch]:[0-9]+$'
check "no mistake, no word" names nothing_wrong 0
check "a backing without O_DIRECT" names backing_without_o_direct 0 \
	'SETUP: EBADF: descriptor [0-9]+ \(.*\) was opened without O_DIRECT' 'mmap: ENXIO: interface 0, and the exmap was not set up'
check "a read of a page that is there" names read_of_an_allocated_page 0 \
	'read: range 0: page 5 is allocated already, so the call returns the 0 bytes before' \
	'^page 5 was allocated by thread [0-9]+ through interface 0, in its latest action:' "$stack"
check "a read of a part of a page" names read_beside_a_page 0 'read: range 0: EINVAL: .* is no multiple of 4096'
check "a read outside the surface" names read_outside 0 'read: range 0: EFAULT: 4096 bytes at 0x[0-9a-f]+, and the surface has 262144'
check "a read that gets no frame" names read_of_too_many 0 'read: range 0: ENOMEM: no frame is free'
check "a read behind the end of the backing" names read_behind_the_end 0 'read: range 0: the backing ends there, so the call returns 8192 bytes'
check "a second FREE" names free_twice 0 'FREE: vector 0: page 9 was free already' \
	'^page 9 was freed by thread [0-9]+ through interface 1, in its latest action:' "$stack"
check "a result that is sent again" names send_a_result_again 0 \
	'FREE: vector 0: EFAULT: it is the result of an earlier action \(res 0, pages 3\)'
check "a page of an exmap without SETUP" names touch_before_setup 139 \
	'access to unallocated page 0 .*: SETUP comes first$'
check "a page of an earlier surface" names touch_after_a_new_mmap 139 \
	'ERROR: exmap: use-without-alloc: page 9' '^page 9 was never allocated since the surface was mapped'
check "a store behind the surface" names store_behind_the_surface 139 \
	'access 5 bytes behind the surface' '^write at address 0x' "$stack"

checked

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A buffer manager under strategy=mprotect whose frames need more mappings than there are.
# Usage: few_mappings.sh BUILD-DIR LIBRARY
set -euo pipefail

build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out
# The loader takes a space for the end of a name.
library=$work/few_mappings.so
ln -s "$2" "$library"

# run HOLES: minicache with 1800 frames, where some 1600 mappings are left; its output is in $out
run() {
	local status=0

	EXMAP_TEST_MAPPINGS=1600 LD_PRELOAD=$library "$build/bin/exmap-run" --strategy=mprotect \
		--stats --option "holes=$1" -- "$build/bin/minicache" --frames=1800 --text=8000 \
		>"$out" 2>&1 || status=$?
	if [ "$status" = 77 ]; then
		cat "$out"
		exit 77
	fi
	return "$status"
}

fail() {
	echo "not ok - $1"
	sed 's/^/# /' "$out"
	exit 1
}

if run hidden; then
	fail "holes=hidden: more pages than mappings"
fi
grep -q '^exmap: SETUP: of 1800 frames .* holes=readable$' "$out" || fail "SETUP does not say it"
grep -q 'Cannot allocate memory' "$out" || fail "ALLOC was not ENOMEM"

run readable || fail "holes=readable: status $?"
grep -qx verified "$out" || fail "holes=readable: not verified"
[ "$(grep -c 'no mapping is left' "$out")" = 1 ] || fail "it is not said once"
grep -q 'holes=readable: [1-9][0-9]* times' "$out" || fail "it is not counted"
! grep -q 'exmap: SETUP' "$out" || fail "SETUP says what does not hold"
echo "ok - minicache with few mappings"

#!/bin/sh
# SPDX-License-Identifier: MIT
# The module's tracepoints tell what calls did, in a virtual machine: with the figures that the emulator's probes have.
# Usage: scripts/vm --add tests/tools/check.sh --add tests/tools/tracepoints.sh -- sh tracepoints.sh
# shellcheck source-path=SCRIPTDIR source=check.sh
. ./check.sh

tracing=/sys/kernel/debug/tracing
# Its file system knows O_DIRECT.
export TMPDIR="$EXMAP_TEST_DIR"

# says WORDS - a line has these words
says() {
	grep -E "$1" "$work/trace"
}

record() {
	echo >"$tracing/trace"
	echo 1 >"$tracing/events/exmap/enable"
	bin/trace-client vectors
	bin/trace-client shadow
	bin/conformance --filter command_maps_pages
	echo 0 >"$tracing/events/exmap/enable"
	cp "$tracing/trace" "$work/trace"
	cat "$work/trace"
	says 'exmap_alloc: '
}

alloc_and_free() {
	says 'exmap_alloc: exmap=[0-9]+ interface=1 vectors=4 pages=4 failed=1$'
	says 'exmap_alloc: exmap=[0-9]+ interface=1 vectors=2 pages=4 failed=1$'
	says 'exmap_free: exmap=[0-9]+ interface=1 vectors=1 pages=8 failed=0$'
}

read_and_steal() {
	says 'exmap_read: exmap=[0-9]+ interface=2 READ iovecs=1 ret=8192$'
	says 'exmap_read: exmap=[0-9]+ interface=2 READ iovecs=1 ret=0$'
	says 'exmap_steal: exmap=[0-9]+ interface=2 steals=1$'
	! says 'exmap_steal: .* steals=0$'
}

# of a range of bytes each
commands() {
	says 'exmap_alloc: exmap=[0-9]+ interface=1 vectors=1 pages=3 failed=0$'
	says 'exmap_alloc: exmap=[0-9]+ interface=1 vectors=1 pages=0 failed=1$'
	says 'exmap_alloc: exmap=[0-9]+ interface=1 vectors=1 pages=4 failed=1$'
}

shadows() {
	says 'exmap_shadow: exmap=[0-9]+ interface=0 vectors=2 pages=3 target=1000 ret=0$'
	says 'exmap_rm_sd: exmap=[0-9]+ interface=0 pages=3 ret=0$'
}

check "tracepoints fire" record
check "of ALLOC and FREE" alloc_and_free
check "of READ, and of frames that are stolen" read_and_steal
check "of ALLOC by io_uring" commands
check "of SHADOW and RM_SD" shadows

checked

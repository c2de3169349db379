#!/bin/sh
# SPDX-License-Identifier: MIT
# Loads and unloads the module 100 times, with clients in between. In a virtual machine:
# scripts/vm --add tests/abuse/reload.sh -- sh reload.sh
rounds=${1:-100}
module=/exmap.ko

# MemFree does not count the free pages on the CPUs' own lists, which 6.12 lets grow to tens of
# MiB.
echo 100000 >/proc/sys/vm/percpu_pagelist_high_fraction

# In KiB, but for the page cache.
memory() {
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	sed -n 's/^MemFree: *\([0-9]*\).*/\1/p' /proc/meminfo
}

lost() {
	echo "not ok 1 - the module comes and goes: $*"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}

i=0
while [ "$i" -lt "$rounds" ]; do
	# The first rounds make caches.
	[ "$i" != 5 ] || before=$(memory)
	[ ! -e /sys/module/exmap ] || rmmod exmap || lost "rmmod, round $i"
	insmod "$module" export=1 || lost "insmod, round $i"
	[ -c /dev/exmap ] || lost "no /dev/exmap, round $i"
	bin/conformance -f 4.9 >/tmp/reload.log || lost "a client, round $i: $(cat /tmp/reload.log)"
	# While it is open it stays.
	exec 3</dev/exmap
	! rmmod exmap 2>/dev/null || lost "unloaded while it was open, round $i"
	exec 3<&-
	i=$((i + 1))
done
after=$(memory)
echo "# free memory before $before KiB, after $rounds rounds $after KiB"
[ "$after" -gt $((before - 4096)) ] || lost "free memory fell from $before to $after KiB"
echo "ok 1 - the module comes and goes $rounds times"
echo "1 passed, 0 failed, 0 skipped"

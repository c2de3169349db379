#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exmap-run --trace and exmap-trace: what a client did is in its trace, whatever ends the client, and
# the same calls give the same results again.
# Usage: exmap-trace.sh BIN-DIR TRACE-CLIENT SHIM
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

bin=$1
client=$2
shim=$3
here=$(cd "$(dirname "$0")" && pwd)
run=$bin/exmap-run
tool=$bin/exmap-trace
unset EXMAP_OPTIONS
# In builds with them: the client dies of SIGSEGV as others do, gdb loads no runtime first, and a child
# of a process with threads (the writer is one) may make some, too.
export ASAN_OPTIONS=handle_segv=0:verify_asan_link_order=0
export TSAN_OPTIONS=handle_segv=0:die_after_fork=0

# record NAME COMMAND... - a trace in NAME.t
record() {
	local name=$1

	shift
	"$run" --trace="$work/$name.t" -- "$@"
}

# says FILE WORDS... - a line of the file has these words in this order
says() {
	local file=$1 words

	shift
	words=$(printf '.*%s' "$@")
	grep -E -- "$words" "$file" || {
		cat "$file"
		return 1
	}
}

# trouble WORDS COMMAND... - exit status 2, and one line on stderr with these words
trouble() {
	local words=$1 status=0

	shift
	"$@" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/err"
	[ "$status" = 2 ]
	[ "$(wc -l <"$work/err")" = 1 ]
	grep -q -- "^exmap-[a-z]*: .*$words" "$work/err"
}

dump_shows_all() {
	record vectors "$client" vectors
	"$tool" dump "$work/vectors.t" >"$work/out"
	says "$work/out" 'trace of trace-client, process [0-9]+: 15 events of 1 thread,' '0 dropped'
	says "$work/out" 'exmap 1: open$'
	says "$work/out" 'SETUP of 8 frames, 4 interfaces, a backing of 16384 bytes -> 0$'
	says "$work/out" 'mmap of the surface, 4096 pages at 0x[0-9a-f]+$'
	[ "$(grep -cE 'mmap of interface [0-3] at 0x' "$work/out")" = 4 ]
	says "$work/out" 'ALLOC, interface 1, 4 vectors: 100\+3 102\+2=1 4096=EFAULT=0 7\+0 -> 1 \([0-9.]+ us\)$'
	says "$work/out" 'ALLOC, interface 1, 2 vectors: 200\+2 300\+5=ENOMEM=2 -> 1 '
	says "$work/out" 'FREE, interface 1, 1 vector: 0\+4095=8 -> 0 '
	says "$work/out" 'READ by read, interface 2, 1 range: 2\+2 -> 8192 \([0-9.]+ us, 1 steal\)$'
	says "$work/out" 'READ by read, interface 2, 1 range: 4 -> 0 \([0-9.]+ us\)$'
	says "$work/out" 'fault: store to unallocated page 50 at byte 5 of it$'
	says "$work/out" 'munmap of the surface, 4096 pages'
	says "$work/out" 'exmap 1: close$'
}

refusals_are_recorded() {
	record refused "$client" refused
	"$tool" dump "$work/refused.t" >"$work/out"
	says "$work/out" 'ALLOC, interface 0, 1 vector -> EBADF$'
	says "$work/out" 'ALLOC, interface 0, 1 vector -> EPROTO$'
	says "$work/out" 'ALLOC, interface 4, 1 vector -> EINVAL$'
	says "$work/out" 'opcode 77, interface 0, 1 vector -> EINVAL$'
	says "$work/out" 'ALLOC, interface 0, 0 vectors -> 0$'
	says "$work/out" 'READ by read, interface 0, 1 range -> EINVAL$'
	says "$work/out" 'mmap of the surface, 1 pages -> EBUSY$'
}

shadows_are_recorded() {
	record shadow "$client" shadow
	"$tool" dump "$work/shadow.t" >"$work/out"
	says "$work/out" 'SHADOW, interface 0, at page 1000, 2 vectors: 20 8\+2 -> 0 '
	says "$work/out" 'RM_SD, interface 0, 0 vectors -> 0 '
}

dialect_is_recorded() {
	record dialect "$client" dialect
	"$tool" dump "$work/dialect.t" >"$work/out"
	says "$work/out" 'exmap 1: open, LeanStore dialect$'
	says "$work/out" 'ALLOC, interface 0, 2 vectors: 100\+3 200\+3 -> ENOMEM '
	# What was allocated all the same, and what was read again, is counted as it was.
	"$tool" stats --json "$work/dialect.t" >"$work/json"
	python3 - "$work/json" <<'PYTHON'
import json, sys
done = {name: op["pages_done"] for name, op in json.load(open(sys.argv[1]))["opcodes"].items()}
assert done == {"ALLOC": 4, "FREE": 4, "READ": 2}, done
PYTHON
}

# Nothing is lost where the process ends in an orderly way, or of a bad access.
ends_are_whole() {
	local status=0

	for how in _exit exec; do
		record "$how" "$client" "$how"
		"$tool" dump "$work/$how.t" >"$work/out"
		[ "$(grep -cE '(ALLOC|FREE), interface 0, 1 vector' "$work/out")" = 20 ]
	done
	# The program that was executed has a trace of its own.
	"$tool" dump "$work"/exec.t.*[0-9] >"$work/out"
	says "$work/out" ' 15 events of 1 thread,'
	record killed "$client" killed || status=$?
	[ "$status" = 137 ]
	trouble 'was cut off.* its process was killed' "$tool" dump "$work/killed.t"
	[ "$(grep -cE '(ALLOC|FREE), interface 0, 1 vector' "$work/out")" = 20 ]
}

# What the client did last is what matters.
bad_access_is_the_last_event() {
	local status=0

	record bad "$bin/trace-bad" 2>"$work/err" || status=$?
	[ "$status" = 139 ]
	"$tool" dump "$work/bad.t" >"$work/out"
	tail -1 "$work/out" | grep 'fault: load from unallocated page 3 at byte 0 of it'
}

children_have_their_own() {
	record forked "$client" forked 2>"$work/err"
	[ "$(grep -c 'trace: .*forked.t exists; writing .*forked.t.[0-9]*$' "$work/err")" = 2 ]
	[ "$(find "$work" -name 'forked.t*' | wc -l)" = 3 ]
	"$tool" dump "$work/forked.t" >"$work/out"
	says "$work/out" ' 11 events of 1 thread,'
	cat "$work"/forked.t.*[0-9] >/dev/null
	for file in "$work"/forked.t.*[0-9]; do
		"$tool" dump "$file"
	done >"$work/out"
	# One opens an exmap, the other maps one that its parent has set up.
	says "$work/out" 'exmap 3: SETUP of 64 frames'
	says "$work/out" 'exmap 2: ALLOC, interface 0, 1 vector: 5\+2 -> 0'
	for file in "$work"/forked.t.*[0-9]; do
		"$run" -- "$tool" replay "$file"
	done
}

names_of_files() {
	"$run" --trace="$work/pid-%p" -- "$client" vectors
	[ "$(find "$work" -name 'pid-[0-9]*' | wc -l)" = 1 ]
	# An old trace is overwritten, and nothing else is; the emulator by itself overwrites nothing.
	record vectors "$client" vectors
	[ "$(find "$work" -name 'vectors.t*' | wc -l)" = 1 ]
	EXMAP_OPTIONS=trace=$work/vectors.t "$run" -- "$client" vectors 2>"$work/err"
	says "$work/err" 'vectors.t exists; writing .*vectors.t.[0-9]+$'
	rm "$work"/vectors.t.*
	echo precious >"$work/precious"
	trouble 'exists and is no trace' "$run" --trace="$work/precious" -- "$client" vectors
	grep -x precious "$work/precious"
	trouble 'No such file or directory' "$run" --trace="$work/nowhere/t" -- "$client" vectors
	trouble 'no file named' "$run" --trace= -- "$client" vectors
	trouble 'colon' "$run" --trace="$work/a:b" -- "$client" vectors
	EXMAP_OPTIONS=trace "$run" -- "$client" vectors 2>"$work/err"
	says "$work/err" "'' is no value for trace"
	# The client runs, traced or not.
	EXMAP_OPTIONS=trace=$work/nowhere/t "$run" -- "$client" vectors 2>"$work/err"
	[ "$(wc -l <"$work/err")" = 1 ]
	says "$work/err" 'trace: cannot create .*/nowhere/t: No such file or directory; the trace ends here'
	# A client that changes its folder still writes where the user said.
	mkdir "$work/there"
	(cd "$work/there" && "$run" --trace=here.t -- sh -c "cd / && '$client' vectors")
	"$tool" dump "$work/there/here.t" >/dev/null
}

no_signal_lands_in_the_writer() {
	record signals "$client" signals
	"$tool" dump "$work/signals.t" >"$work/out"
	says "$work/out" 'FREE, interface 0, 1 vector: 1 -> 0'
	"$run" --trap=on --trace="$work/trap.t" -- "$client" signals
}

rings_are_given_back() {
	record threads "$client" threads
	"$tool" dump "$work/threads.t" >"$work/out"
	says "$work/out" ' 47 events of 21 threads,' '0 dropped'
}

# full WHERE - the client goes on, and what fits into the file is read; it is said once
full() {
	cat "$work/said"
	[ "$(grep -c '^exmap: ' "$work/said")" = 1 ]
	says "$work/said" "trace: cannot write .*: $2; the trace ends here and the client goes on"
	trouble 'ends early: its disk was full' "$tool" dump "$1"
	[ "$(grep -cE '(ALLOC|FREE), interface [0-3], 512 vectors' "$work/out")" -gt 10 ]
}

full_disk() {
	# shellcheck disable=SC2016 # The inner shell expands it.
	"${private[@]}" sh -c 'mount -t tmpfs -o size=256k tmpfs "$1" && cd / &&
		"$2" --trace="$1/t" -- "$3" flood 2>"$4/said" && cp "$1/t" "$4/full.t"' \
		sh "$work/disk" "$run" "$client" "$work" || cat "$work/said"
	full "$work/full.t" 'No space left on device'
}

file_too_large() {
	(ulimit -f 200 && record large "$client" flood) 2>"$work/said" || cat "$work/said"
	full "$work/large.t" 'File too large'
}

bad_files() {
	local version

	trouble 'No such file' "$tool" dump "$work/nothing"
	: >"$work/empty"
	trouble 'is no trace' "$tool" dump "$work/empty"
	trouble 'is no trace' "$tool" stats "$client"
	trouble 'is no file' "$tool" dump "$work"
	# Its version is in the four bytes behind the magic.
	{ head -c 8 "$work/vectors.t" && printf '\007\0\0\0' && tail -c +13 "$work/vectors.t"; } >"$work/future.t"
	trouble 'is a trace of version 7, and this exmap-trace reads version 1' "$tool" dump "$work/future.t"
	version=$("$tool" --version)
	[[ $version =~ ^exmap-trace\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	trouble "no command 'nonsense'" "$tool" nonsense "$work/vectors.t"
	trouble 'diff wants 2 files' "$tool" diff "$work/vectors.t"
}

bad_bytes() {
	python3 "$here/trace_damage.py" "$tool" "$work/vectors.t" "$work"
}

statistics() {
	"$tool" stats "$work/vectors.t" >"$work/out"
	says "$work/out" 'ALLOC +2 +0 +13 +8 '
	says "$work/out" 'frames in use: at most 8 of 8'
	"$tool" stats --json "$work/vectors.t" >"$work/json"
	python3 "$here/trace_stats.py" "$work/json"
	"$tool" stats --plot "$work/vectors.t" >"$work/plot"
	# Whether gnuplot takes it is seen where gnuplot is.
	if command -v gnuplot >/dev/null; then
		(echo "set terminal svg; set output '$work/plot.svg'" && cat "$work/plot") | gnuplot
		python3 - "$work/plot.svg" <<'PYTHON'
import sys, xml.etree.ElementTree as xml
titles = "".join(xml.parse(sys.argv[1]).getroot().itertext())
for title in "frames in use", "vectors a call", "pages a vector", "reuse distance", "ALLOC", "FREE":
    assert title in titles, title
PYTHON
	else
		grep -q 'frames with steps' "$work/plot"
	fi
}

chrome_follows_the_format() {
	for name in vectors refused minicache; do
		"$tool" chrome "$work/$name.t" >"$work/json"
		python3 "$here/trace_chrome.py" "$work/json"
	done
}

record_minicache() {
	record minicache "$bin/minicache" --text=512 --threads=2
	"$tool" stats "$work/minicache.t" >"$work/out"
	says "$work/out" 'of 5 threads' ' 0 dropped,'
}

# again FILE STRATEGY - its calls give the same results on a strategy, by all ways to compare
again() {
	"$run" --strategy="$2" --trace="$work/again.t" -- "$tool" replay -o "$work/copy.t" "$1" >"$work/out"
	says "$work/out" '^all results are as recorded$'
	"$tool" diff "$1" "$work/copy.t" >"$work/out"
	[ ! -s "$work/out" ]
	# What the emulator has recorded of the replay.
	"$tool" diff "$1" "$work/again.t" >"$work/out"
	[ ! -s "$work/out" ]
}

replay_on() {
	for name in vectors refused threads shadow dialect minicache; do
		again "$work/$name.t" "$1"
	done
}

replay_ways() {
	"$run" -- "$tool" replay --timed "$work/vectors.t"
	"$run" -- "$tool" replay --free "$work/vectors.t"
	# Results may differ, but no call comes before the SETUP and mmap() of another thread.
	"$run" -- "$tool" replay --free -o "$work/free.t" "$work/minicache.t" || [ $? = 1 ]
	"$tool" dump "$work/free.t" >"$work/out"
	says "$work/out" ' READ '
	if grep -E 'EBADF|EPROTO' "$work/out"; then
		return 1
	fi
	truncate -s 1M "$work/backing"
	"$run" -- "$tool" replay --backing="$work/backing" "$work/vectors.t" >"$work/out" || [ $? = 1 ]
	# This backing goes on where the recorded one ended: a result differs, and that is told.
	says "$work/out" '^results that differ: 1;'
	"$run" -- "$tool" replay --json "$work/minicache.t" >"$work/json"
	python3 - "$work/json" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
assert report["threads"] == 5 and report["calls"] > 1000 and report["pages"] > report["calls"] > 0
assert report["ns"] > 0 and report["recorded_ns"] > 0 and report["different"] == 0, report
PYTHON
	"$tool" stats "$work/vectors.t" >/dev/full 2>"$work/err" && return 1
	says "$work/err" 'stdout cannot be written: No space left'
	trouble 'run exmap-run -- exmap-trace replay' "$tool" replay "$work/vectors.t"
	trouble 'No such file' "$run" -- "$tool" replay --backing="$work/nothing" "$work/vectors.t"
}

# Calls on common pages, at the same time: the trace does not tell their order. What differs is told.
replay_of_races() {
	record race "$client" race
	"$run" -- "$tool" replay -o "$work/raced.t" "$work/race.t" || [ $? = 1 ]
	# Two ALLOCs of one page, at the same time or one after the other; either may get it.
	for how in overlapping apart; do
		python3 "$here/trace_race.py" $how 0 "$work/first.t"
		python3 "$here/trace_race.py" $how 1 "$work/second.t"
		"$tool" diff "$work/first.t" "$work/first.t"
		"$tool" diff --strict "$work/first.t" "$work/second.t" >"$work/out" && return 1
		[ "$(grep -c '^<' "$work/out")" = 2 ]
	done
	"$tool" diff "$work/first.t" "$work/second.t" >"$work/out" && return 1
	[ "$(grep -c '^<' "$work/out")" = 2 ]
	python3 "$here/trace_race.py" overlapping 0 "$work/first.t"
	"$tool" diff "$work/first.t" "$work/second.t" >"$work/out" 2>"$work/err"
	[ ! -s "$work/out" ]
	says "$work/err" 'results that differ as they may, as their calls raced in .*: 2;'
	# Done again in the likeliest order: that of their ends.
	"$run" -- "$tool" replay "$work/first.t" >"$work/out"
	says "$work/out" '^all results are as recorded$'
}

diff_finds_what_differs() {
	python3 "$here/trace_edit.py" "$work/vectors.t" "$work/edited.t"
	"$tool" diff "$work/vectors.t" "$work/edited.t" >"$work/out" && return 1
	[ "$(grep -c '^<' "$work/out")" = 1 ]
	says "$work/out" '^> .*READ by read, interface 2, 1 range: 2\+2 -> 4096'
	# Another number of calls, other calls.
	"$tool" diff "$work/vectors.t" "$work/_exit.t" >"$work/out" && return 1
	says "$work/out" '^< .*SETUP of 8 frames'
	says "$work/out" '^> .*SETUP of 64 frames'
}

bench_replays() {
	"$bin/exmap-bench" --replay "$work/minicache.t" -B copy,anon,auto -n 3 --json >"$work/json"
	python3 - "$work/json" <<'PYTHON'
import json, sys
report = {r["backend"]: r for r in json.load(open(sys.argv[1]))}
assert set(report) == {"copy", "auto"}, report
for r in report.values():
    assert len(r["ns"]) == 3 and min(r["ns"]) > 0 and r["calls"] > 1000, r
PYTHON
	"$bin/exmap-bench" --replay "$work/minicache.t" -B copy -n 1 | grep '^copy '
	"$bin/exmap-bench" --replay "$work/minicache.t" -B copy -n 2 --csv >"$work/out"
	[ "$(grep -cE '^copy,[0-9]+,[0-9]+,[0-9]+$' "$work/out")" = 2 ]
	# By default on all that is here.
	"$bin/exmap-bench" --replay "$work/minicache.t" -n 1 | grep '^auto '
	"$bin/exmap-bench" --replay "$client" -B copy 2>"$work/err" && return 1
	says "$work/err" 'is no trace'
}

# The module's tracepoints, and their arguments; its header is beside the tests.
tracepoints() {
	awk '
		/^(TRACE|DEFINE)_EVENT\(/ { name = $NF; sub(/.*[( ]/, "", name); sub(/,.*/, "", name) }
		name && /TP_ARGS\(/ { sub(/.*TP_ARGS\(/, ""); sub(/\).*/, ""); gsub(/,/, ""); print name, $0; name = "" }
	' "$here/../../kmod/trace.h" | sort
}

# The emulator's probes have the names of the module's tracepoints, and as many arguments.
probes_are_there() {
	readelf -n "$shim" >"$work/notes"
	tracepoints >"$work/tracepoints"
	cat "$work/tracepoints"
	[ "$(wc -l <"$work/tracepoints")" = 6 ]
	[ "$(grep -c 'Name: exmap_' "$work/notes")" = 6 ]
	while read -r name arguments; do
		grep -A2 "Name: $name\$" "$work/notes" >"$work/note"
		grep -E 'Semaphore: 0x0*[1-9a-f]' "$work/note"
		[ "$(grep Arguments: "$work/note" | grep -o @ | wc -l)" = "$(wc -w <<<"$arguments")" ]
	done <"$work/tracepoints"
}

# The script for bpftrace names all of them, and their arguments in the same order.
script_fits_the_probes() {
	"$bin/exmap-calls" --print module >"$work/module"
	"$bin/exmap-calls" --print emulator >"$work/emulator"
	awk '
		/^tracepoint:exmap:/ { split($1, part, ":"); line = part[3] }
		/ = args->/ { sub(/.*args->/, ""); sub(/;/, ""); line = line " " $0 }
		/^}/ && line { print line; line = "" }
	' "$work/module" | sort >"$work/out"
	diff "$work/tracepoints" "$work/out"
	# The same program, but for the names.
	diff <(sed -E 's/^tracepoint:/usdt:/; s/args->.*/ARGUMENT/' "$work/module") \
		<(sed -E 's|^usdt:[^:]*/libexmap-shim.so:|usdt:|; s/ arg[0-9];/ ARGUMENT/' "$work/emulator")
	trouble_of_script 'Usage: exmap-calls' nonsense
	trouble_of_script 'module exmap is not loaded' module
}

# trouble_of_script WORDS ARGUMENT...
trouble_of_script() {
	local words=$1 status=0

	shift
	"$bin/exmap-calls" "$@" 2>"$work/err" || status=$?
	cat "$work/err"
	[ "$status" = 2 ]
	grep -q -- "$words" "$work/err"
}

# Whether bpftrace has attached all; -v has it tell of each program, and later versions tell at the end.
attached() {
	[ "$(grep -c '^Program ID' "$work/out")" -gt "$(wc -l <"$work/tracepoints")" ] ||
		grep -q '^Attached [0-9]* probes' "$work/out"
}

# Without -p: bpftrace arms no probe of a client that -c starts.
script_counts_calls() {
	local status=0

	timeout -s INT 120 "$bin/exmap-calls" emulator -v >"$work/out" 2>"$work/err" &
	for _ in $(seq 600); do
		! attached || break
		sleep 0.1
	done
	sleep 1
	$run -- "$client" vectors || status=$?
	kill -INT $!
	wait $! || status=$?
	cat "$work/err" "$work/out"
	[ "$status" = 0 ]
	says "$work/out" '@calls\[ALLOC, 1, 1\]: 2$'
	says "$work/out" '@calls\[READ, 1, 2\]: 2$'
	says "$work/out" '@steals\[1, 2\]: 1$'
}

# A tool that attaches gets the arguments; it counts the semaphore up, which nothing else does here.
probes_fire() {
	# The loader takes a space for the end of a name.
	ln -s "$shim" "$work/shim.so"
	cat >"$work/gdb" <<GDB
set breakpoint pending on
set startup-with-shell off
set environment LD_PRELOAD=$work/shim.so
handle SIGBUS SIGSEGV SIGSYS nostop noprint pass
break -probe-stap exmap:exmap_alloc
commands
silent
printf "alloc %d %d %d %d %d\n", \$_probe_arg0, \$_probe_arg1, \$_probe_arg2, \$_probe_arg3, \$_probe_arg4
continue
end
break -probe-stap exmap:exmap_read
commands
silent
printf "read %d %d %d %d %d\n", \$_probe_arg0, \$_probe_arg1, \$_probe_arg2, \$_probe_arg3, \$_probe_arg4
continue
end
break -probe-stap exmap:exmap_steal
commands
silent
printf "steal %d %d %d\n", \$_probe_arg0, \$_probe_arg1, \$_probe_arg2
continue
end
break -probe-stap exmap:exmap_shadow
commands
silent
printf "shadow %d %d %d %d %d %d\n", \$_probe_arg0, \$_probe_arg1, \$_probe_arg2, \$_probe_arg3, \$_probe_arg4, \$_probe_arg5
continue
end
break -probe-stap exmap:exmap_rm_sd
commands
silent
printf "rm_sd %d %d %d %d\n", \$_probe_arg0, \$_probe_arg1, \$_probe_arg2, \$_probe_arg3
continue
end
run vectors
run shadow
GDB
	gdb -nx -batch -x "$work/gdb" "$client" >"$work/out" 2>&1
	says "$work/out" '^alloc 1 1 4 4 1$'
	says "$work/out" '^alloc 1 1 2 4 1$'
	says "$work/out" '^read 1 2 0 1 8192$'
	says "$work/out" '^read 1 2 0 1 0$'
	says "$work/out" '^steal 1 2 1$'
	says "$work/out" '^shadow 1 0 2 3 1000 0$'
	says "$work/out" '^rm_sd 1 0 3 0$'
}

check "dump shows what the client did" dump_shows_all
check "dump shows calls that were refused" refusals_are_recorded
check "dump shows shadows" shadows_are_recorded
check "dump shows the LeanStore dialect" dialect_is_recorded
check "a trace is whole, whatever ends the process" ends_are_whole
check "the bad access that ends a process is the last event" bad_access_is_the_last_event
check "forked children have traces of their own" children_have_their_own
check "names of files: taken, missing, with %p" names_of_files
check "no signal lands in the writer, and setuid() works" no_signal_lands_in_the_writer
check "threads that end give their rings back" rings_are_given_back
if readelf -d "$client" | grep -q libtsan; then
	skip "a file that grows too large" "ThreadSanitizer needs a larger one for itself"
else
	check "a file that grows too large" file_too_large
fi
mkdir "$work/disk"
private=(unshare --mount)
[ "$(id -u)" = 0 ] || private=(unshare --map-root-user --mount)
if "${private[@]}" mount -t tmpfs tmpfs "$work/disk" 2>/dev/null; then
	check "a full disk" full_disk
else
	skip "a full disk" "no tmpfs can be mounted"
fi
check "other versions, other files" bad_files
check "cut off at every place, and damaged" bad_bytes
check "minicache with two threads" record_minicache
check "stats" statistics
check "chrome: the Trace Event format" chrome_follows_the_format
for strategy in copy move guard mprotect; do
	if "$run" --strategy=$strategy -- "$client" vectors >"$work/probe" 2>&1; then
		check "replay with strategy=$strategy" replay_on $strategy
	else
		skip "replay with strategy=$strategy" "$(head -1 "$work/probe")"
	fi
done
check "replay: in recorded time, freely, from a file" replay_ways
check "replay of races" replay_of_races
check "diff finds what differs" diff_finds_what_differs
if [ -x "$bin/exmap-bench" ]; then
	check "exmap-bench --replay" bench_replays
fi
if readelf -n "$shim" | grep -q stapsdt; then
	check "probes have the names of the module's tracepoints" probes_are_there
	check "exmap-calls knows both" script_fits_the_probes
	if ! command -v bpftrace >/dev/null; then
		skip "exmap-calls counts calls" "no bpftrace"
	elif [ ! -e /sys/kernel/tracing/uprobe_events ]; then
		skip "exmap-calls counts calls" "no tracefs here, or not root (mount -t tracefs tracefs /sys/kernel/tracing)"
	elif ! bpftrace -e 'BEGIN { exit(); }' >"$work/probe" 2>&1; then
		skip "exmap-calls counts calls" "bpftrace cannot work here: $(grep ERROR "$work/probe" | tail -1)"
	else
		check "exmap-calls counts calls" script_counts_calls
	fi
	if command -v gdb >/dev/null; then
		check "probes fire, with their arguments" probes_fire
	else
		skip "probes fire, with their arguments" "no gdb (scripts/deps test)"
	fi
else
	skip "probes" "built without sys/sdt.h (systemtap-sdt-dev, scripts/deps test)"
fi

checked

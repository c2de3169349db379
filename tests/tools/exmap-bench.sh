#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exmap-bench: every pattern has figures on every backend, in each format; failure gives none.
# Usage: exmap-bench.sh EXMAP-RUN EXMAP-BENCH
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

run=$1
bench=$2

# What --quick under exmap-run prints, read by a parser of somebody else's.
json_is_complete() {
	"$run" -- "$bench" --quick --json >"$work/json"
	python3 - "$work/json" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
assert report["kernel"] and report["cpu"] and report["cpus"] >= 1, report
for backend in "exmap", "auto", "copy":
    who = report["servers"][backend]
    assert who.startswith("the emulator, strategy "), (backend, who)
assert len(report["results"]) == len({tuple(r[k] for k in ("pattern", "threads", "batch", "backend"))
                                      for r in report["results"]}), "a line twice"
figures = {(r["pattern"], r["threads"], r["backend"]): r["ns"] for r in report["results"]}
for pattern in ("scattered", "neighbours", "run", "handover", "steal", "page-read",
                "batch-read", "empty"):
    backends = ["exmap", "auto", "copy", "anon"]
    if pattern in ("page-read", "batch-read"):
        backends += ["mmap", "pread"]
    for threads in 1, 2:
        for backend in backends:
            ns = figures[pattern, threads, backend]
            assert len(ns) == 1 and 0 < ns[0] < 1e12, (pattern, threads, backend, ns)
PYTHON
}

csv_and_table_agree() {
	local options=(--quick -n 3 -t 1 -p "neighbours,empty" -B "copy,anon")

	"$bench" "${options[@]}" --csv | awk -F, '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; fields = NF; next }
		NF != fields || $at["repetitions"] != 3 { exit 1 }
		!($at["ns_least"] > 0 && $at["ns_least"] <= $at["ns_median"]) { exit 1 }
		!($at["ns_median"] <= $at["ns_most"] && $at["setup_us_median"] > 0) { exit 1 }
		END { if (NR != 5) exit 1 }'
	"$bench" "${options[@]}" >"$work/table"
	grep -q "^Linux $(uname -r)," "$work/table"
	[ "$(grep -cE '^(neighbours|empty) .*\[[0-9.]+ \.\. [0-9.]+\]' "$work/table")" = 4 ]
}

module_set() {
	"$bench" --quick --set module -B copy --csv |
		awk -F, 'NR > 1 && $3 == 512 { n++ } END { exit n != 10 }'
}

# A line for each combination, each of what was asked for.
by_lists() {
	"$bench" --quick -t 1 -b 64 -p runs,neighbours -B copy,bare-copy,bare-single \
		--run-length 1,8,64 --pages 1024,2048 --surface 65536 --interfaces 1,3 --json >"$work/json"
	python3 - "$work/json" <<'PYTHON'
import collections, json, sys
results = json.load(open(sys.argv[1]))["results"]
lines = collections.Counter((r["pattern"], r["run"], r["pages"], r["interfaces"]) for r in results)
assert set(lines.values()) == {3} and all(r["surface"] == 65536 for r in results), lines
wanted = {("runs", run) for run in (1, 8, 64)} | {("neighbours", 64)}
assert set(lines) == {w + (pages, n) for w in wanted for pages in (1024, 2048) for n in (1, 3)}
PYTHON
}

# All the working set is seen, however short the time, and what it took beside the pages is told.
scan_tells_memory() {
	"$bench" -n 1 -s 0.001 -t 1,2 -b 64 -p scan -B copy,anon,bare-copy,bare-move \
		--pages 65536 --frames 256 --json >"$work/json"
	python3 - "$work/json" <<'PYTHON'
import json, sys
results = {(r["backend"], r["threads"]): r for r in json.load(open(sys.argv[1]))["results"]}
assert set(results) == {(b, t) for b in ("copy", "anon", "bare-copy") for t in (1, 2)}, results
for threads in 1, 2:
    # The emulator's page table has a word for each page that was touched.
    assert results["copy", threads]["overhead_kib"][0] >= threads * 65536 * 8 / 1024, results
    assert results["anon", threads]["overhead_kib"][0] < 65536 * 8 / 1024, results
PYTHON
}

by_strategy() {
	"$bench" --quick -t 1 -p neighbours -B copy,mprotect >"$work/out"
	grep -x 'copy is the emulator, strategy copy' "$work/out"
	grep -x 'mprotect is the emulator, strategy mprotect' "$work/out"
	grep '^neighbours .* mprotect ' "$work/out"
}

# refused PATTERN ARGUMENT...: ends with a message like that, and no figure
refused() {
	local words=$1 status=0

	shift
	"$bench" "$@" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/err"
	[ "$status" != 0 ] && [ "$status" -lt 128 ] && [ ! -s "$work/out" ]
	grep -q -- "$words" "$work/err"
}

no_figure() {
	truncate -s 4096 "$work/short"
	refused "shorter than 2048 pages" --quick -p page-read -B pread -f "$work/short"
	# A batch that the frames are too few for.
	refused "neighbours failed on copy" --quick -p neighbours -B copy --frames 8
}

usage_errors() {
	refused "no pattern 'nonsense'" -p nonsense
	refused "no backend 'nonsense'" -B nonsense -p empty -t 1 --quick
	refused "neither yes nor no" --touch=maybe
	refused "threads" --threads=0
	refused "batches" --batch=513
	refused "no set 'nonsense'" --set=nonsense
	refused "batches of 64 are no runs of 7" -p runs -b 64 --run-length 7
	refused "an interface for each thread" -t 4 --interfaces 3
	refused "at most 256" -t 1 --interfaces 257
	refused "a working set of 63 pages" -b 64 --pages 63
	refused "surface is not for READs" -p page-read -B pread --surface 65536
	refused "scan needs frames" -p scan -b 64 -t 2 --frames 127
}

tells_version() {
	"$bench" --version | grep -xE 'exmap-bench [0-9]+\.[0-9]+\.[0-9]+'
}

check "--version" tells_version
check "every pattern has figures, and they are JSON" json_is_complete
check "CSV and table have a line for each" csv_and_table_agree
check "the set that compares modules" module_set
check "lists of lengths, working sets, interfaces" by_lists
check "a scan sees its working set, and tells its memory" scan_tells_memory
check "emulator by strategy, named" by_strategy
check "what fails gives no figure" no_figure
check "bad options are refused" usage_errors

checked

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exmap-bench measures every pattern, and its three formats say the same.
# Usage: exmap-bench.sh PATH-OF-EXMAP-BENCH
set -euo pipefail

bench=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
options=(-n 1 -s 0.02 -t 1,2 -b 64 -B "auto,copy,mprotect,anon")

"$bench" "${options[@]}" --json >"$work/json"
python3 - "$work/json" <<'PYTHON'
import json, sys

results = json.load(open(sys.argv[1]))["results"]
seen = {(r["pattern"], r["threads"], r["backend"]) for r in results}
patterns = "scattered neighbours run handover steal page-read batch-read empty".split()
for pattern in patterns:
    for threads in 1, 2:
        for backend in "auto", "copy", "mprotect", "anon":
            assert (pattern, threads, backend) in seen, (pattern, threads, backend)
assert all(ns > 0 for r in results for ns in r["ns"])
PYTHON
"$bench" "${options[@]}" -p run,empty --csv >"$work/csv"
[ "$(wc -l <"$work/csv")" = 17 ]
"$bench" "${options[@]}" -p run -t 1 >"$work/table"
grep -q "^Linux $(uname -r)," "$work/table"
[ "$(grep -c '^run ' "$work/table")" = 4 ]
# What cannot be measured is said, not left out in silence.
if "$bench" -p nonsense 2>"$work/err"; then exit 1; fi
grep -q "no pattern 'nonsense'" "$work/err"
if "$bench" -B nonsense -n 1 -s 0.02 -p run 2>"$work/err"; then exit 1; fi
grep -q "no backend 'nonsense'" "$work/err"

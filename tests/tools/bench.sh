#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/bench: every set has figures, a table and a plot; a target is met by figures only.
# Usage: bench.sh SOURCE-DIR BUILD-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

source=$1
build=$2
bench=(python3 -B "$source/scripts/bench.d/main.py" --build "$build")

for program in gnuplot hyperfine; do
	command -v "$program" >/dev/null || {
		echo "ok 1 - scripts/bench # SKIP no $program (scripts/deps bench)"
		echo "0 passed, 0 failed, 1 skipped"
		exit 77
	}
done

# absent FILE PATTERN
absent() {
	if grep -nE "$2" "$1"; then
		return 1
	fi
}

# The verdicts depend on the machine; that there is one for each target does not.
measures_all() {
	"${bench[@]}" --quick --out "$work/out" >"$work/printed"
	[ "$(grep -cE '^\| .* \| (yes|\*\*no\*\*) \|$' "$work/printed")" = 27 ]
	grep -F "$(uname -r)" "$work/out/figures.md"
	# Nothing is missing, nor Python's word for that.
	absent "$work/printed" 'not measured'
	absent "$work/out/figures.md" '\b(nan|None|inf)\b'
}

plots_have_series() {
	python3 - "$work/out" <<'PYTHON'
import sys, xml.etree.ElementTree as xml
for name, least in {"patterns": 14, "runs": 10, "threads": 10, "growth-time": 11,
                    "growth-memory": 9, "look-ups": 2}.items():
    titles = {g.get("id") for g in xml.parse(f"{sys.argv[1]}/{name}.svg").iter()
              if g.get("id", "").startswith("gnuplot_plot_")}
    # Each with the bars of its spread.
    assert len(titles) >= least, (name, titles)
PYTHON
}

# What was measured is drawn again as it was; figures that are worse miss their targets.
verdicts_follow_figures() {
	cp "$work/out/figures.md" "$work/before.md"
	"${bench[@]}" --render --out "$work/out" >/dev/null
	cmp "$work/before.md" "$work/out/figures.md"
	# Worse by so much, then better by far.
	for factor in 1000 0.000001; do
		python3 - "$work/out/data/threads.json" "$work/out/data/minicache.json" "$factor" <<'PYTHON'
import json, sys
for path in sys.argv[1:3]:
    data = json.load(open(path))
    for line in data["results"]:
        if line["backend"] == "auto":
            line["ns"] = [v * float(sys.argv[3]) for v in line["ns"]]
        if line["backend"] == "exmap":
            line["look_ups"] = [v / float(sys.argv[3]) for v in line["look_ups"]]
    json.dump(data, open(path, "w"))
PYTHON
		"${bench[@]}" --render --out "$work/out" >"$work/printed"
		wanted=yes
		[ "$factor" = 0.000001 ] || wanted='\*\*no\*\*'
		[ "$(grep -cE "^\| (512 neighbours, 8|minicache).* \| $wanted \|$" "$work/printed")" = 3 ]
	done
}

only_some() {
	"${bench[@]}" --quick --only minicache --out "$work/some" >"$work/printed"
	[ "$(ls "$work/some/data")" = minicache.json ]
	[ "$(grep -c 'not measured' "$work/printed")" = 8 ]
	if "${bench[@]}" --quick --only nonsense --out "$work/none" 2>"$work/err"; then
		return 1
	fi
	grep "no set 'nonsense'" "$work/err"
	[ ! -e "$work/none" ]
}

# The page shows what the script writes, and nothing else.
page_links_exist() {
	local links

	links=$(grep -oE '\]\(performance/[a-z.-]+' "$source/docs/performance.md" | sed 's/.*(performance.//' | sort -u)
	[ "$(wc -w <<<"$links")" -ge 7 ]
	for link in $links; do
		[ -s "$work/out/$link" ]
	done
	# Its sections of figures are in what was recorded.
	python3 - "$source/docs" <<'PYTHON'
import re, sys
page = open(f"{sys.argv[1]}/performance.md").read()
titles = re.findall(r"^#+ (.*)$", open(f"{sys.argv[1]}/performance/figures.md").read(), re.M)
known = {re.sub(r"[^a-z0-9 -]", "", t.lower()).replace(" ", "-") for t in titles}
asked = set(re.findall(r"figures\.md#([a-z0-9-]+)", page))
assert asked and asked <= known, asked - known
PYTHON
}

check "all sets are measured, and each target has a verdict" measures_all
check "plots have their series" plots_have_series
check "verdicts follow the figures" verdicts_follow_figures
check "some sets only, and no unknown ones" only_some
check "the page's links are what is written" page_links_exist

checked

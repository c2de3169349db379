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
	[ "$(grep -cE '^\| .* \| (yes|\*\*no\*\*) \|$' "$work/printed")" = 29 ]
	grep -F "$(uname -r)" "$work/out/figures.md"
	# No figure is missing, and none is Python's word for a missing one.
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
		python3 -B - "$source/scripts/bench.d" "$work/out/data.json" "$factor" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
import store
path, factor = sys.argv[2], float(sys.argv[3])
data = store.load(path)
for line in data["threads"]["results"] + data["minicache"]["results"]:
    if line["backend"] == "auto":
        line["ns"] = [v * factor for v in line["ns"]]
    if line["backend"] == "exmap":
        line["look_ups"] = [v / factor for v in line["look_ups"]]
store.save(path, data)
PYTHON
		"${bench[@]}" --render --out "$work/out" >"$work/printed"
		wanted=yes
		[ "$factor" = 0.000001 ] || wanted='\*\*no\*\*'
		[ "$(grep -cE "^\| (512 neighbours, 8|minicache).* \| $wanted \|$" "$work/printed")" = 3 ]
	done
}

only_some() {
	"${bench[@]}" --quick --only minicache --out "$work/some" >"$work/printed"
	python3 -c 'import json, sys; assert list(json.load(open(sys.argv[1]))) == ["minicache"]' \
		"$work/some/data.json"
	[ "$(grep -c 'not measured' "$work/printed")" = 9 ]
	if "${bench[@]}" --quick --only nonsense --out "$work/none" 2>"$work/err"; then
		return 1
	fi
	grep "no set 'nonsense'" "$work/err"
	[ ! -e "$work/none" ]
}

# docs/performance has what the script makes of its data; its page names nothing else.
page_shows_its_data() {
	local links link

	mkdir "$work/docs"
	cp "$source/docs/performance/data.json" "$work/docs"
	"${bench[@]}" --render --docs "$work/docs" --out "$work/all" >/dev/null
	cmp "$source/docs/performance/figures.md" "$work/docs/figures.md"
	[ "$(ls "$source/docs/performance")" = "$(ls "$work/docs")" ]
	links=$(grep -oE '\]\(performance/[a-z.-]+' "$source/docs/performance.md" | sed 's/.*(performance.//' | sort -u)
	[ "$(wc -w <<<"$links")" -ge 4 ]
	for link in $links; do
		[ -s "$work/docs/$link" ]
	done
	python3 - "$source/docs" <<'PYTHON'
import re, sys
page = open(f"{sys.argv[1]}/performance.md").read()
titles = re.findall(r"^#+ (.*)$", open(f"{sys.argv[1]}/performance/figures.md").read(), re.M)
known = {re.sub(r"[^a-z0-9 -]", "", t.lower()).replace(" ", "-") for t in titles}
asked = set(re.findall(r"figures\.md#([a-z0-9-]+)", page))
assert asked and asked <= known, asked - known
PYTHON
}

# What is installed here writes one of them.
knows_both_hyperfines() {
	PYTHONPATH=$source/scripts/bench.d python3 -B - <<'PYTHON'
import measure
old = {"command": "true", "mean": 2.0, "times": [1.0, 3.0]}
new = {"command": "true", "measurements": [
    {"time_wall_clock": {"value": seconds, "unit": "second"}, "exit_code": 0}
    for seconds in (1.0, 3.0)]}
assert measure.wall_times(old) == measure.wall_times(new) == [1.0, 3.0]
PYTHON
}

check "hyperfine 1 and 2 are understood" knows_both_hyperfines
check "all sets are measured, and each target has a verdict" measures_all
check "plots have their series" plots_have_series
check "verdicts follow the figures" verdicts_follow_figures
check "some sets only, and no unknown ones" only_some
check "the page shows what its data gives" page_shows_its_data

checked

# SPDX-License-Identifier: MIT
"""The table of the specification's clauses and the backends that were held to them."""

import re

RESULT = re.compile(r"^(ok|not ok) \d+ - (\d+\.\d+) (\S+)(?: # SKIP .*)?$", re.M)


def column(build, name):
    """Returns the place and the backend that a conformance run stands for."""
    if build.startswith("vm-"):
        return "Linux " + build.removeprefix("vm-"), name
    if build == "release":
        return "here", name.removeprefix("conformance.")
    return "here", build


def show(counts):
    """Returns a table cell for how many tests passed, failed, and were skipped."""
    passed, failed, skipped = counts
    if failed:
        return f"{failed} FAIL"
    return f"{passed}" + (f" -{skipped}" if skipped else "")


def table(cases):
    """Returns lines of text; cases are (build, name, output) of each test program."""
    columns = {}
    clauses = set()
    for build, name, output in cases:
        for status, clause, test in RESULT.findall(output):
            counts = columns.setdefault(column(build, name), {}).setdefault(clause, [0, 0, 0])
            skipped = re.search(rf"- {re.escape(clause)} {re.escape(test)} # SKIP", output)
            counts[1 if status == "not ok" else 2 if skipped else 0] += 1
            clauses.add(clause)
    if not columns:
        return []
    places = [place for place, _ in columns]
    width = max(len(name) for column in columns for name in column) + 2
    lines = [
        "clause  tests passed, -skipped, or FAIL",
        " " * 6 + "".join(
            f"{place if i == 0 or places[i - 1] != place else '':>{width}}"
            for i, place in enumerate(places)
        ),
        " " * 6 + "".join(f"{backend:>{width}}" for _, backend in columns),
    ]
    for clause in sorted(clauses, key=lambda c: [int(n) for n in c.split(".")]):
        cells = (show(c[clause]) if clause in c else "none" for c in columns.values())
        lines.append(f"{clause:6}" + "".join(f"{cell:>{width}}" for cell in cells))
    return lines

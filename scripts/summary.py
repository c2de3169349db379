# SPDX-License-Identifier: MIT
"""Adds up what the tests of several ctest runs counted.

Reads ctest's JUnit files (.xml), and what a program printed (.txt). A program that
ends with 'N passed, N failed, N skipped' counts its own tests; cmocka's programs are
counted by their summary; any other program is one test. What failed is named at the end,
where a log that was cut short still has it, with the command that runs it alone.
"""

import os
import re
import shlex
import sys
import xml.etree.ElementTree as xml

import clauses

OWN = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped\s*$", re.M)
# What scripts/test adds to what a virtual machine printed, where that failed.
STATUS = re.compile(r"^exmap-vm: status (\d+)$", re.M)
# How to run it alone, where what failed says that itself.
ALONE = re.compile(r"^alone: (.*)$", re.M)
# Says what went wrong, in a program's output.
TELLING = re.compile(r"^(not ok |exmap-vm: complaint|scripts/vm: |\[  FAILED|FAILED: |.*(ERROR|WARNING|error): )")
TOLD = 12
REASON = re.compile(r"^ok (?:\d+ )?- (.*?) # SKIP (.*)$", re.M)
# What a cmocka test printed before it skipped itself.
CMOCKA_REASON = re.compile(r"^\[ RUN +\] (\S+)\n(.*)\n\[  SKIPPED \] \1$", re.M)
CMOCKA = {
    "PASSED": re.compile(r"^\[  PASSED  \] (\d+) test", re.M),
    "FAILED": re.compile(r"^\[  FAILED  \] .*?(\d+) test", re.M),
    "SKIPPED": re.compile(r"^\[  SKIPPED \] .*?(\d+) test", re.M),
}


def count(case):
    """Returns passed, failed and skipped of one ctest test."""
    output = case.findtext("system-out") or ""
    status = case.get("status")
    if skip_wanted(case):
        return [0, 0, 1]
    own = OWN.findall(output)
    if own:
        passed, failed, skipped = map(int, own[-1])
    elif CMOCKA["PASSED"].search(output):
        passed, failed, skipped = (
            sum(map(int, pattern.findall(output))) for pattern in CMOCKA.values()
        )
    else:
        passed, failed, skipped = status == "run", 0, 0
    # A crash or a time-out counts even where the program's own figures look well.
    if not failed and status != "run":
        failed = 1
    return [int(passed), int(failed), int(skipped)]


def skip_wanted(case):
    """Tells a test that was skipped from one that could not be started."""
    skipped = case.find("skipped")
    why = skipped.get("message", "") if skipped is not None else ""
    return case.get("status") == "disabled" or why.startswith("SKIP_")


# For what ctest did not finish.
NO_END = "ctest did not come to its end"


def place(path):
    """Returns what a file's name tells: the build or machine, and what ran there, if that is one."""
    stem, kind = os.path.splitext(os.path.basename(path))
    build, _, name = stem.rpartition(".") if kind == ".txt" else (stem, "", "")
    return build, name


def cases(path):
    """Yields name, counts and output of each program that a file tells of."""
    if path.endswith(".txt"):
        with open(path, encoding="utf-8", errors="replace") as file:
            output = file.read()
        own = OWN.findall(output)
        counts = [int(n) for n in own[-1]] if own else [0, 1, 0]
        # The kernel may have complained where every test passed.
        if STATUS.search(output) and not counts[1]:
            counts[1] = 1
        yield place(path)[1], counts, output
        return
    try:
        root = xml.parse(path).getroot()
    except xml.ParseError:
        yield NO_END, [0, 1, 0], ""
        return
    for case in root.iter("testcase"):
        yield case.get("name"), count(case), case.findtext("system-out") or ""


def telling(output):
    """Returns the lines of a failed program's output that say most."""
    lines = [line for line in output.splitlines() if TELLING.match(line)]
    return lines[:TOLD] or output.splitlines()[-TOLD:]


def alone(build, name, output):
    """Returns the command that runs once more what failed."""
    said = ALONE.findall(output)
    if said:
        return said[-1]
    folder = "build" if build == "release" else f"build-{build}"
    long = "EXMAP_TEST_LONG=1 " if os.environ.get("EXMAP_TEST_LONG") else ""
    command = f"{long}ctest --test-dir {folder} --output-on-failure"
    return command if name == NO_END else f"{command} -R " + shlex.quote(f"^{re.escape(name)}$")


def main(paths):
    total = [0, 0, 0]
    groups = {}
    reasons = {}
    failures = []
    outputs = []
    for path in paths:
        build, _ = place(path)
        for name, counts, output in cases(path):
            total = [a + b for a, b in zip(total, counts)]
            # Of unit.emu.race, and of module-abuse: what they belong to.
            group = groups.setdefault((build, re.split("[.-]", name)[0]), [0, 0, 0])
            group[:] = [a + b for a, b in zip(group, counts)]
            outputs.append((build, name, output))
            if counts[1]:
                lines = [line for line in telling(output) if not ALONE.match(line)]
                failures.append((build, name, lines, alone(build, name, output)))
            for test, reason in REASON.findall(output) + CMOCKA_REASON.findall(output):
                reasons.setdefault((test, reason), []).append(f"{build}/{name}")
    print(f"\n{'build':9} {'tests':32} {'passed':>7} {'failed':>7} {'skipped':>8}")
    for (build, group), counts in groups.items():
        print(f"{build:9} {group:32} {counts[0]:7} {counts[1]:7} {counts[2]:8}")
    if reasons:
        print("\nskipped:")
    for (test, reason), where in reasons.items():
        print(f"  {test}: {reason} ({', '.join(where)})")
    print("", *clauses.table(outputs), sep="\n")
    if failures:
        print("\nfailed:")
    for build, name, lines, command in failures:
        print(f"  {build}/{name}", *(f"    {line}" for line in lines), sep="\n")
        print(f"    alone: {command}")
    print("\n{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: MIT
"""Adds up what the tests of several ctest runs counted.

Reads ctest's JUnit files (.xml), and what a program printed (.txt). A program that
ends with 'N passed, N failed, N skipped' counts its own tests; cmocka's programs are
counted by their summary; any other program is one test. What failed is named at the end,
where a log that was cut short still has it.
"""

import re
import sys
import xml.etree.ElementTree as xml

import clauses

OWN = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped\s*$", re.M)
# What scripts/test adds to what a virtual machine printed, where that failed.
STATUS = re.compile(r"^exmap-vm: status (\d+)$", re.M)
# Says what went wrong, in a program's output.
TELLING = re.compile(r"^(not ok |exmap-vm: complaint|scripts/vm: |\[  FAILED|.*(ERROR|WARNING): )")
TOLD = 12
REASON = re.compile(r"^ok \d+ - (.*?) # SKIP (.*)$", re.M)
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
        yield path.rsplit(".", 2)[-2], counts, output
        return
    try:
        root = xml.parse(path).getroot()
    except xml.ParseError:
        yield "ctest did not come to its end", [0, 1, 0], ""
        return
    for case in root.iter("testcase"):
        yield case.get("name"), count(case), case.findtext("system-out") or ""


def telling(output):
    """Returns the lines of a failed program's output that say most."""
    lines = [line for line in output.splitlines() if TELLING.match(line)]
    return lines[:TOLD] or output.splitlines()[-TOLD:]


def main(paths):
    total = [0, 0, 0]
    reasons = {}
    failures = []
    outputs = []
    print()
    print(f"{'build':9} {'tests':32} {'passed':>7} {'failed':>7} {'skipped':>8}")
    for path in paths:
        build = path.rsplit("/", 1)[-1].removesuffix(".xml").removesuffix(".txt")
        build = re.sub(r"(vm-[0-9.]*[0-9])\..*", r"\1", build)
        for name, counts, output in cases(path):
            total = [a + b for a, b in zip(total, counts)]
            print(f"{build:9} {name:32} {counts[0]:7} {counts[1]:7} {counts[2]:8}")
            outputs.append((build, name, output))
            if counts[1]:
                failures.append((f"{build}/{name}", telling(output)))
            for test, reason in REASON.findall(output) + CMOCKA_REASON.findall(output):
                reasons.setdefault((test, reason), []).append(f"{build}/{name}")
    if reasons:
        print("\nskipped:")
    for (test, reason), where in reasons.items():
        print(f"  {test}: {reason} ({', '.join(where)})")
    print("", *clauses.table(outputs), sep="\n")
    if failures:
        print("\nfailed:")
    for name, lines in failures:
        print(f"  {name}", *(f"    {line}" for line in lines), sep="\n")
    print("\n{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

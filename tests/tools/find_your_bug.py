# SPDX-License-Identifier: MIT
"""Runs each command of docs/find-your-bug.md: must print the lines of the page, in their order.

Usage: find_your_bug.py PAGE BIN-DIR
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path


def plain(line):
    """Returns the line without what differs from run to run: addresses, processes, threads."""
    line = re.sub(r"0x[0-9a-f]{8,}", "0x0", line.strip())
    line = re.sub(r"==\d+==", "==0==", line)
    return re.sub(r"thread \d+", "thread 0", line)


def missing(wanted, got):
    """Returns the first line of the page that is not in the output, or None."""
    lines = iter(got)
    for want in wanted:
        if want != "..." and not any(line == want for line in lines):
            return want
    return None


def main():
    page, folder = Path(sys.argv[1]), sys.argv[2]
    failed = 0
    blocks = re.findall(r"```console\n\$ ([^\n]*)\n(.*?)```", page.read_text(), re.S)
    for nr, (command, text) in enumerate(blocks, 1):
        run = subprocess.run(shlex.split(command), cwd=folder, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        got = [plain(line) for line in run.stdout.splitlines()]
        lacks = missing([plain(line) for line in text.splitlines()], got)
        print("ok" if lacks is None else "not ok", nr, "-", command)
        if lacks is not None:
            failed += 1
            print(f"# the page has this line, and the output has not: {lacks}")
            print("".join(f"#   {line}\n" for line in run.stdout.splitlines()), end="")
    print(f"{len(blocks) - failed} passed, {failed} failed, 0 skipped")
    return failed > 0 or len(blocks) < 7


if __name__ == "__main__":
    sys.exit(main())

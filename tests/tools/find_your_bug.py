# SPDX-License-Identifier: MIT
"""Runs each command of docs/find-your-bug.md: must print what the page shows, where "..." stands for any lines.

The first is run once more with what clang would have written of debugging information.

Usage: find_your_bug.py PAGE BIN-DIR
"""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def plain(line):
    """Returns the line without what differs from run to run: addresses, processes, threads."""
    line = re.sub(r"0x[0-9a-f]{8,}", "0x0", line.strip())
    line = re.sub(r"==\d+==", "==0==", line)
    # Whether an ALLOC has begun when an access comes before its end is up to the scheduler.
    line = line.replace("use-before-alloc", "use-without-alloc")
    return re.sub(r"thread \d+", "thread 0", line)


def missing(wanted, got):
    """Returns the first line of the page that the output does not go on with, or None."""
    pattern = ""
    for want in wanted:
        pattern += r"(.*\n)*?" if want == "..." else re.escape(f"{want}\n")
        if not re.match(pattern, got):
            return want
    return None if re.fullmatch(pattern, got) else "its end"


def without_aranges(folder, command):
    """Puts the program of a command into a new folder, without the section that clang leaves out."""
    other = Path(tempfile.mkdtemp())
    program = command.split()[-1]
    (other / program).parent.mkdir()
    (other / "exmap-run").symlink_to(folder / "exmap-run")
    subprocess.run(["objcopy", "--remove-section=.debug_aranges", folder / program,
                    other / program], check=True)
    return other


def main():
    page, folder = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    failed = 0
    blocks = re.findall(r"```console\n\$ ([^\n]*)\n(.*?)```", page.read_text(), re.S)
    runs = [(command, text, folder) for command, text in blocks]
    command, text = blocks[0]
    stripped = without_aranges(folder, command)
    runs.append((command, text, stripped))
    for nr, (command, text, folder) in enumerate(runs, 1):
        run = subprocess.run(shlex.split(command), cwd=folder, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        got = "".join(f"{plain(line)}\n" for line in run.stdout.splitlines())
        lacks = missing([plain(line) for line in text.splitlines()], got)
        print("ok" if lacks is None else "not ok", nr, "-", command)
        if lacks is not None:
            failed += 1
            print(f"# the page has this line, and the output has not, or others before it: {lacks}")
            print("".join(f"#   {line}\n" for line in run.stdout.splitlines()), end="")
    shutil.rmtree(stripped)
    print(f"{len(runs) - failed} passed, {failed} failed, 0 skipped")
    return failed > 0 or len(blocks) < 7


if __name__ == "__main__":
    sys.exit(main())

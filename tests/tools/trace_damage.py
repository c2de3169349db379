#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""trace_damage.py EXMAP-TRACE TRACE FOLDER - a trace that is cut off, at each place, and damaged.

Each command ends with 0 or 2, never by a signal; one that is cut off is said to be, in one line, and
what stands before is shown.
"""

import random
import subprocess
import sys

tool, path, folder = sys.argv[1:]
whole = open(path, "rb").read()
damaged = f"{folder}/damaged.t"


def run(command):
    done = subprocess.run(
        [tool, command, damaged], capture_output=True, text=True, check=False, timeout=60,
        errors="replace",
    )
    assert done.returncode in (0, 2), (command, done)
    return done


def write(content):
    with open(damaged, "wb") as file:
        file.write(content)


shown = 0
for length in range(8, len(whole), 4):
    write(whole[:length])
    done = run("dump")
    assert done.returncode == 2 and done.stderr.count("\n") == 1, (length, done)
    assert "was cut off" in done.stderr, (length, done)
    lines = done.stdout.count("\n")
    assert lines >= shown, (length, lines, shown)
    shown = lines
# The title, and all events: only the chunk that says that the process has ended is missing.
assert shown == 16, shown

seed = random.randrange(1 << 32)
print("seed", seed)
random.seed(seed)
for turn in range(150):
    content = bytearray(whole)
    for _ in range(random.choice([1, 1, 4, 20])):
        at = random.randrange(8, len(content))
        content[at] = random.choice([0, 1, 127, 255, random.randrange(256)])
    write(content)
    run(random.choice(["dump", "stats", "chrome"]))

# SPDX-License-Identifier: MIT
"""What the tools say of their options, for the tests that compare manual and completion with that."""

import re
import subprocess

from watched import BIN, SECONDS

TOOLS = ["exmap-run", "exmap-bench", "exmap-symbols", "exmap-top", "exmap-trace"]


def output(*command, **settings):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         timeout=SECONDS, check=False, **settings)
    return run.stdout


def help_options(tool):
    """Returns (short, long, takes a value) of each option that --help lists."""
    lines = output(BIN / tool, "--help")
    found = re.findall(r"^(?:  -(.), |      )--([a-z-]+)(=?)", lines, re.M)
    assert found, lines
    return {(short, name, bool(value)) for short, name, value in found}


def words(option):
    """Returns what exmap-bench --help lists of an option, without what stands in parentheses."""
    lines = " ".join(output(BIN / "exmap-bench", "--help").split())
    listed = re.search(rf"--{option}=LIST Of (.*?)(?:; default| \(default)", lines)[1]
    return {word.strip() for word in re.sub(r"\([^)]*\)", "", listed).split(",")}


def keys():
    """Returns the options of EXMAP_OPTIONS: by name, their values if they are words, or None."""
    lines = output(BIN / "exmap-run", "--option=help", "--", BIN / "hello-exmap")
    found = re.findall(r"^exmap:   ([a-z-]+) +([^:]+): ", lines, re.M)
    assert found, lines
    return {key: values if re.fullmatch(r"[a-z0-9|]+", values) else None
            for key, values in found}


def same(one, other):
    assert one == other, f"only here: {one - other}; only there: {other - one}"

# SPDX-License-Identifier: MIT
"""Runs the programs that measure, and gathers what they print."""

import json
import os
import subprocess
import sys

import sets

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What exmap-bench says of a line that is not a figure.
PLAN = "pattern threads batch touch run pages surface frames interfaces backend".split()


def output(*command, **options):
    """Returns what a command prints; ends with its words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"scripts/bench: failed: {' '.join(command)}")
    return done.stdout


def progress(name, done, of):
    if sys.stderr.isatty():
        print(f"\r\033[K{name}: round {done + 1} of {of}", end="", file=sys.stderr, flush=True)


def add(results, key, figures):
    """Appends one repetition's figures to the line that they belong to."""
    line = results.setdefault(tuple(key.values()), dict(key))
    for name, value in figures.items():
        if value is not None:
            line.setdefault(name, []).append(value)


def add_bench(results, text, name, more=None):
    """Adds what exmap-bench printed as JSON, as far as the set keeps it."""
    for line in json.loads(text)["results"]:
        key = {name: line[name] for name in PLAN} | (more or {})
        for i in range(len(line["ns"])):
            kept = (f for f in sets.KEPT.get(name, ["ns"]) if line[f] is not None)
            add(results, key, {f: line[f][i] for f in kept})

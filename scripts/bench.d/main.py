# SPDX-License-Identifier: MIT
"""Measures sets of figures, or takes those measured before, and writes tables and plots.

scripts/bench says how it is used; it also builds what this runs.
"""

import argparse
import json
import os
import sys

import figures
import machines
import measure
import plots
from run import ROOT


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", default=f"{ROOT}/docs/performance")
    parser.add_argument("--only")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--beside", type=lambda files: files.split(","))
    parser.add_argument("--build", default=f"{ROOT}/build")
    options = parser.parse_args()
    # Virtual machines take minutes to build and to run: when asked for.
    default = [name for name in measure.SETS if name not in machines.SETS]
    options.sets = options.only.split(",") if options.only else default
    for name in options.sets:
        if name not in measure.SETS:
            parser.error(f"no set '{name}'; there are {', '.join(measure.SETS)}")
    if not options.render and ("modules" in options.sets) != bool(options.beside):
        parser.error("--only modules and --beside FILE.ko[,FILE.ko...] belong together")
    return options


def load(folder):
    """Returns all sets that have been measured, in their order."""
    data = {}
    for name in measure.SETS:
        if os.path.exists(f"{folder}/{name}.json"):
            with open(f"{folder}/{name}.json", encoding="utf-8") as file:
                data[name] = json.load(file)
    return data


def save(path, content):
    """Writes a set with a line for each of its results."""
    results = ",\n".join(map(json.dumps, content["results"]))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{{"about": {json.dumps(content["about"])},\n"results": [\n{results}\n]}}\n')


def main():
    options = arguments()
    folder = f"{options.out}/data"
    os.makedirs(folder, exist_ok=True)
    for name in [] if options.render else options.sets:
        content = measure.measure(name, options)
        save(f"{folder}/{name}.json", content)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
    data = load(folder)
    page = "\n".join(figures.markdown(data)) + "\n"
    with open(f"{options.out}/figures.md", "w", encoding="utf-8") as file:
        file.write(page)
    plots.draw(data, options.out)
    print("\n".join(figures.targets.table(data)))
    print(f"\nall figures: {os.path.relpath(options.out)}/figures.md")


if __name__ == "__main__":
    main()

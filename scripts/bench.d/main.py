# SPDX-License-Identifier: MIT
"""Measures sets of figures, or takes those measured before, and writes tables and plots.

scripts/bench says how it is used; it also builds what this runs.
"""

import argparse
import os
import sys

import figures
import machines
import measure
import plots
import store
from run import ROOT


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", default=f"{ROOT}/build/bench")
    parser.add_argument("--docs", nargs="?", const=f"{ROOT}/docs/performance")
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


def main():
    options = arguments()
    home = options.docs or options.out
    os.makedirs(options.out, exist_ok=True)
    data = store.load(f"{home}/data.json")
    for name in [] if options.render else options.sets:
        data[name] = measure.measure(name, options)
        # After each set: what took minutes is not lost if a later one fails.
        store.save(f"{home}/data.json", data)
        data = store.load(f"{home}/data.json")
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
    data = {name: data[name] for name in measure.SETS if name in data}
    with open(f"{home}/figures.md", "w", encoding="utf-8") as file:
        file.write("\n".join(figures.markdown(data)) + "\n")
    plots.draw(data, options.out, plots.ALL, "svg")
    if options.docs:
        plots.draw(data, options.docs, plots.SHOWN, "png")
    print("\n".join(figures.targets.table(data)))
    print(f"\nfigures: {os.path.relpath(home)}/figures.md; plots: {os.path.relpath(options.out)}/")


if __name__ == "__main__":
    main()

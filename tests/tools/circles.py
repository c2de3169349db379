#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""circles.py LAYER=DIRECTORY... - object files must not need each other in a circle

The layers are named from the lowest to the highest, each with the directory of its
object files. It fails if object files of one layer need each other's symbols in a
circle, or if a layer needs a symbol of a higher one.
"""
import pathlib
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter


def symbols(path):
    """What an object file defines for others, and what it needs of them."""
    defined, needed = set(), set()
    for line in subprocess.check_output(["nm", "-P", path], text=True).splitlines():
        name, kind = line.split()[:2]
        if kind in "Uw":
            needed.add(name)
        elif kind.isupper():
            defined.add(name)
    return defined, needed


def main():
    objects = {}  # file -> (layer's number, what it needs)
    owner = {}  # symbol -> file
    for number, argument in enumerate(sys.argv[1:]):
        layer, directory = argument.split("=", 1)
        found = sorted(pathlib.Path(directory).rglob("*.c.o"))
        if not found:
            sys.exit(f"not ok - no object files in {directory}: build first")
        for path in found:
            file = f"{layer}/{path.name.removesuffix('.o')}"
            defined, needed = symbols(path)
            objects[file] = number, needed
            owner.update(dict.fromkeys(defined, file))
    failed = False
    uses = {}
    for file, (number, needed) in objects.items():
        uses[file] = {owner[name] for name in needed & owner.keys()} - {file}
        for upper in sorted(other for other in uses[file] if objects[other][0] > number):
            failed = True
            names = sorted(name for name in needed if owner.get(name) == upper)
            print(f"not ok - {file} needs {', '.join(names)} of the higher layer's {upper}")
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        failed = True
        print(f"not ok - a circle: {' is needed by '.join(error.args[1])}")
    if failed:
        sys.exit(1)
    print(f"ok - {len(objects)} object files, no circle")


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""circles.py --layer=NAME OBJECT... [--layer=NAME OBJECT...]...

Fails if object files need each other's symbols in a circle, or if one needs a symbol
of a higher layer. Layers are named from the lowest to the highest.
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


layers = []  # names, from the lowest
objects = {}  # layer and file -> number of the layer, symbols that the file needs
owner = {}  # symbol -> layer and file that define it
for argument in sys.argv[1:]:
    if argument.startswith("--layer="):
        layers.append(argument.removeprefix("--layer="))
        continue
    name = f"{layers[-1]}/{pathlib.Path(argument).name.removesuffix('.o')}"
    defined, needed = symbols(argument)
    objects[name] = len(layers), needed
    owner.update(dict.fromkeys(defined, name))
if not objects:
    sys.exit(__doc__)

failures = []
uses = {}
for name, (layer, needed) in objects.items():
    uses[name] = {owner[symbol] for symbol in needed if symbol in owner} - {name}
    for other in sorted(uses[name]):
        if objects[other][0] > layer:
            wanted = sorted(symbol for symbol in needed if owner.get(symbol) == other)
            failures.append(f"{name} needs {', '.join(wanted)} of {other}, a higher layer")
try:
    TopologicalSorter(uses).prepare()
except CycleError as error:
    failures.append("a circle: " + " is needed by ".join(error.args[1]))
for failure in failures:
    print(f"not ok - {failure}")
if not failures:
    print(f"ok - {len(objects)} object files of {', '.join(layers)}: no circle")
sys.exit(bool(failures))

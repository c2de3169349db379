# SPDX-License-Identifier: MIT
"""Writes the figures as markdown."""

import targets
from plots import GROWTH
from spread import Spread, number, ratio

MODES = {
    "without": "without the shim",
    "idle": "shim, no exmap open",
    "shim": "shim, no trap",
    "trap": "shim, trap set",
}


def unique(results, key):
    return list(dict.fromkeys(r[key] for r in results))


def grid(results, rows, column, figure, title, digits=None):
    """Yields a table of one figure: a line for each different @rows, a column for each @column."""
    columns = unique(results, column)
    yield f"| {title} | " + " | ".join(f"`{c}`" for c in columns) + " |"
    yield "| --- |" + " --- |" * len(columns)
    for row in dict.fromkeys(tuple(r[k] for k in rows) for r in results):
        cells = []
        for c in columns:
            found = targets.find(results, **dict(zip(rows, row)), **{column: c})
            cells.append(Spread(found[0][figure]).text(digits) if found else "")
        name = ", ".join(number(v, 0) if isinstance(v, int) else f"`{v}`" for v in row)
        yield f"| {name} | " + " | ".join(cells) + " |"


def patterns(results):
    yield "Nanoseconds a page, batches of 512; `empty`: a call, against `getppid`.\n"
    yield from grid(results, ("pattern", "threads"), "backend", "ns", "pattern, threads")


# What grows in a set: the pattern, the word of a line that says how much, the table's words.
GROWS = [
    ("surface", "scan", "surface", "pages of surface"),
    ("surface", "scattered", "pages", "pages, far apart"),
    ("touched", "scan", "pages", "pages used"),
    ("frames", "scan", "frames", "frames"),
    ("interfaces", "scan", "interfaces", "interfaces"),
]


def ends(results, pattern, by):
    """Returns auto's lines with the least and the most of what grows, of the same batch."""
    lines = targets.find(results, backend="auto", pattern=pattern)
    lines = targets.find(lines, batch=max(r["batch"] for r in lines))
    lines.sort(key=lambda r: r[by])
    return lines[0], lines[-1]


def growth(*sets):
    yield "`auto`: the least and the most of what grows, all else being the same. Memory is what is"
    yield "resident beside the pages in use.\n"
    yield "| pattern, what grows | ns a page | memory, KiB | SETUP, µs | SETUP adds, KiB |"
    yield "| --- | --- | --- | --- | --- |"
    named = dict(zip(GROWTH, sets, strict=True))
    shown = {"ns": None, "overhead_kib": 0, "setup_us": 0, "setup_kib": 0}
    for name, pattern, by, what in GROWS:
        for line in ends(named[name], pattern, by):
            cells = (Spread(line[f]).text(n) if f in line else "" for f, n in shown.items())
            yield f"| `{pattern}`, {number(line[by], 0)} {what} | " + " | ".join(cells) + " |"
    each, fewest, n = targets.per_interface(named["interfaces"])
    yield f"\nMemory for each interface, bytes: {each.text(0)}."
    yield f"With one interface, and {n} frames, KiB: {fewest.text(0)}."


def minicache(results):
    where = ", ".join(unique(results, "file"))
    yield f"Look-ups/s in an index four times its frames, in a file in `{where}`.\n"
    yield "| threads | exmap | anonymous memory, madvise a page | ratio |"
    yield "| --- | --- | --- | --- |"
    for n in unique(results, "threads"):
        exmap, anon = (
            targets.one(results, "look_ups", backend=b, threads=n) for b in ("exmap", "anon")
        )
        cells = Spread(exmap).text(0), Spread(anon).text(0), ratio(exmap, anon).text(2)
        yield f"| {n} | " + " | ".join(cells) + " |"


def calls(results):
    yield "Nanoseconds a call, by libc (`callcost`), or by instructions of the client's"
    yield "(`raw/callcost`, but for its `getppid`, which is libc's).\n"
    named = [r | {"mode": MODES[r["mode"]]} for r in results]
    yield from grid(named, ("call", "client"), "mode", "ns", "call, client")


def startup(results):
    yield "Milliseconds from start to end, by hyperfine: medians of its runs. `exmap-run` also"
    yield "looks for system calls in the program and its libraries.\n"
    yield from grid(results, ("program",), "mode", "ms", "program")


def trace(results):
    yield "Nanoseconds of an action, and of each vector of it, that are outside the surface: the"
    yield "emulator's own work, without a system call.\n"
    named = [r | {"trace": f"trace {r['trace']}"} for r in results]
    yield from grid(named, ("what",), "trace", "ns", "of a trace")


def interrupts(*lines):
    """Returns the medians of those lines that have FREEs."""
    each = [r["ipis_per_free"] for r in lines if "ipis_per_free" in r]
    return ", ".join(number(Spread(v).median) for v in each)


def module(results):
    yield "In QEMU (software CPU: compare within a row only), nanoseconds a page, batches of 512.\n"
    titles = ("CPUs, pattern, threads, touched", "module", "anonymous, madvise a page")
    yield "| " + " | ".join(titles) + " | interrupts a FREE: module, anonymous |"
    yield "| --- | --- | --- | --- |"
    for line in targets.find(results, backend="exmap"):
        keys = ("cpus", "pattern", "threads", "touch")
        anon = targets.find(results, backend="anon", **{k: line[k] for k in keys})
        yield "| {}, `{}`, {}, {} | {} | {} | {} |".format(
            *(line[k] for k in keys[:-1]),
            "yes" if line["touch"] else "no",
            Spread(line["ns"]).text(0),
            Spread(anon[0]["ns"]).text(0) if anon else "",
            interrupts(line, *anon),
        )


def modules(results):
    other = targets.find(results, module="other")[0]["files"]
    yield f"By turns with {other} in one virtual machine (QEMU's software CPU), two CPUs,"
    yield "nanoseconds a page, batches of 512.\n"
    titles = ("pattern, threads, touched", "ours", "the other", "ours / the other")
    yield "| " + " | ".join(titles) + " | interrupts a FREE: ours, the other's |"
    yield "| --- | --- | --- | --- | --- |"
    for line in targets.find(results, module="exmap"):
        keys = {k: line[k] for k in ("pattern", "threads", "touch")}
        (other,) = targets.find(results, module="other", **keys)
        yield "| `{}`, {}, {} | {} | {} | {} | {} |".format(
            line["pattern"],
            line["threads"],
            "yes" if line["touch"] else "no",
            Spread(line["ns"]).text(0),
            Spread(other["ns"]).text(0),
            ratio(line["ns"], other["ns"]).text(2),
            interrupts(line, other),
        )


# Title, and the sets that the section is of. runs and threads are shown by their plots.
SECTIONS = [
    (patterns, "Patterns of page use", ["patterns"]),
    (growth, "Growth", GROWTH),
    (minicache, "A buffer manager", ["minicache"]),
    (calls, "Calls that do nothing", ["calls"]),
    (startup, "A program that never opens the device", ["startup"]),
    (trace, "A trace", ["trace"]),
    (module, "The module", ["module"]),
    (modules, "The module beside another", ["modules"]),
]


def measured_on(data):
    words = "kernel", "CPU", "CPUs", "`auto` is", "repetitions", "date", "commit"
    yield "| sets | " + " | ".join(words) + " |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    alike = {}
    for name, content in data.items():
        a = content["about"]
        cells = (a[k] for k in ("kernel", "cpu", "cpus", "strategy", "repeat", "date", "commit"))
        alike.setdefault(" | ".join(map(str, cells)), []).append(f"`{name}`")
    for cells, names in alike.items():
        yield f"| {', '.join(names)} | {cells} |"


def markdown(data):
    """Yields the lines of the page."""
    yield "# Figures"
    yield ""
    yield "`scripts/bench` writes this page; docs/performance.md says what the figures mean. Each is"
    yield "a median [least .. most] of repetitions taken in turn; a ratio is of what was measured in"
    yield "the same repetition. `scripts/bench --only SET` measures the figures of a set again."
    yield ""
    yield from measured_on(data)
    yield "\n## Targets\n"
    yield from targets.table(data)
    for section, title, names in SECTIONS:
        if all(name in data for name in names):
            yield f"\n## {title}\n"
            yield from section(*(data[name]["results"] for name in names))

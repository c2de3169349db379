# SPDX-License-Identifier: MIT
"""Writes all figures as markdown."""

import targets
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


def runs(results):
    yield "Nanoseconds a page: 512 pages in runs, each run elsewhere.\n"
    yield from grid(results, ("threads", "run"), "backend", "ns", "threads, pages of a run")
    yield "\nTime of `auto` over that of the best bare loop:\n"
    yield "| pages of a run | 1 thread | | 2 threads | |"
    yield "| --- | --- | --- | --- | --- |"
    one, two = (targets.run_ratios(results, n) for n in (1, 2))
    for n in one:
        cells = (f"{r.text(2)} | `{loop}`" for r, loop in (one[n], two[n]))
        yield f"| {n} | " + " | ".join(cells) + " |"


def threads(results):
    yield "Nanoseconds a page, all threads together, batches of 512.\n"
    yield from grid(results, ("pattern", "threads"), "backend", "ns", "pattern, threads")


def time_and_memory(results, rows, title):
    yield "Nanoseconds a page:\n"
    yield from grid(results, rows, "backend", "ns", title)
    scans = targets.find(results, pattern="scan")
    yield "\nResident memory beside the pages in use, KiB:\n"
    yield from grid(scans, rows[-1:], "backend", "overhead_kib", title.rsplit(", ", 1)[-1], 0)


def set_up(results, row, title):
    scans = targets.find(results, pattern="scan")
    yield "\nTime of set-up, microseconds:\n"
    yield from grid(scans, (row,), "backend", "setup_us", title, 0)
    yield "\nResident memory that set-up adds, KiB:\n"
    yield from grid(scans, (row,), "backend", "setup_kib", title, 0)


def surface(results):
    yield "`scan` goes through 1 GiB of a surface that grows; `scattered` takes single pages of all"
    yield "of it, and so many that few have been there before.\n"
    # Of scattered pages the surface is the working set.
    results = [r | {"surface": max(r["surface"], r["pages"])} for r in results]
    yield from time_and_memory(results, ("pattern", "surface"), "pattern, pages of surface")
    yield from set_up(results, "surface", "pages of surface")


def touched(results):
    yield "`scan` through a working set that grows, by 1 024 frames.\n"
    yield from time_and_memory(results, ("pages",), "pages used")


def frames(results):
    pages = number(results[0]["pages"], 0)
    yield f"`scan` through {pages} pages; the fewest frames in smaller batches.\n"
    yield from time_and_memory(results, ("batch", "frames"), "batch, frames")
    yield from set_up(results, "frames", "frames")


def interfaces(results):
    yield "`scan` by one thread that takes the next interface for each batch.\n"
    yield from time_and_memory(results, ("interfaces",), "interfaces")
    each, fewest, n = targets.per_interface(results)
    yield f"\nMemory for each interface, bytes: {each.text(0)}."
    yield f"With one interface, and {n} frames, KiB: {fewest.text(0)}."
    yield from set_up(results, "interfaces", "interfaces")


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


def module(results):
    yield "In QEMU (software CPU: compare within a row only), nanoseconds a page, batches of 512.\n"
    titles = ("kernel, CPUs, pattern, threads, touched", "module", "anonymous, madvise a page")
    yield "| " + " | ".join(titles) + " | interrupts a FREE: module, anonymous |"
    yield "| --- | --- | --- | --- |"
    for line in targets.find(results, backend="exmap"):
        keys = ("kernel", "cpus", "pattern", "threads", "touch")
        anon = targets.find(results, backend="anon", **{k: line[k] for k in keys})
        ipis = [r["ipis_per_free"] for r in (line, *anon) if "ipis_per_free" in r]
        yield "| {}, {}, `{}`, {}, {} | {} | {} | {} |".format(
            *(line[k] for k in keys[:-1]),
            "yes" if line["touch"] else "no",
            Spread(line["ns"]).text(0),
            Spread(anon[0]["ns"]).text(0) if anon else "",
            ", ".join(number(Spread(v).median) for v in ipis),
        )


def modules(results):
    other = targets.find(results, module="other")[0]["files"]
    yield f"By turns with {other} in one virtual machine (QEMU's software CPU), two CPUs,"
    yield "nanoseconds a page, batches of 512.\n"
    yield "| pattern, threads, touched | ours | the other | ours / the other |"
    yield "| --- | --- | --- | --- |"
    for line in targets.find(results, module="exmap"):
        keys = ("pattern", "threads", "touch")
        other = targets.one(results, "ns", module="other", **{k: line[k] for k in keys})
        yield "| `{}`, {}, {} | {} | {} | {} |".format(
            line["pattern"],
            line["threads"],
            "yes" if line["touch"] else "no",
            Spread(line["ns"]).text(0),
            Spread(other).text(0),
            ratio(line["ns"], other).text(2),
        )


TITLES = {
    "patterns": (patterns, "Patterns of page use"),
    "runs": (runs, "Runs of neighbours"),
    "threads": (threads, "Threads"),
    "surface": (surface, "Growth of the surface"),
    "touched": (touched, "Growth of what is used of it"),
    "frames": (frames, "Growth of the frames"),
    "interfaces": (interfaces, "Growth of the interfaces"),
    "minicache": (minicache, "A buffer manager"),
    "calls": (calls, "Calls that do nothing"),
    "startup": (startup, "A program that never opens the device"),
    "module": (module, "The module"),
    "modules": (modules, "The module beside another"),
}


def measured_on(data):
    yield "| sets | kernel | CPU | CPUs | `auto` is | repetitions | date | commit |"
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
    yield "Written by `scripts/bench`; [performance.md](../performance.md) says what they mean."
    yield "Each is a median [least .. most] of repetitions taken in turn; a ratio is of what was"
    yield "measured in the same repetition."
    yield ""
    yield from measured_on(data)
    yield "\n## Targets\n"
    yield from targets.table(data)
    for name, (section, title) in TITLES.items():
        if name in data:
            yield f"\n## {title}\n"
            yield from section(data[name]["results"])

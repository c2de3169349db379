# SPDX-License-Identifier: MIT
"""What is aimed at, what was measured, and whether that reaches it.

Each target is a function of the figures that returns rows: what, the target, what was reached,
whether that is enough.
"""

from spread import Spread, number, ratio

PATTERNS = "scattered neighbours run handover steal page-read batch-read".split()


def find(results, **wanted):
    """Returns the lines that are so."""
    return [r for r in results if all(r[key] == value for key, value in wanted.items())]


def one(results, figure, **wanted):
    """Returns the series of one figure of the only line that is so."""
    (line,) = find(results, **wanted)
    return line[figure]


def at_most(what, limit, spread, digits=2):
    """Returns the row of a target, judged by the figure as it is shown."""
    return what, f"≤ {limit}", spread.text(digits), round(spread.median, digits) <= limit


def at_least(what, limit, spread, digits=2):
    return what, f"≥ {limit}", spread.text(digits), round(spread.median, digits) >= limit


def threads_text(n):
    return f"{n} thread{'s' * (n > 1)}"


def against_bare(results, **wanted):
    """Returns the ratio of auto's time to the best bare loop's, and which that is."""
    loops = [r for r in find(results, **wanted) if r["backend"].startswith("bare-")]
    best = min(loops, key=lambda r: Spread(r["ns"]).median)
    auto = one(results, "ns", backend="auto", **wanted)
    return ratio(auto, best["ns"]), best["backend"]


def patterns(results):
    for pattern in PATTERNS:
        for threads in 1, 2:
            r, loop = against_bare(results, pattern=pattern, threads=threads)
            yield at_most(f"`{pattern}`, {threads_text(threads)}: time / `{loop}`'s", 1.1, r)


def run_ratios(results, threads):
    """Returns the ratio, and the loop, for each length of runs."""
    lengths = sorted({r["run"] for r in results})
    return {n: against_bare(results, run=n, threads=threads) for n in lengths}


def runs(results):
    for threads in 1, 2:
        ratios = run_ratios(results, threads)
        worst = max(ratios, key=lambda n: ratios[n][0].median)
        r, loop = ratios[worst]
        what = (
            f"`runs` of {min(ratios)} to {max(ratios)}, {threads_text(threads)}: time / the best"
            f" bare loop's, at worst (runs of {worst}, `{loop}`)"
        )
        yield at_most(what, 1.1, r)


def threads(results):
    wanted = {"pattern": "neighbours", "threads": 8}
    r = ratio(
        one(results, "ns", backend="bare-single", **wanted),
        one(results, "ns", backend="auto", **wanted),
    )
    what = "512 neighbours, 8 threads: pages/s / those of a page-at-a-time `UFFDIO_COPY` loop"
    yield at_least(what, 5, r)


def minicache(results):
    for n, least in (1, 1.2), (2, 2.8):
        exmap, anon = (one(results, "look_ups", backend=b, threads=n) for b in ("exmap", "anon"))
        r = ratio(exmap, anon)
        what = f"minicache, {threads_text(n)}: look-ups/s / those on anonymous memory"
        yield at_least(what, least, r)


def within(what, without, loaded, unit):
    """A row for what is to cost nothing: the median lies in the range of those without."""
    plain, other = Spread(without), Spread(loaded)
    reached = f"{other.text()} {unit}, without {plain.text()}"
    return what, "within the noise", reached, other.median <= plain.most


def calls(results):
    def ns(mode, call):
        return one(results, "ns", client="callcost", mode=mode, call=call)

    r = ratio(ns("shim", "ACTION of no vectors"), ns("shim", "system call (getppid)"))
    yield at_most("ACTION of no vectors: time / an empty system call's", 0.35, r)
    for call in "system call (getppid)", "read of one byte":
        what = f"{call}, shim loaded, no exmap open"
        yield within(what, ns("without", call), ns("idle", call), "ns")


def startup(results):
    for program in dict.fromkeys(r["program"] for r in results):
        plain, loaded = (
            one(results, "ms", program=program, mode=mode) for mode in ("without", "shim")
        )
        yield within(f"start and end of `{program}`, shim loaded", plain, loaded, "ms")


def trace(results):
    for what, most in ("action", 60), ("vector", 2):
        off, on = (one(results, "ns", what=what, trace=mode) for mode in ("off", "on"))
        more = Spread(b - a for a, b in zip(off, on, strict=True))
        yield at_most(f"what a trace costs a{'n' * (what == 'action')} {what}, ns", most, more)


def growth(results, figure, by, **wanted):
    """Returns how many bytes of @figure there are more for each more of @by."""
    lines = sorted(find(results, backend="auto", **wanted), key=lambda r: r[by])
    first, last = lines[0], lines[-1]
    more = (b - a for a, b in zip(first[figure], last[figure], strict=True))
    return Spread(kib * 1024 / (last[by] - first[by]) for kib in more)


def surface(results):
    r = growth(results, "setup_kib", "surface", pattern="scan")
    # Hardly anything: a word for each would be 8.
    what = "memory that SETUP makes resident for each more page of surface, bytes"
    yield at_most(what, 0.001, r, 4)


def touched(results):
    r = growth(results, "overhead_kib", "pages")
    yield at_most("memory for each page ever used, where all neighbours are, bytes", 8, r)


def frames(results):
    r = growth(results, "overhead_kib", "frames")
    yield at_most("memory for each frame, bytes", 16, r)


ALL = {
    "patterns": patterns,
    "runs": runs,
    "threads": threads,
    "minicache": minicache,
    "calls": calls,
    "startup": startup,
    "trace": trace,
    "surface": surface,
    "touched": touched,
    "frames": frames,
}


def table(data):
    """Yields the lines of a markdown table of all targets."""
    yield "| target | | reached, median [least .. most] | met? |"
    yield "| --- | --- | --- | --- |"
    for name, rows in ALL.items():
        if name not in data:
            yield f"| those of `{name}` | | not measured | |"
            continue
        for what, target, reached, met in rows(data[name]["results"]):
            yield f"| {what} | {target} | {reached} | {'yes' if met else '**no**'} |"


def per_interface(results):
    """Returns the bytes for each interface, and what is there without, in KiB."""
    each = growth(results, "overhead_kib", "interfaces")
    fewest = min(find(results, backend="auto"), key=lambda r: r["interfaces"])
    return each, Spread(fewest["overhead_kib"]), number(fewest["frames"])

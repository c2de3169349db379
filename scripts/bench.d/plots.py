# SPDX-License-Identifier: MIT
"""Which plots there are, and of what."""

import os

import chart
import targets
from spread import Spread

NS = 'set ylabel "ns per page"\nset logscale y\nset format y "%.0f"\nset yrange [*:*]\n'
KIB_TICS = (
    'set ytics ("1 KiB" 1, "10 KiB" 10, "100 KiB" 100, "1 MiB" 1024, "10 MiB" 10240,'
    ' "100 MiB" 102400)\n'
)
MEMORY = 'set ylabel "memory beside pages in use"\nset logscale y\n' + KIB_TICS
POWERS = (
    "set logscale x 2\nset xtics autofreq\nset xrange [*:*]\nset format x '%g'\n"
    "set offsets graph 0.03, graph 0.03, 0, 0\n"
)
SIZES = (
    'set xtics ("4 MiB" 2**22, "64 MiB" 2**26, "1 GiB" 2**30, "16 GiB" 2**34, "256 GiB" 2**38)\n'
)
COUNTS = "set xtics (1,2,4,8,16,32,64,128,256,512)\n"
TENS = "set logscale x 10\nset xtics autofreq\nset format x '10^{%T}'\n"
# What grows: by which of a line's words, axis, title, its unit, and how much one is of that.
GROWTH = {
    "surface": ("surface", SIZES, "Size of the surface", "virtual memory mapped", 4096),
    "touched": ("pages", SIZES, "What is used of it", "working set", 4096),
    "frames": ("frames", TENS, "Frames", "frames", 1),
    "interfaces": ("interfaces", COUNTS, "Interfaces", "interfaces", 1),
}


def patterns(data, path):
    looks = ["auto", "copy", "mprotect", "anon", "anon-vectored", "bare-copy", "bare-move"]
    panels = []
    for n in 1, 2:
        groups = {p: {} for p in targets.PATTERNS}
        for r in targets.find(data["patterns"]["results"], threads=n):
            if r["pattern"] in groups and r["backend"] in looks:
                groups[r["pattern"]][r["backend"]] = Spread(r["ns"])
        settings = NS + "set yrange [50:*]\nset style fill solid 0.9 noborder\n"
        title = f"Patterns, batches of 512, {targets.threads_text(n)}"
        panels.append(chart.bars(f"patterns{n}", title, settings, groups, looks))
    chart.draw(path, 1, panels, 360, 1000)


def runs(data, path):
    settings = NS + POWERS + COUNTS + 'set xlabel "pages of a run"\nset xrange [0.8:640]\n'
    panels = []
    for n in 1, 2:
        series = chart.by_backend(targets.find(data["runs"]["results"], threads=n), "run")
        panels.append(
            chart.panel(
                f"runs{n}", f"512 pages in runs, {targets.threads_text(n)}", settings, series
            )
        )
    chart.draw(path, 2, panels)


def threads(data, path):
    settings = NS + POWERS + COUNTS + 'set xlabel "threads"\nset xrange [0.85:76]\n'
    titles = {"neighbours": "512 neighbours", "scattered": "512 single pages, scattered"}
    panels = []
    for pattern, title in titles.items():
        lines = targets.find(data["threads"]["results"], pattern=pattern)
        panels.append(chart.panel(pattern, title, settings, chart.by_backend(lines, "threads")))
    chart.draw(path, 2, panels)


def growth_panel(name, results, figure, label):
    by, tics, title, unit, scale = GROWTH[name]
    series = chart.by_backend(targets.find(results, pattern="scan"), by, figure, scale)
    if figure == "ns":
        # Of scattered pages the surface is the working set.
        scattered = targets.find(results, pattern="scattered")
        more = chart.by_backend(scattered, "pages", figure, scale)
        series += [(backend, ", far apart", rows) for backend, _, rows in more]
    settings = label + POWERS + tics + f'set xlabel "{unit}"\n'
    return chart.panel(name, title, settings, series)


def growth_time(data, path):
    panels = [growth_panel(name, data[name]["results"], "ns", NS) for name in GROWTH]
    chart.draw(path, 2, panels)


def growth_memory(data, path):
    panels = [growth_panel(n, data[n]["results"], "overhead_kib", MEMORY) for n in GROWTH]
    chart.draw(path, 2, panels)


def look_ups(data, path):
    groups = {}
    for r in data["minicache"]["results"]:
        group = groups.setdefault(targets.threads_text(r["threads"]), {})
        group[r["backend"]] = Spread(v / 1000 for v in r["look_ups"])
    settings = 'set ylabel "1000 look-ups per second"\nset yrange [0:*]\n'
    settings += "set style fill solid 0.9 noborder\n"
    title = "Random look-ups, an index four times its frames"
    bars = chart.bars("look", title, settings, groups, ["exmap", "anon"])
    chart.draw(path, 1, [bars])


# By name, each with the sets that it is drawn of.
ALL = {
    "patterns": (patterns, ["patterns"]),
    "runs": (runs, ["runs"]),
    "threads": (threads, ["threads"]),
    "growth-time": (growth_time, GROWTH),
    "growth-memory": (growth_memory, GROWTH),
    "look-ups": (look_ups, ["minicache"]),
}
# Those that docs/performance.md shows.
SHOWN = "patterns", "runs", "look-ups"


def draw(data, folder, names, kind):
    """Writes plots of what has been measured, as files of that kind."""
    for name in names:
        plot, wanted = ALL[name]
        path = f"{folder}/{name}.{kind}"
        if all(one in data for one in wanted):
            plot(data, path)
        elif os.path.exists(path):
            # Of other figures than those that now stand beside it.
            os.remove(path)

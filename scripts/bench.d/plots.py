# SPDX-License-Identifier: MIT
"""Draws the figures with gnuplot: medians, with bars from the least to the most."""

import subprocess

import targets
from spread import Spread

# Colours that can be told apart by those who see few (Okabe and Ito); what is no exmap is dashed.
LOOK = {
    "auto": ("exmap, auto", "#0072B2", 1, 7),
    "exmap": ("exmap", "#0072B2", 1, 7),
    "copy": ("exmap, copy", "#E69F00", 1, 5),
    "mprotect": ("exmap, mprotect", "#CC79A7", 1, 9),
    "bare-copy": ("bare loop, UFFDIO\\\\_COPY", "#555555", 2, 4),
    "bare-move": ("bare loop, UFFDIO\\\\_MOVE", "#999999", 2, 6),
    "bare-single": ("bare loop, a COPY a page", "#D55E00", 2, 8),
    "anon": ("anonymous, madvise a page", "#009E73", 2, 10),
    "anon-vectored": ("anonymous, one madvise", "#7FCDB5", 2, 11),
    "mmap": ("mmap of the file", "#F0E442", 2, 11),
    "pread": ("pread, memory stays", "#56B4E9", 2, 12),
}

HEAD = """set terminal svg size {width},{height} font "Helvetica,13" background "#ffffff"
set output "{path}"
set border 3 linecolor "#444444"
set tics nomirror textcolor "#222222"
set grid ytics linecolor "#dddddd"
set key below center horizontal reverse Left samplen 2 width -1
set xlabel offset 0,0.9
set style fill solid 1 border -1
"""

KIB_TICS = 'set ytics ("1 KiB" 1, "10 KiB" 10, "100 KiB" 100, "1 MiB" 1024, "10 MiB" 10240, "100 MiB" 102400)\n'


def block(name, rows):
    """Returns a block of gnuplot data."""
    lines = (" ".join(map(str, row)) for row in rows)
    return "\n".join([f"${name} << EOD", *lines, "EOD", ""])


def points(results, x, figure, scale=1):
    """Returns x, median, least and most of each line, in the order of x."""
    rows = []
    for r in sorted(results, key=lambda r: r[x]):
        s = Spread(r[figure])
        rows.append((r[x] * scale, s.median, s.least, s.most))
    return rows


def spread_bars(name, colour):
    """Returns bars from least to most; gnuplot's own cut the middle out."""
    return f'${name} using 1:3:(0):($4-$3) with vectors nohead linewidth 1.2 linecolor "{colour}" notitle'


def panel(name, title, settings, series):
    """Returns the gnuplot commands of a chart: (look, more of a title, rows) for each line."""
    data, parts = "", []
    for i, (look, more, rows) in enumerate(series):
        text, colour, dash, symbol = LOOK[look]
        block_name = f"{name}{i}"
        data += block(block_name, rows)
        style = (
            f'linecolor "{colour}" dashtype {3 if more else dash} pointtype {symbol} pointsize 0.6'
        )
        parts.append(
            f'${block_name} using 1:2 with linespoints linewidth 1.6 {style} title "{text}{more}"'
        )
        parts.append(spread_bars(block_name, colour))
    return f'{data}set title "{title}" font ",14"\n{settings}plot ' + ", \\\n  ".join(parts) + "\n"


def draw_panels(path, columns, panels, height=440, width=520):
    rows = -(-len(panels) // columns)
    text = HEAD.format(width=width * columns, height=height * rows, path=path)
    if len(panels) > 1:
        text += f"set multiplot layout {rows},{columns}\n"
    gnuplot(text + "".join(panels))


def gnuplot(text):
    done = subprocess.run(["gnuplot"], input=text, capture_output=True, text=True, check=False)
    if done.returncode or "warning" in done.stderr:
        raise SystemExit(f"scripts/bench: gnuplot: {done.stderr}")


def by_backend(results, x, figure="ns", scale=1):
    backends = dict.fromkeys(r["backend"] for r in results)
    return [(b, "", points(targets.find(results, backend=b), x, figure, scale)) for b in backends]


NS = 'set ylabel "ns per page"\nset logscale y\nset format y "%.0f"\nset yrange [*:*]\n'
POWERS = "set logscale x 2\nset xtics autofreq\nset xrange [*:*]\nset offsets graph 0.03, graph 0.03, 0, 0\n"


def runs(results, out):
    panels = []
    for n in 1, 2:
        lines = targets.find(results, threads=n)
        settings = NS + POWERS + 'set xlabel "pages of a run"\nset xrange [0.8:640]\n'
        settings += "set xtics (1,2,4,8,16,32,64,128,256,512)\n"
        title = f"512 pages in runs, {n} thread{'s' * (n > 1)}"
        panels.append(panel(f"runs{n}", title, settings, by_backend(lines, "run")))
    draw_panels(f"{out}/runs.svg", 2, panels)


def threads(results, out):
    panels = []
    for pattern in "neighbours", "scattered":
        lines = targets.find(results, pattern=pattern)
        settings = NS + POWERS + 'set xlabel "threads"\nset xrange [0.85:76]\n'
        settings += "set xtics (1,2,4,8,16,32,64)\n"
        title = f"512 {'single pages, scattered' if pattern == 'scattered' else pattern}"
        panels.append(panel(pattern, title, settings, by_backend(lines, "threads")))
    draw_panels(f"{out}/threads.svg", 2, panels)


SIZES = (
    'set xtics ("4 MiB" 2**22, "64 MiB" 2**26, "1 GiB" 2**30, "16 GiB" 2**34, "256 GiB" 2**38)\n'
)
COUNTS = 'set logscale x 10\nset format x "10^{%T}"\n'


def growth(data, out):
    """Time, and memory, by what grows."""
    axes = {
        "surface": ("surface", SIZES, "Size of the surface", "virtual memory mapped", 4096),
        "touched": ("pages", SIZES, "What is used of it", "working set", 4096),
        "frames": ("frames", COUNTS, "Frames", "frames", 1),
        "interfaces": (
            "interfaces",
            "set xtics (1,2,4,8,16,32,64,128,256)\n",
            "Interfaces",
            "interfaces",
            1,
        ),
    }
    if not all(name in data for name in axes):
        return
    for figure, label, file in (
        ("ns", NS, "growth-time"),
        (
            "overhead_kib",
            'set ylabel "memory beside pages in use"\nset logscale y\n' + KIB_TICS,
            "growth-memory",
        ),
    ):
        panels = []
        for name, (x, tics, title, xlabel, scale) in axes.items():
            results = data[name]["results"]
            settings = label + POWERS + 'set format x "%g"\n' + tics + f'set xlabel "{xlabel}"\n'
            scans = targets.find(results, pattern="scan")
            series = by_backend(scans, x, figure, scale)
            if name == "surface" and figure == "ns":
                series = [(b, "", rows) for b, _, rows in series]
                scattered = targets.find(results, pattern="scattered")
                series += [
                    (b, ", far apart", rows)
                    for b, _, rows in by_backend(scattered, "pages", figure, scale)
                ]
            panels.append(panel(name, title, settings, series))
        draw_panels(f"{out}/{file}.svg", 2, panels)


def bars(name, title, settings, groups, looks):
    """Returns a chart of bars in groups: {group: {look: Spread}}."""
    data, parts = "", []
    width = 0.8 / len(looks)
    for i, look in enumerate(looks):
        rows = [
            (g + (i - (len(looks) - 1) / 2) * width, s.median, s.least, s.most)
            for g, (_, group) in enumerate(groups.items())
            if (s := group.get(look))
        ]
        data += block(f"{name}{i}", rows)
        text, colour, *_ = LOOK[look]
        parts.append(
            f'${name}{i} using 1:2:({width * 0.92:.3f}) with boxes linecolor "{colour}" title "{text}"'
        )
        parts.append(spread_bars(f"{name}{i}", "#222222"))
    tics = ", ".join(f'"{g}" {i}' for i, g in enumerate(groups))
    settings += f"set xtics ({tics})\nset xrange [-0.6:{len(groups) - 0.4}]\n"
    return f'{data}set title "{title}" font ",14"\n{settings}plot ' + ", \\\n  ".join(parts) + "\n"


def minicache(results, out):
    groups = {}
    for r in results:
        group = groups.setdefault(f"{r['threads']} thread{'s' * (r['threads'] > 1)}", {})
        group[r["backend"]] = Spread(v / 1000 for v in r["look_ups"])
    settings = 'set ylabel "1000 look-ups per second"\nset yrange [0:*]\nset style fill solid 0.9 noborder\n'
    chart = bars(
        "look",
        "Random look-ups, an index four times its frames",
        settings,
        groups,
        ["exmap", "anon"],
    )
    draw_panels(f"{out}/look-ups.svg", 1, [chart])


def patterns(results, out):
    looks = ["auto", "copy", "mprotect", "anon", "anon-vectored", "bare-copy", "bare-move"]
    panels = []
    for n in 1, 2:
        groups = {p: {} for p in targets.PATTERNS}
        for r in targets.find(results, threads=n):
            if r["pattern"] in groups and r["backend"] in looks:
                groups[r["pattern"]][r["backend"]] = Spread(r["ns"])
        settings = NS + "set yrange [50:*]\nset style fill solid 0.9 noborder\n"
        title = f"Patterns, batches of 512, {n} thread{'s' * (n > 1)}"
        panels.append(bars(f"patterns{n}", title, settings, groups, looks))
    draw_panels(f"{out}/patterns.svg", 1, panels, 360, 1000)


def draw(data, out):
    """Writes a picture of each set that has been measured and makes one."""
    for name, chart in (
        ("patterns", patterns),
        ("runs", runs),
        ("threads", threads),
        ("minicache", minicache),
    ):
        if name in data:
            chart(data[name]["results"], out)
    growth(data, out)

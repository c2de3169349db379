# SPDX-License-Identifier: MIT
"""Charts by gnuplot: medians, with bars from the least to the most."""

import subprocess

import targets
from spread import Spread

# Colours that can be told apart by those who see few (Okabe and Ito); in SVG what is no exmap is
# dashed.
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

HEAD = """set terminal {terminal} size {width},{height} font "Helvetica,13" background "#ffffff"
set output "{path}"
set border 3 linecolor "#444444"
set tics nomirror textcolor "#222222"
set grid ytics linecolor "#dddddd"
set key below center horizontal reverse Left samplen 2 width -1 title " " font ",12"
set xlabel offset 0,0.3
set style fill solid 1 border -1
"""


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
    style = f'nohead linewidth 1.2 linecolor "{colour}" notitle'
    return f"${name} using 1:3:(0):($4-$3) with vectors {style}"


def finish(data, title, settings, parts):
    """Returns a chart of these parts."""
    return f'{data}set title "{title}" font ",14"\n{settings}plot ' + ", \\\n  ".join(parts) + "\n"


def panel(name, title, settings, series):
    """Returns the gnuplot commands of a chart: (look, more of a title, rows) for each line."""
    data, parts = "", []
    # The first of the series is drawn last, so that no other hides it.
    for i, (look, more, rows) in enumerate(reversed(series)):
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
    return finish(data, title, settings + "set key invert\n", parts)


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
        style = f'with boxes linecolor "{colour}" title "{text}"'
        parts.append(f"${name}{i} using 1:2:({width * 0.92:.3f}) {style}")
        parts.append(spread_bars(f"{name}{i}", "#222222"))
    tics = ", ".join(f'"{g}" {i}' for i, g in enumerate(groups))
    settings += f"set xtics ({tics})\nset xrange [-0.6:{len(groups) - 0.4}]\n"
    return finish(data, title, settings, parts)


def draw(path, columns, panels, height=440, width=520):
    rows = -(-len(panels) // columns)
    # gnuplot's terminals are named as files end.
    terminal = path.rsplit(".", 1)[1]
    text = HEAD.format(terminal=terminal, width=width * columns, height=height * rows, path=path)
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

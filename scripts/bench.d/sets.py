# SPDX-License-Identifier: MIT
"""What scripts/bench measures by exmap-bench: each set is lists of its arguments.

A set's parts are run in turn, once in each round, so that drift meets all.
"""

STRATEGIES = "auto,copy,mprotect"
BARE = "bare-copy,bare-move"
RUN_LENGTHS = [2**i for i in range(10)]

# Virtual sizes in pages: 1 GiB to 1 TiB.
SURFACES = [2**i for i in range(18, 29, 2)]
WORKING_SETS = [2**i for i in range(10, 23, 2)]
# Frames, and the batch that they are taken by.
FRAMES = [(1, 1), (10, 10), (100, 100)] + [(10**i, 500) for i in range(3, 7)]
INTERFACES = [2**i for i in range(9)]
THREADS = [2**i for i in range(7)]


def words(numbers):
    return ",".join(map(str, numbers))


def patterns():
    return [
        f"-p scattered,neighbours,run,handover,steal,empty -b 512 -t 1,2"
        f" -B {STRATEGIES},anon,anon-vectored,{BARE}".split(),
        f"-p page-read,batch-read -b 512 -t 1,2"
        f" -B {STRATEGIES},anon,anon-vectored,mmap,pread,{BARE}".split(),
    ]


def runs(lengths=None):
    return [
        f"-p runs -b 512 -t 1,2 --run-length {words(lengths or RUN_LENGTHS)}"
        f" -B auto,copy,anon-vectored,{BARE}".split()
    ]


def threads(counts=None):
    return [
        f"-p neighbours,scattered -b 512 -t {words(counts or THREADS)}"
        f" -B auto,copy,bare-single,{BARE}".split()
    ]


# The growth of one thing, all others being the same. Each scan's time is that of its pages.


def surface(sizes=None):
    sizes = words(sizes or SURFACES)
    return [
        f"-p scan -t 1 -b 512 --pages {SURFACES[0]} --frames 4096 --surface {sizes}"
        " -B auto,bare-copy".split(),
        # Short: each page far from all others costs a page of page table, the kernel's and ours.
        f"-p scattered -t 1 -b 512 --pages {sizes} -s 0.1 -B auto,bare-copy".split(),
    ]


def touched(sizes=None):
    return [
        f"-p scan -t 1 -b 512 --frames 1024 --pages {words(sizes or WORKING_SETS)}"
        " -B auto,copy,bare-copy".split()
    ]


def frames(counts=None, pages=2**20):
    return [
        f"-p scan -t 1 -b {batch} --frames {n} --pages {pages} -B auto,bare-copy".split()
        for n, batch in counts or FRAMES
    ]


def interfaces(counts=None, pages=2**18):
    return [
        f"-p scan -t 1 -b 512 --frames {pages // 32} --pages {pages}"
        f" --interfaces {words(counts or INTERFACES)} -B auto,copy".split()
    ]


# What kernel modules are compared by. Frames are plenty: some hand out whole bundles only.
MODULES = [
    f"-p {patterns} -t {threads} --touch {touch} -b 512 --pages 4096 --frames 16384".split()
    for patterns, threads, touch in (
        ("neighbours", "8", "yes"),
        ("scattered", "1,2", "no"),
        ("scattered", "1,2", "yes"),
        ("run", "1,2", "no"),
        ("empty", "1", "no"),
    )
]

# The figures that a set's tables and plots show; the others show times only.
GROWTH = ["ns", "setup_us", "setup_kib", "overhead_kib"]
KEPT = {
    "surface": GROWTH,
    "touched": GROWTH,
    "frames": GROWTH,
    "interfaces": GROWTH,
    "module": ["ns", "ipis_per_free"],
    "modules": ["ns", "ipis_per_free"],
}

# Name: parts, seconds of one measurement, repetitions.
FULL = {
    "patterns": (patterns(), 0.2, 7),
    "runs": (runs(), 0.2, 5),
    "threads": (threads(), 0.2, 5),
    "surface": (surface(), 0.05, 3),
    "touched": (touched(), 0.05, 3),
    "frames": (frames(), 0.05, 3),
    "interfaces": (interfaces(), 0.2, 3),
}

# The same shapes, to see that all of it works.
QUICK = {
    "patterns": (patterns(), 0.01, 1),
    "runs": (runs(RUN_LENGTHS[::3]), 0.01, 1),
    "threads": (threads(THREADS[:4:3]), 0.01, 1),
    "surface": (surface(SURFACES[::5]), 0.01, 1),
    "touched": (touched(WORKING_SETS[:5:2]), 0.01, 1),
    "frames": (frames([(1, 1), (1000, 500), (10000, 500)], 2**14), 0.01, 1),
    "interfaces": (interfaces(INTERFACES[::4], 2**14), 0.01, 1),
}

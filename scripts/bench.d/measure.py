# SPDX-License-Identifier: MIT
"""Runs the programs that measure, in turn, and gathers what they print."""

import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile

import sets

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What exmap-bench says of a line that is not a figure.
PLAN = "pattern threads batch touch run pages surface frames interfaces backend".split()
FIGURES = "ns ipis_per_free setup_us setup_kib overhead_kib".split()
# A line of callcost: the call, its minimum, median and maximum.
CALL = re.compile(r"^(.{28}) +[\d.]+ +([\d.]+) +[\d.]+$", re.M)
PROGRAMS = {"true": "true", "python3": "python3 -c pass"}


def output(*command, **options):
    """Returns what a command prints; ends with its words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"scripts/bench: failed: {' '.join(command)}")
    return done.stdout


def progress(name, done, of):
    if sys.stderr.isatty():
        print(f"\r\033[K{name}: round {done + 1} of {of}", end="", file=sys.stderr, flush=True)


def commit():
    """Returns what was measured, by git's name; what is written here does not change that."""
    git = ["git", "-C", ROOT]
    head = subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    if head.returncode:
        return "unknown"
    changes = [*git, "diff", "--quiet", "HEAD", "--", ".", ":!docs/performance"]
    changed = subprocess.run(changes, check=False).returncode
    return head.stdout.strip() + (", changed" if changed else "")


def about(build):
    """Returns what a figure is worth nothing without."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    served = subprocess.run(
        [f"{build}/bin/exmap-run", "--stats", "--", f"{build}/bin/hello-exmap"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "kernel": platform.release(),
        "cpu": cpu.group(1) if cpu else "unknown CPU",
        "cpus": len(os.sched_getaffinity(0)),
        "strategy": re.search(r", strategy ([a-z]+)", served.stderr).group(1),
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
    }


def add(results, key, figures):
    """Appends one repetition's figures to the line that they belong to."""
    line = results.setdefault(tuple(key.values()), dict(key))
    for name, value in figures.items():
        if value is not None:
            line.setdefault(name, []).append(value)


def add_bench(results, text, more=None):
    """Adds what exmap-bench printed as JSON."""
    for line in json.loads(text)["results"]:
        key = {name: line[name] for name in PLAN} | (more or {})
        for i in range(len(line["ns"])):
            add(results, key, {f: line[f][i] for f in FIGURES if line[f] is not None})


def bench(name, build, quick):
    """A set of exmap-bench's."""
    parts, seconds, repeat = (sets.QUICK if quick else sets.FULL)[name]
    results = {}
    for i in range(repeat):
        progress(name, i, repeat)
        for part in parts:
            # A part may say otherwise: the last word counts.
            command = [f"{build}/bin/exmap-bench", "--json", "-n", "1", "-s", str(seconds), *part]
            add_bench(results, output(*command))
    return repeat, results


def minicache(name, build, quick):
    """Look-ups in an index four times its frames, against the same on anonymous memory."""
    repeat, seconds = (1, 0.05) if quick else (7, 2)
    results = {}
    for i in range(repeat):
        progress(name, i, repeat)
        for threads in 1, 2:
            for backend in "exmap", "anon":
                command = [
                    f"{build}/bin/minicache",
                    f"--backend={backend}",
                    f"--threads={threads}",
                    f"--bench={seconds}",
                ]
                if backend == "exmap":
                    command = [f"{build}/bin/exmap-run", "--", *command]
                printed = output(*command)
                where = re.search(r"^index: a nameless file in (.*)$", printed, re.M)
                figure = re.search(r"^(\d+) look-ups/s .* wrong: 0\)$", printed, re.M)
                key = {"backend": backend, "threads": threads, "file": where.group(1)}
                add(results, key, {"look_ups": float(figure.group(1))})
    return repeat, results


def calls(name, build, quick):
    """Calls that do nothing, by libc and by instructions of the client's, by what is loaded."""
    repeat = 1 if quick else 7
    shim = [f"{build}/bin/exmap-run"]
    modes = {
        "without": ([], ["--plain"]),
        "idle": ([*shim, "--trap=off", "--"], ["--plain"]),
        "shim": ([*shim, "--trap=off", "--"], []),
        "trap": ([*shim, "--trap=on", "--"], []),
    }
    results = {}
    for i in range(repeat):
        progress(name, i, repeat)
        for client in "callcost", "raw/callcost":
            for mode, (before, after) in modes.items():
                if (client, mode) == ("raw/callcost", "shim"):
                    # Nobody serves what it asks for.
                    continue
                printed = output(*before, f"{build}/bin/{client}", *after)
                for call, median in CALL.findall(printed):
                    key = {"client": client, "mode": mode, "call": call.strip()}
                    add(results, key, {"ns": float(median)})
    return repeat, results


def startup(name, build, quick):
    """How long a program takes that never opens the device."""
    repeat, runs = (1, 5) if quick else (9, 40)
    shim = os.path.abspath(f"{build}/lib/libexmap-shim.so")
    modes = {
        # The same program in between, so that only the loading differs.
        "without": "env EXMAP_OPTIONS=",
        "shim": f"env LD_PRELOAD={shim}",
        "exmap-run": f"{build}/bin/exmap-run --",
    }
    results = {}
    with tempfile.TemporaryDirectory() as work:
        for i in range(repeat):
            progress(name, i, repeat)
            for program, command in PROGRAMS.items():
                for mode, before in modes.items():
                    report = f"{work}/report.json"
                    options = f"-N --style none --warmup 2 --runs {runs} --export-json".split()
                    output("hyperfine", *options, report, f"{before} {command}")
                    with open(report, encoding="utf-8") as file:
                        median = json.load(file)["results"][0]["median"]
                    add(results, {"program": program, "mode": mode}, {"ms": median * 1000})
    return repeat, results


def module(name, build, quick):
    """The kernel module, in virtual machines of one CPU and two."""
    kernel, repeat, seconds = "6.1", *((1, 0.02) if quick else (3, 0.3))
    output(f"{ROOT}/scripts/build-kmod", kernel, build)
    results = {}
    for cpus in 1, 2:
        progress(f"{name}, {cpus} CPUs", 0, 1)
        # In a folder that takes a file with O_DIRECT, which tmpfs does not there.
        command = (
            f'cd "$EXMAP_TEST_DIR" && exec /built/bin/exmap-bench --set module -B exmap,anon'
            f" --pages 4096 -n {repeat} -s {seconds} --json"
        )
        machine = [f"{ROOT}/scripts/vm", "--kernel", kernel, "--build", build]
        printed = output(*machine, "--cpus", str(cpus), "--", "sh", "-c", command)
        text = printed[printed.index("{") : printed.rindex("}") + 1]
        add_bench(results, text, {"cpus": cpus, "kernel": json.loads(text)["kernel"]})
    return repeat, results


# In the order in which they are measured. The module is a matter of its own.
SETS = {name: bench for name in sets.FULL} | {
    "minicache": minicache,
    "calls": calls,
    "startup": startup,
    "module": module,
}


def measure(name, build, quick):
    """Returns a set's figures and what they were measured on."""
    repeat, results = SETS[name](name, build, quick)
    results = list(results.values())
    where = about(build)
    if name == "module":
        kernels = ", ".join(dict.fromkeys(r["kernel"] for r in results))
        machine = {"kernel": kernels, "cpu": f"QEMU's, in software on {where['cpu']}"}
        where |= machine | {"cpus": "1, 2", "strategy": ""}
    return {"about": where | {"repeat": repeat}, "results": results}

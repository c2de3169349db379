# SPDX-License-Identifier: MIT
"""The sets of figures: what is measured in turn, and on what."""

import datetime
import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import tempfile

import machines
import sets
from run import ROOT, add, add_bench, output, progress

# A line of callcost: the call, its minimum, median and maximum.
CALL = re.compile(r"^(.{28}) +[\d.]+ +([\d.]+) +[\d.]+$", re.M)
PROGRAMS = {"true": "true", "python3": "python3 -c pass"}


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


def bench(name, options):
    """A set of exmap-bench's."""
    parts, seconds, repeat = (sets.QUICK if options.quick else sets.FULL)[name]
    results = {}
    for i in range(repeat):
        progress(name, i, repeat)
        for part in parts:
            # A part may say otherwise: the last word counts.
            command = [f"{options.build}/bin/exmap-bench", *"--json -n 1 -s".split(), str(seconds)]
            add_bench(results, output(*command, *part), name)
    return repeat, results


def minicache(name, options):
    """Look-ups in an index four times its frames, against the same on anonymous memory."""
    repeat, seconds = (1, 0.05) if options.quick else (7, 2)
    results = {}
    for i in range(repeat):
        progress(name, i, repeat)
        for threads in 1, 2:
            for backend in "exmap", "anon":
                command = [
                    f"{options.build}/bin/minicache",
                    f"--backend={backend}",
                    f"--threads={threads}",
                    f"--bench={seconds}",
                ]
                if backend == "exmap":
                    command = [f"{options.build}/bin/exmap-run", "--", *command]
                printed = output(*command)
                where = re.search(r"^index: a nameless file in (.*)$", printed, re.M)
                figure = re.search(r"^(\d+) look-ups/s .* wrong: 0\)$", printed, re.M)
                key = {"backend": backend, "threads": threads, "file": where.group(1)}
                add(results, key, {"look_ups": float(figure.group(1))})
    return repeat, results


def calls(name, options):
    """Calls that do nothing, by libc and by instructions of the client's, by what is loaded."""
    repeat, quick = (1, ["--quick"]) if options.quick else (7, [])
    shim = [f"{options.build}/bin/exmap-run"]
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
                printed = output(*before, f"{options.build}/bin/{client}", *after, *quick)
                for call, median in CALL.findall(printed):
                    key = {"client": client, "mode": mode, "call": call.strip()}
                    add(results, key, {"ns": float(median)})
    return repeat, results


def wall_times(result):
    """Returns the seconds of each run of a command, as hyperfine 1 or 2 writes them."""
    if "times" in result:
        return result["times"]
    return [run["time_wall_clock"]["value"] for run in result["measurements"]]


def without_shell():
    """Returns how hyperfine starts commands by itself. Before 1.13 it takes a shell, and subtracts that."""
    version = output("hyperfine", "--version").split()[1].split(".")
    return ["-N"] if [int(part) for part in version[:2]] >= [1, 13] else []


def startup(name, options):
    """How long a program takes that never opens the device."""
    repeat, runs = (1, 5) if options.quick else (9, 40)
    how = [*without_shell(), *f"--style none --warmup 2 --runs {runs} --export-json".split()]
    launcher = f"{options.build}/bin/exmap-run"
    # By the name that the loader can read.
    shim = output(launcher, "--", "printenv", "LD_PRELOAD").strip()
    modes = {
        # The same program in between, so that only the loading differs.
        "without": "env EXMAP_OPTIONS=",
        "shim": f"env LD_PRELOAD={shim}",
        "exmap-run": f"{shlex.quote(launcher)} --",
    }
    results = {}
    with tempfile.TemporaryDirectory() as work:
        for i in range(repeat):
            progress(name, i, repeat)
            for program, command in PROGRAMS.items():
                for mode, before in modes.items():
                    report = f"{work}/report.json"
                    output("hyperfine", *how, report, f"{before} {command}")
                    with open(report, encoding="utf-8") as file:
                        seconds = wall_times(json.load(file)["results"][0])
                    ms = statistics.median(seconds) * 1000
                    add(results, {"program": program, "mode": mode}, {"ms": ms})
    return repeat, results


def trace(name, options):
    """An action and a vector, with a trace and without."""
    repeat = 1 if options.quick else 9
    results = {}
    for i in range(repeat):
        progress(name, i, repeat)
        command = [f"{options.build}/bin/exmap-bench", *"--trace-cost --json -n 1".split()]
        for what, cost in json.loads(output(*command)).items():
            for mode in "off", "on":
                add(results, {"what": what, "trace": mode}, {"ns": cost[mode][0]})
    return repeat, results


# In the order in which they are measured. The modules are a matter of their own.
SETS = {name: bench for name in sets.FULL} | {
    "minicache": minicache,
    "calls": calls,
    "startup": startup,
    "trace": trace,
    "module": machines.module,
    "modules": machines.modules,
}


def measure(name, options):
    """Returns a set's figures and what they were measured on."""
    repeat, results = SETS[name](name, options)
    results = list(results.values())
    where = about(options.build)
    if name in machines.SETS:
        where |= machines.about(results, where["cpu"])
    return {"about": where | {"repeat": repeat}, "results": results}

# SPDX-License-Identifier: MIT
"""Measures kernel modules, in virtual machines."""

import hashlib
import json
import os
import shutil
import sys
import tempfile

import sets
from run import ROOT, add_bench, output, progress

SETS = "module", "modules"
KERNEL = "6.1"


def build(options):
    """Builds the module for the machine's kernel."""
    output(f"{ROOT}/scripts/build-kmod", KERNEL, options.build)
    return f"{options.build}/kmod-{KERNEL}/exmap.ko"


def machine(options, cpus, *arguments):
    """Returns what a command prints in a virtual machine."""
    vm = [f"{ROOT}/scripts/vm", "--kernel", KERNEL, "--build", options.build]
    return output(*vm, "--cpus", str(cpus), *arguments)


def add_printed(results, printed, name, cpus, more=None):
    """Adds what exmap-bench printed on a machine's console."""
    text = printed[printed.index("{") : printed.rindex("}") + 1]
    kernel = json.loads(text)["kernel"]
    add_bench(results, text, name, {"cpus": cpus, "kernel": kernel} | (more or {}))


def module(name, options):
    """The kernel module, on one CPU and two."""
    repeat, seconds = (1, 0.02) if options.quick else (3, 0.3)
    build(options)
    results = {}
    for cpus in 1, 2:
        progress(f"{name}, {cpus} CPUs", 0, 1)
        # In a folder that takes a file with O_DIRECT, which tmpfs does not there.
        command = (
            f'cd "$EXMAP_TEST_DIR" && exec /built/bin/exmap-bench --set module -B exmap,anon'
            f" --pages 4096 -n {repeat} -s {seconds} --json"
        )
        printed = machine(options, cpus, "--", "sh", "-c", command)
        add_printed(results, printed, name, cpus)
    return repeat, results


def in_turn(repeat, seconds, others):
    """Returns a script that measures ours and @others other files, by turns.

    What was loaded last is unloaded first: so they stand in /proc/modules.
    """
    lines = ["set -e", f"for i in $(seq {repeat}); do"]
    for name, files in ("exmap", ["exmap.ko"]), ("other", [f"other/{i}.ko" for i in range(others)]):
        lines += [f"insmod {file}" for file in files]
        for part in sets.MODULES:
            arguments = " ".join(["-B exmap -n 1 -s", str(seconds), *part])
            lines += [f"echo '== {name}'", f"bin/exmap-bench --json {arguments}"]
        lines.append(f"rmmod $(awk 'NR <= {len(files)} {{ print $1 }}' /proc/modules)")
    return "\n".join([*lines, "done"])


def name_and_sum(path):
    with open(path, "rb") as file:
        return f"{os.path.basename(path)} ({hashlib.sha256(file.read()).hexdigest()[:12]})"


def modules(name, options):
    """Ours and another that serves /dev/exmap, on two CPUs, by turns in one machine."""
    repeat, seconds = (1, 0.02) if options.quick else (15, 0.3)
    files = {"exmap": "", "other": ", ".join(map(name_and_sum, options.beside))}
    ours = build(options)
    results = {}
    progress(name, 0, 1)
    with tempfile.TemporaryDirectory() as work:
        folder = f"{work}/other"
        os.mkdir(folder)
        for i, file in enumerate(options.beside):
            shutil.copy(file, f"{folder}/{i}.ko")
        script = in_turn(repeat, seconds, len(options.beside))
        add = ["--no-module", "--add", folder, "--add", ours]
        printed = machine(options, 2, *add, "--", "sh", "-c", script)
    for part in printed.split("== ")[1:]:
        which = part.split()[0]
        add_printed(results, part, name, 2, {"module": which, "files": files[which]})
    # One that fails at times must not be compared by what is left.
    for line in results.values():
        if len(line.get("ns", [])) != repeat:
            sys.exit(f"scripts/bench: not every repetition has an answer: {line}")
    return repeat, results


def about(results, cpu):
    """Returns what is different from what is measured on this machine itself."""
    return {
        "kernel": ", ".join(dict.fromkeys(r["kernel"] for r in results)),
        "cpu": f"QEMU's, in software on {cpu}",
        "cpus": ", ".join(dict.fromkeys(str(r["cpus"]) for r in results)),
        "strategy": "",
    }

# SPDX-License-Identifier: MIT
"""Measures kernel modules, in virtual machines."""

import json
import os
import shutil
import tempfile

import sets
from run import ROOT, add_bench, output, progress

SETS = "module", "modules"
KERNEL = "6.1"


def machine(options, cpus, *arguments):
    """Returns what a command prints in a machine, with the module built for it."""
    output(f"{ROOT}/scripts/build-kmod", KERNEL, options.build)
    vm = [f"{ROOT}/scripts/vm", "--kernel", KERNEL, "--build", options.build]
    return output(*vm, "--cpus", str(cpus), *arguments)


def add_printed(results, printed, cpus, more=None):
    """Adds what exmap-bench printed on a machine's console."""
    text = printed[printed.index("{") : printed.rindex("}") + 1]
    kernel = json.loads(text)["kernel"]
    add_bench(results, text, {"cpus": cpus, "kernel": kernel} | (more or {}))


def module(name, options):
    """The kernel module, on one CPU and two."""
    repeat, seconds = (1, 0.02) if options.quick else (3, 0.3)
    results = {}
    for cpus in 1, 2:
        progress(f"{name}, {cpus} CPUs", 0, 1)
        # In a folder that takes a file with O_DIRECT, which tmpfs does not there.
        command = (
            f'cd "$EXMAP_TEST_DIR" && exec /built/bin/exmap-bench --set module -B exmap,anon'
            f" --pages 4096 -n {repeat} -s {seconds} --json"
        )
        printed = machine(options, cpus, "--", "sh", "-c", command)
        add_printed(results, printed, cpus)
    return repeat, results


def load_in_turn(repeat, seconds, files, names):
    """Returns a script that measures ours and another module by turns."""
    unload = " ".join(reversed(names))
    loads = {
        "exmap": ("insmod exmap.ko", "rmmod exmap"),
        "other": (" && ".join(f"insmod other/{file}" for file in files), f"rmmod {unload}"),
    }
    lines = ["set -e", f"for i in $(seq {repeat}); do"]
    for module, (load, unload) in loads.items():
        lines.append(load)
        for part in sets.MODULES:
            bench = f"bin/exmap-bench --json -B exmap -n 1 -s {seconds} {part}"
            lines.append(f"echo '== {module}' && {bench}")
        lines.append(unload)
    return "\n".join([*lines, "done"])


def modules(name, options):
    """Ours and another that serves /dev/exmap, on two CPUs, by turns in one machine."""
    repeat, seconds = (1, 0.02) if options.quick else (15, 0.3)
    names = [output("/sbin/modinfo", "-F", "name", file).strip() for file in options.beside]
    results = {}
    progress(name, 0, 1)
    with tempfile.TemporaryDirectory() as work:
        folder = f"{work}/other"
        os.mkdir(folder)
        for file in options.beside:
            shutil.copy(file, folder)
        files = list(map(os.path.basename, options.beside))
        script = load_in_turn(repeat, seconds, files, names)
        add = ["--no-module", "--add", folder, "--add", f"{options.build}/kmod-{KERNEL}/exmap.ko"]
        printed = machine(options, 2, *add, "--", "sh", "-c", script)
    for part in printed.split("== ")[1:]:
        add_printed(results, part, 2, {"module": part.split()[0]})
    return repeat, results


def about(results, cpu):
    """Returns what is different from what is measured on this machine itself."""
    return {
        "kernel": ", ".join(dict.fromkeys(r["kernel"] for r in results)),
        "cpu": f"QEMU's, in software on {cpu}",
        "cpus": ", ".join(dict.fromkeys(str(r["cpus"]) for r in results)),
        "strategy": "",
    }

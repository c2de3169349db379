# SPDX-License-Identifier: MIT
"""A copy of the sources, with a build of its own, in which one file at a time is changed."""

import hashlib
import os
import subprocess
from pathlib import Path

import suite

# The module's kernel, and what a machine takes beside its commands.
KERNEL = "6.12"
BOOT_SECONDS = 30
# What commands in there may run, beside the build's programs.
SCRIPTS = ["tests/tools/check.sh", "tests/tools/tracepoints.sh", "tests/abuse/reload.sh"]


class BuildError(Exception):
    """A change that does not compile, which no test can find."""


def sources(root):
    """Returns the files that are built or tested, with their bytes and modes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout.split("\0")
    return {
        name: ((root / name).read_bytes(), (root / name).stat().st_mode)
        for name in sorted(set(listed))
        if name and (root / name).is_file() and not name.startswith(("docs/", "scripts/mutate"))
    }


def digest(files):
    """Returns a short name for a state of the sources."""
    total = hashlib.sha256()
    for name, (content, _) in files.items():
        total.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()[:16]


class Tree:
    """One worker's."""

    def __init__(self, folder, files):
        self.tree = folder / "tree"
        self.build = folder / "build"
        self.files = files
        self.changed = None
        self.built = set()
        self.tests = {}

    def write(self, name, content):
        """Writes a file if that changes it: ninja goes by the time of that."""
        path = self.tree / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(self.files[name][1])

    def prepare(self):
        """Brings the copy up to date, and builds all of it."""
        for path in [p for p in self.tree.rglob("*") if p.is_file()]:
            if str(path.relative_to(self.tree)) not in self.files:
                path.unlink()
        for name, (content, _) in self.files.items():
            self.write(name, content)
        # Without warnings: a change may leave a variable or a function that nobody uses.
        self.call("cmake", "-G", "Ninja", "-S", self.tree, "-B", self.build,
                  "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_C_FLAGS=-w")
        self.call("cmake", "--build", self.build)
        self.tests = suite.from_ctest(self.build)

    def call(self, *command):
        """Runs a part of a build."""
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            text=True, errors="replace", env=os.environ | {"KCFLAGS": "-w"},
        )
        if done.returncode:
            lines = [line for line in done.stdout.splitlines() if "error:" in line.lower()]
            raise BuildError((lines or done.stdout.splitlines() or [""])[0])

    def change(self, change):
        """Changes one file, or none, and puts back the one before."""
        if self.changed and (not change or change.file != self.changed):
            self.write(self.changed, self.files[self.changed][0])
        self.changed = change.file if change else None
        self.built = set()
        if change:
            self.write(change.file, change.apply(self.files[change.file][0].decode()).encode())

    def build_for(self, test):
        """Builds what a test runs, and no more: the cheap ones come first, and are mostly enough."""
        targets = set()
        for word in map(Path, test.command):
            # Whatever is in build/ or build/bin.
            if word.is_relative_to(self.build) and word.is_dir():
                targets = {"all"}
                break
            if word.is_relative_to(self.build) and word.exists():
                targets.add(str(word.relative_to(self.build)))
                if word.name == "exmap-run":
                    targets.add("lib/libexmap-shim.so")
        if targets - self.built:
            self.call("ninja", "-C", self.build, *targets)
            self.built |= targets

    def machine(self, commands):
        """Returns the test that is these commands in a virtual machine, with this module."""
        self.call(self.tree / "scripts/build-kmod", KERNEL, self.build)
        script = " && ".join(commands)
        return suite.Test(
            f"vm: {script}",
            [self.tree / "scripts/vm", "--kernel", KERNEL, "--build", self.build, "--timeout", "1200",
             *(word for name in SCRIPTS for word in ("--add", self.tree / name)),
             "--", "sh", "-c", script],
        )

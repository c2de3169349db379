# SPDX-License-Identifier: MIT
"""Runs tests, and ends them early: at the first failure, or when they take ten times as long as usual."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

# How a program says which of its tests failed.
FAILURE = re.compile(
    rb"^(?:not ok \d+ - |\[  FAILED  \] |exmap-vm: complaint: )([^\n]*[^\d\n][^\n]*)$", re.M
)
# Short tests vary: no limit is below it.
LEAST_LIMIT = 15


@dataclass
class Test:
    """A program that finds changes, or does not."""

    name: str
    command: list
    directory: str = None
    environment: dict = field(default_factory=dict)
    skip_status: int = None
    skip_output: list = field(default_factory=list)


@dataclass
class Verdict:
    """What a test said: passed, skipped or failed, and how."""

    word: str
    how: str = ""
    seconds: float = 0


def from_ctest(build):
    """Returns ctest's tests, by name. All programs have been built."""
    shown = subprocess.run(
        ["ctest", "--test-dir", build, "--show-only=json-v1"],
        check=True, capture_output=True, text=True,
    )
    tests = {}
    for entry in json.loads(shown.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in entry["properties"]}
        # Without a command: a script that the copy has not.
        if "PASS_REGULAR_EXPRESSION" in properties or "command" not in entry:
            continue
        tests[entry["name"]] = Test(
            entry["name"],
            entry["command"],
            properties.get("WORKING_DIRECTORY"),
            dict(v.split("=", 1) for v in properties.get("ENVIRONMENT", []) if v),
            properties.get("SKIP_RETURN_CODE"),
            properties.get("SKIP_REGULAR_EXPRESSION", []),
        )
    return tests


def tidy():
    """Removes a file in the place of the device: a changed shim may have let open() make one."""
    device = Path("/dev/exmap")
    if device.is_file():
        device.unlink()


def stop(process):
    """Ends a test and what it started."""
    for number in signal.SIGTERM, signal.SIGKILL:
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
    process.wait()


def run(test, limit):
    """Returns a test's verdict. It has @limit seconds."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            test.command, cwd=test.directory, env=os.environ | test.environment,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        failure = None
        while process.poll() is None and not failure and time.monotonic() - start < limit:
            time.sleep(0.05)
            failure = FAILURE.search(os.pread(output.fileno(), 1 << 26, 0))
        status = process.poll()
        stop(process)
        tidy()
        text = os.pread(output.fileno(), 1 << 26, 0)
    failure = failure or FAILURE.search(text)
    seconds = time.monotonic() - start
    if failure:
        return Verdict("failed", failure.group(1).decode(errors="replace").strip(), seconds)
    if status is None:
        return Verdict("failed", f"timeout in {limit:.0f} s", seconds)
    if status < 0:
        return Verdict("failed", signal.Signals(-status).name, seconds)
    told = text.decode(errors="replace")
    if status == test.skip_status or any(re.search(p, told) for p in test.skip_output):
        return Verdict("skipped", "", seconds)
    if status:
        return Verdict("failed", f"status {status}", seconds)
    return Verdict("passed", "", seconds)


def limit_of(seconds):
    """Returns how long a test may take that usually takes @seconds."""
    return max(10 * seconds, LEAST_LIMIT)

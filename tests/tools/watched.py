# SPDX-License-Identifier: MIT
"""What Python's tests of tools share: a client to look at, and how tests are run and counted.

The folder of the programs is the first argument of the test.
"""

import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

BIN = Path(sys.argv[1])
WORK = Path(tempfile.mkdtemp())
SECONDS = 60


class Skip(Exception):
    """Cannot be tested here; the argument says why."""


class Client:
    """A watched-client, which waits until it is closed."""

    def __init__(self, *arguments, options=()):
        backing = WORK / "backing"
        backing.write_bytes(b"x" * 4096 * 64)
        self.process = subprocess.Popen(
            [BIN / "exmap-run", *options, "--", BIN / "watched-client", backing, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pids = [int(pid) for pid in self.process.stdout.readline().split()]
        assert len(self.pids) == 3, "the client failed"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(SECONDS)
        self.process.stdout.close()


def run_all(tests):
    """Runs tests by name, and says what became of them. Returns whether one failed."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, test in tests.items():
        try:
            test()
            counts["passed"] += 1
            print("ok -", name)
        except Skip as why:
            counts["skipped"] += 1
            print("ok -", name, "# SKIP", why)
        except Exception:  # pylint: disable=broad-except
            counts["failed"] += 1
            print("not ok -", name)
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    shutil.rmtree(WORK)
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    return counts["failed"] > 0

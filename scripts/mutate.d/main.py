# SPDX-License-Identifier: MIT
"""Tries the changes, and tells what found each; see scripts/mutate."""

import argparse
import fcntl
import hashlib
import json
import os
import queue
import re
import sys
import threading
from collections import Counter
from pathlib import Path

import changes
import suite
import tree

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build-mutate"
# What scripts/vm exits with if the machine did not come to the command.
NOT_BOOTED = "status 125"
# Seconds for a test without a change, which passes.
LONGEST = 1200


class Results:
    """What is known of these sources already, on disk; for all workers."""

    def __init__(self, state, again):
        self.path = WORK / f"results-{state}.json"
        self.lock = threading.Lock()
        self.known = {}
        if self.path.exists() and not again:
            self.known = json.loads(self.path.read_text())

    def get(self, key):
        """Returns it, or None."""
        with self.lock:
            return self.known.get(key)

    def put(self, key, value):
        """Keeps it."""
        with self.lock:
            self.known[key] = value
            temporary = self.path.with_suffix(".new")
            temporary.write_text(json.dumps(self.known, indent=1))
            os.replace(temporary, self.path)


def key_of(change):
    """Returns what a result is kept by: an entry that was edited is tried anew."""
    words = [change.file, change.old, change.new, change.tests, change.vm]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def usual_seconds(copy, test, results):
    """Returns how long a test takes without any change, or None if it is skipped here."""
    key = f"seconds {test.name}"
    seconds = results.get(key)
    if seconds is None:
        copy.change(None)
        copy.build_for(test)
        verdict = suite.run(test, LONGEST)
        if verdict.word == "failed":
            raise SystemExit(f"scripts/mutate: {test.name} fails without a change: {verdict.how}")
        seconds = verdict.seconds if verdict.word == "passed" else -1
        results.put(key, seconds)
    return None if seconds < 0 else seconds


def attempt(copy, change, results):
    """Returns what came of a change: [word, by what]."""
    if change.vm:
        limits = [(tree.BOOT_SECONDS * 10, None)]
    else:
        usual = [(change.stage(name), usual_seconds(copy, test, results), test)
                 for name, test in copy.tests.items() if change.stage(name) is not None]
        # Of one stage the quick ones first.
        ordered = sorted((u for u in usual if u[1] is not None), key=lambda u: u[:2])
        limits = [(seconds, test) for _, seconds, test in ordered]
        if not limits:
            return ["not tested", "no test of it can run here"]
    copy.change(change)
    for seconds, test in limits:
        try:
            if test:
                copy.build_for(test)
            else:
                test = copy.machine(change.vm)
        except tree.BuildError as error:
            return ["error", f"does not build: {error}"]
        verdict = suite.run(test, suite.limit_of(seconds))
        if verdict.how == NOT_BOOTED:
            return ["error", "the virtual machine did not boot"]
        if verdict.word == "failed":
            return ["found", f"{test.name} ({verdict.how}), {verdict.seconds:.1f} s"]
    return ["SURVIVED", ""]


def told(change, word, how):
    """Returns what a result means for the change: that it was found is bad for one that is equal."""
    if change.equal and word == "found":
        return "error", f"not equal after all: {how}"
    if change.equal and word != "error":
        return "equal", change.equal
    return (word, how) if how else (word,)


def work(number, todo, files, results, errors):
    """One worker: takes changes until none is left."""
    copy = tree.Tree(WORK / str(number), files)
    commands = sorted({command for change in todo.queue for command in change.vm})
    try:
        copy.prepare()
        if commands:
            usual_seconds(copy, copy.machine(commands), results)
        while True:
            change = todo.get_nowait()
            word, how = attempt(copy, change, results)
            results.put(key_of(change), [word, how])
            print(f"{change.file}: {change.name}: {': '.join(told(change, word, how))}", flush=True)
    except queue.Empty:
        pass
    except (tree.BuildError, SystemExit) as error:
        errors.append(str(error))
    finally:
        copy.change(None)


def table(chosen, results, with_equal):
    """Prints what found what. Returns whether all is well."""
    count = Counter()
    print()
    for change in chosen:
        result = told(change, *(results.get(key_of(change)) or ["not tried", ""]))
        count[result[0]] += 1
        print(f"{change.file:24} {change.name:72} {': '.join(result)}")
    print("\n" + ", ".join(f"{n} {word}" for word, n in count.items()))
    if count["equal"] and not with_equal:
        print("(those that are equal were not tried: --equal)")
    return not set(count) - {"found", "equal", "not tested"}


def options():
    """Returns the command line."""
    parser = argparse.ArgumentParser(prog="scripts/mutate")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    for flag in "--list", "--equal", "--again":
        parser.add_argument(flag, action="store_true")
    parser.add_argument("folder", nargs="*", choices=changes.FOLDERS + [[]])
    return parser.parse_args()


def main():
    """Returns the exit status."""
    asked = options()
    listed, errors = changes.read(ROOT, asked.folder or (
        changes.FOLDERS if asked.list else ["core", "emu", "shim"]))
    chosen = [c for c in listed if re.search(asked.only, f"{c.file} {c.name}")]
    for error in errors:
        print(f"scripts/mutate: {error}", file=sys.stderr)
    if asked.list:
        for change in chosen:
            print(f"{change.file:24} {change.name}")
        print(f"{len(chosen)} changes")
    if errors or asked.list:
        return 1 if errors else 0

    files = tree.sources(ROOT)
    WORK.mkdir(exist_ok=True)
    lock = open(WORK / "lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"scripts/mutate: another one works in {WORK}; wait for its end", file=sys.stderr)
        return 2
    results = Results(tree.digest(files), asked.again)
    todo = queue.Queue()
    for change in chosen:
        if not results.get(key_of(change)) and (asked.equal or not change.equal):
            todo.put(change)
    stopped = []
    if not todo.empty():
        workers = [
            threading.Thread(target=work, args=(n, todo, files, results, stopped))
            for n in range(asked.jobs)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    for error in stopped:
        print(f"scripts/mutate: {error}", file=sys.stderr)
    return 0 if table(chosen, results, asked.equal) and not stopped else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if two threads on two interfaces store to the same cache line.

Usage: sharing.py EXMAP-RUN CLIENT

Runs sharing.c under valgrind's lackey, which prints the address of each store of the
process: the client's, libc's and the emulator's, but not the kernel's. One thread's turn is
between two stores to the mark, and no other thread runs meanwhile.
"""
import shutil
import subprocess
import sys
import tempfile

LINE = 64


def stores(run, client, how):
    """The lines that each of the turns stored to, and how many stores those were."""
    # memcheck=0: marks for memcheck would add stores that no call makes without valgrind.
    command = [run, "--option=memcheck=0", "--", "valgrind", "--tool=lackey", "--trace-mem=yes",
               "--log-fd=9", client, how]
    with tempfile.TemporaryFile() as out:
        # Of millions of lines, those of stores: " S address,size", and M for load and store.
        shell = '"$@" 9>&1 >&8 | grep -E "^ [SM] "'
        with subprocess.Popen(["sh", "-c", f"exec 8>&{out.fileno()}; {shell}", "sh", *command],
                              stdout=subprocess.PIPE, text=True,
                              pass_fds=[out.fileno()]) as process:
            trace = [line.split()[1].split(",") for line in process.stdout]
        out.seek(0)
        mark = int(out.read().split()[0], 16)
    turns, now = [], None
    for address, size in trace:
        address, size = int(address, 16), int(size)
        if address == mark:
            now = None if now is not None else []
            if now is not None:
                turns.append(now)
        elif now is not None:
            now.extend(range(address // LINE, (address + size - 1) // LINE + 1))
    if len(turns) != 2 or not all(turns):
        sys.exit(f"sharing: {len(turns)} turns in the trace of {how}; something went wrong")
    return [set(turn) for turn in turns], [len(turn) for turn in turns]


def main():
    run, client = sys.argv[1:]
    if not shutil.which("valgrind"):
        print("skipped: valgrind is not installed\n0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    shared = {}
    for how in "own", "same":
        lines, counts = stores(run, client, how)
        shared[how] = lines[0] & lines[1]
        print(f"{how}: stores of the threads {counts}, to lines {[len(l) for l in lines]}, "
              f"to the same {len(shared[how])}")
        if how == "own":
            for line in sorted(shared[how]):
                print(f"  {line * LINE:#x}")
    # On one interface the threads must share lines. If not, the trace is worth nothing.
    ok = not shared["own"] and len(shared["same"]) > 0
    print("1 passed, 0 failed, 0 skipped" if ok else "0 passed, 1 failed, 0 skipped")
    sys.exit(0 if ok else 1)


main()

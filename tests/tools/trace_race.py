#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""trace_race.py overlapping|apart WINNER FILE - writes a trace of two threads that ALLOC one page.

The calls overlap, or the second begins when the first has ended. Thread number WINNER gets the page.
"""

import os
import struct
import sys

how, winner, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
VERSION, NANOSECONDS = 1, 2
OPEN, SETUP, MMAP, ACTION = 1, 4, 5, 7
ALLOC, RESULTS, EVENTS, END = 1, 1, 1, 2


def event(kind, start, end, body=b"", flags=0, interface=0, opcode=0, result=0):
    size = 40 + len(body)
    head = struct.pack("<HHIQQIHHq", kind, flags, size, start, end, 1, interface, opcode, result)
    return head + body


def chunk(kind, tid, events=b""):
    return struct.pack("<IIIIQQQ", 0x4B4E4843, kind, tid, len(events), 9000, 9000, 0) + events


def alloc(start, end, interface):
    """ALLOC of page 7; its result has a page for the winner only."""
    words = struct.pack("<QQ", 7 | 1 << 52, (interface == winner) << 32)
    body = struct.pack("<IIQQ", 1, 0, 0, interface == winner) + words
    return event(ACTION, start, end, body, RESULTS, interface, ALLOC)


begin = event(OPEN, 100, 100, result=os.O_RDWR) + event(SETUP, 200, 200, struct.pack("<qQQq", 2, 8, 0, -1))
begin += event(MMAP, 300, 300, struct.pack("<QQQIIQQq", 0, 0, 1 << 20, 3, 1, 2, 8, -1))
first = (1000, 2000)
second = (1500, 2500) if how == "overlapping" else (3000, 4000)
if winner:
    # The one that gets the page ends first.
    first, second = second, first
with open(path, "wb") as file:
    file.write(struct.pack("<8sIIIIQQQ16s", b"EXMAPTRC", VERSION, 64, NANOSECONDS, 1, 0, 0, 0, b"race"))
    file.write(chunk(EVENTS, 10, begin))
    file.write(chunk(EVENTS, 11, alloc(*first, 0)))
    file.write(chunk(EVENTS, 12, alloc(*second, 1)))
    file.write(chunk(END, 0))

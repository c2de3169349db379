#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""trace_edit.py FROM TO - copies a trace, with half the bytes for the READ of two pages."""

import struct
import sys

EVENT = struct.Struct("<HHIQQIHHq")
CHUNK = struct.Struct("<IIIIQQQ")
READ = 8
RESULT = EVENT.size - 8

content = bytearray(open(sys.argv[1], "rb").read())
at = struct.unpack_from("<I", content, 12)[0]
changed = 0
while at < len(content):
    size = CHUNK.unpack_from(content, at)[3]
    at += CHUNK.size
    end = at + size
    while at < end:
        event = EVENT.unpack_from(content, at)
        if event[0] == READ and event[-1] == 8192:
            struct.pack_into("<q", content, at + RESULT, 4096)
            changed += 1
        at += event[2]
assert changed == 1, changed
open(sys.argv[2], "wb").write(content)

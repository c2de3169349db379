#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""trace_stats.py JSON - whether exmap-trace stats --json tells what trace_client vectors did."""

import json
import sys

stats = json.load(open(sys.argv[1], encoding="utf-8"))
assert stats["events"] == 15 and stats["threads"] == 1 and stats["dropped"] == 0, stats
assert stats["faults"] == 1 and stats["ns"] > 0
alloc, free, read = (stats["opcodes"][name] for name in ("ALLOC", "FREE", "READ"))
assert (alloc["calls"], alloc["pages_asked"], alloc["pages_done"]) == (2, 13, 8), alloc
assert alloc["failed"] == 2 and abs(alloc["hit_rate"] - 5 / 13) < 1e-9, alloc
assert (free["calls"], free["pages_asked"], free["pages_done"]) == (1, 4095, 8), free
assert (read["calls"], read["pages_done"], read["steals"]) == (2, 2, 1), read


def counts(histogram):
    return {b["from"]: b["count"] for b in histogram["histogram"] if b["count"]}


# Vectors of 4 and 2; their pages 3, 2, 1, 0 and 2, 5.
assert counts(alloc["vectors"]) == {2: 1, 4: 1}, alloc
assert counts(alloc["vector_lengths"]) == {0: 1, 1: 1, 2: 3, 4: 1}, alloc
assert alloc["vector_lengths"]["most"] == 5 and alloc["vector_lengths"]["number"] == 6
# ALLOC of 100 to 102, 102 and 103, 200 and 201; READ of 2 and 3. The other vectors failed.
assert stats["first_uses"] == 8, stats
assert counts(stats["reuse_distances"]) == {0: 1}, stats
frames = stats["frames"]
assert frames["setup"] == 8 and frames["most"] == 8 and max(frames["over_time"]) == 8, frames
assert len(frames["over_time"]) == 200 and frames["over_time"][-1] == 0, frames

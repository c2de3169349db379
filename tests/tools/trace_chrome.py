#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""trace_chrome.py JSON - whether a file keeps the rules of the Trace Event format.

The rules are those of "Trace Event Format", the document that chrome://tracing refers to: the object
form, with complete (X), instant (i), counter (C) and metadata (M) events.
"""

import json
import sys

trace = json.load(open(sys.argv[1], encoding="utf-8"))
assert isinstance(trace, dict) and trace["displayTimeUnit"] in ("ms", "ns"), trace.keys()
events = trace["traceEvents"]
assert isinstance(events, list) and events
named = set()
ends = {}


def is_time(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


for event in events:
    assert isinstance(event["name"], str) and event["name"], event
    assert isinstance(event["pid"], int) and isinstance(event["tid"], int), event
    phase = event["ph"]
    assert phase in ("X", "i", "C", "M"), event
    if phase == "M":
        assert event["name"] in ("process_name", "thread_name"), event
        assert isinstance(event["args"]["name"], str) and event["args"]["name"], event
        if event["name"] == "thread_name":
            named.add(event["tid"])
        continue
    assert is_time(event["ts"]), event
    assert isinstance(event.get("args", {}), dict), event
    if phase == "X":
        assert is_time(event["dur"]) and isinstance(event["cat"], str), event
        # Slices of one thread are nested or apart; a thread makes one call at a time.
        assert event["ts"] >= ends.get(event["tid"], 0) - 0.002, event
        ends[event["tid"]] = event["ts"] + event["dur"]
    elif phase == "i":
        assert event["s"] in ("g", "p", "t"), event
    else:
        assert event["args"] and all(is_time(v) for v in event["args"].values()), event
assert {e["tid"] for e in events if e["ph"] in "Xi"} <= named
assert {e["ph"] for e in events} >= {"M", "i"}, "events of some kinds are missing"

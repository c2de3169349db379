# SPDX-License-Identifier: MIT
"""The file of all figures: a line for each set, and in it each repetition."""

import json
import os

# More digits than a figure is worth.
DIGITS = 5


def pack(content):
    """Returns a set with each result as a row: values that all results share stand apart."""
    results = content["results"]
    names = list(dict.fromkeys(name for line in results for name in line))
    always = {
        name: results[0][name]
        for name in names
        if all(line.get(name) == results[0].get(name) for line in results)
    }
    columns = [name for name in names if name not in always]
    rows = [[line.get(name) for name in columns] for line in results]
    return {"about": content["about"], "always": always, "columns": columns, "rows": rows}


def unpack(packed):
    lines = (dict(zip(packed["columns"], row)) for row in packed["rows"])
    results = [
        packed["always"] | {name: value for name, value in line.items() if value is not None}
        for line in lines
    ]
    return {"about": packed["about"], "results": results}


def rounded(value):
    """Returns figures with as many digits as are kept, whole ones as whole numbers."""
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, float):
        value = float(f"{value:.{DIGITS}g}")
        return int(value) if value.is_integer() else value
    return value


def load(path):
    """Returns all sets that the file has, by name."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {name: unpack(packed) for name, packed in json.load(file).items()}


def save(path, data):
    lines = []
    for name, content in data.items():
        packed = pack(content)
        packed["rows"] = rounded(packed["rows"])
        lines.append(f"{json.dumps(name)}:{json.dumps(packed, separators=(',', ':'))}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")

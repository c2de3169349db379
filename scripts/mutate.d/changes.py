# SPDX-License-Identifier: MIT
"""The lists of changes, core.toml and so on, one for each folder.

A table is a change, by its name: `old`, text that is in the folder exactly once, and `new`, what
stands there instead. Space counts for little: wherever `old` has some, any will do. What may find it
are `tests`, names of ctest's tests with * and ?, or else those that the file begins with, in the
order in which they are tried; for the module `vm`, commands for its virtual machine. `equal` says
why a change changes nothing.
"""

import fnmatch
import re
from dataclasses import dataclass, field
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:
    # Before Python 3.11 it was a library of its own.
    import tomli as tomllib

FOLDERS = ["core", "emu", "shim", "kmod"]


@dataclass
class Change:
    """One change of one file."""

    folder: str
    name: str
    old: str
    new: str
    tests: list = field(default_factory=list)
    vm: list = field(default_factory=list)
    equal: str = ""
    file: str = ""

    def fit(self, sources):
        """Finds the file. Returns what stands in the way, or nothing."""
        pattern = re.compile(r"\s+".join(map(re.escape, self.old.split())))
        found = [path for path, text in sources.items() for _ in pattern.finditer(text)]
        if len(found) != 1:
            where = ", ".join(found) or "nowhere"
            return f"{self.folder}.toml: {self.name}: its old text must be there once, and is {where}"
        self.file = found[0]
        return None

    def apply(self, text):
        """Returns a file's text, changed."""
        pattern = r"\s+".join(map(re.escape, self.old.split()))
        return re.sub(pattern, lambda _: self.new.strip(), text)

    def stage(self, test):
        """Returns the place of a test among those that may find it, or None if it is none of them."""
        matching = (i for i, p in enumerate(self.tests) if fnmatch.fnmatchcase(test, p))
        return next(matching, None)


def read(root, folders):
    """Returns all changes, and what is wrong with them."""
    changes = []
    errors = []
    for folder in folders:
        path = root / "scripts/mutate.d" / f"{folder}.toml"
        tables = tomllib.loads(path.read_text())
        common = {key: tables.pop(key) for key in ("tests", "vm") if key in tables}
        sources = {
            str(file.relative_to(root)): file.read_text()
            for place in (folder, f"arch/x86_64/{folder}")
            for file in sorted(Path(root / place).glob("*.[ch]"))
        }
        for name, table in tables.items():
            change = Change(folder, name, **(common | table))
            error = change.fit(sources)
            if error:
                errors.append(error)
            else:
                changes.append(change)
    return sorted(changes, key=lambda c: (FOLDERS.index(c.folder), c.file)), errors

# SPDX-License-Identifier: MIT
"""What scripts/mutate builds before a test that it runs. Usage: mutate.py SOURCE-DIR"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, f"{sys.argv[1]}/scripts/mutate.d")
import suite
import tree


def built(folder, *words):
    """Returns the targets that are built for a test whose command these are."""
    asked = []
    copy = tree.Tree(folder, {})
    copy.call = lambda *command: asked.extend(command[3:])
    command = [word.format(build=copy.build) for word in words]
    copy.build_for(suite.Test("a test", command))
    copy.build_for(suite.Test("the same once more", command))
    return sorted(asked)


def main():
    """Returns the exit status."""
    cases = {
        "a program": (["{build}/bin/conformance"], ["bin/conformance"]),
        "the launcher, with its shim": (
            ["{build}/bin/exmap-run", "--", "{build}/bin/conformance"],
            ["bin/conformance", "bin/exmap-run", "lib/libexmap-shim.so"]),
        "all, for a folder of the build": (["/x/test.sh", "{build}/bin", "{build}/lib/a.so"], ["all"]),
        "all, for the build": (["/x/test.sh", "{build}"], ["all"]),
        "nothing of other folders": (["/x/test.sh", "/usr/lib", "/bin/sh"], []),
    }
    passed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in "bin/conformance", "bin/exmap-run", "lib/libexmap-shim.so", "lib/a.so":
            path = folder / "build" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        for what, (command, wanted) in cases.items():
            got = built(folder, *command)
            passed += got == wanted
            print(f"ok - {what}" if got == wanted else f"not ok - {what}: {got}, not {wanted}")
    print(f"{passed} passed, {len(cases) - passed} failed, 0 skipped")
    return passed != len(cases)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""Compares the manual pages with the tools and headers, and has mandoc and man check them.

Usage: manual.py BIN-DIR SOURCE-DIR
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from options import TOOLS, help_options, keys, output, same, words
from watched import BIN, SECONDS, WORK, Skip, run_all

SOURCE = Path(sys.argv[2])
PAGES = sorted((SOURCE / "man").glob("*.[0-9]"))


def plain(line):
    """Returns the text of a roff line: '.BR \\-\\-trap = auto' is '--trap=auto'."""
    if line.startswith("."):
        words = shlex.split(line.replace("\\", "\\\\"))
        line = ("" if re.match(r"\.(BR|RB|IR|RI|BI|IB)$", words[0]) else " ").join(words[1:])
    line = re.sub(r"\\f.|\\&|\\\|", "", line)
    return line.replace("\\-", "-")


def tags(page, section):
    """Returns the tags, in plain text, of the tagged paragraphs of a section of a page."""
    text = (SOURCE / "man" / page).read_text()
    found = re.search(rf'^\.SH "?{section}"?\n(.*?)(?=^\.SH|\Z)', text, re.S | re.M)
    return [plain(line) for line in re.findall(r"^\.TP.*\n(.*)", found[1], re.M)]


def page_options(tool):
    """The same of each option that the tool's page has a paragraph for."""
    found = [re.fullmatch(r"(?:-(.), )?--([a-z-]+)(=?).*", tag)
             for tag in tags(f"{tool}.1", "OPTIONS") if tag.startswith("-")]
    return {(o[1] or "", o[2], bool(o[3])) for o in found}


def has_options(tool):
    """The page of a tool has the options of its --help, and no others."""
    return lambda: same(help_options(tool), page_options(tool))


def page_has_words(option):
    """exmap-bench(1) has a paragraph for each pattern and backend, and for nothing else."""
    return lambda: same(words(option), {word for tag in tags("exmap-bench.1", option.upper())
                                        for word in tag.split(", ")})


def tools_have_pages():
    """Each tool that is built has a page, and no page is of a tool that is not."""
    same({f"{tool.name}.1" for tool in BIN.glob("exmap-*") if os.access(tool, os.X_OK)},
         {page.name for page in PAGES if page.suffix == ".1"})


def page_has_keys():
    """exmap(7) has the options of EXMAP_OPTIONS with their values, and no others."""
    known = keys()
    found = dict(tag.split("=", 1) for tag in tags("exmap.7", "OPTIONS"))
    same(set(known), set(found))
    for key, values in known.items():
        assert values in (None, found[key]), f"{key}: {values} are {found[key]} in exmap.7"


def page_has_strategies():
    """The table of strategies has each that there is, but for two that choose among them."""
    table = re.search(r"^_\n(.*?)^\.TE", (SOURCE / "man/exmap.7").read_text(), re.S | re.M)
    same({line.split("\t")[0] for line in table[1].splitlines()},
         set(keys()["strategy"].split("|")) - {"auto", "mixed"})


def texts_name_options():
    """All that README, documents and pages give exmap-run, and name as its keys, there is."""
    texts = [SOURCE / "README.md", *(SOURCE / "docs").glob("*.md"), *PAGES]
    text = "\n".join(path.read_text() for path in texts)
    text = re.sub(r"\\f.|\\&|^\.[A-Z]+ ", "", text, flags=re.M).replace("\\-", "-")
    commands = re.findall(r"exmap-run((?: +--?[a-z][\w-]*(?:[= ][\w=:.]+)?)+)", text)
    options = {name for command in commands for name in re.findall(r" --([a-z-]+)", command)}
    assert len(options) > 6, options
    same(options - {name for _, name, _ in help_options("exmap-run")}, set())
    # "key=value" stands for any.
    same(set(re.findall(r"--option[ =]([a-z-]+)", text)) - {*keys(), "key"}, set())
    # docs/performance.md says why there is none of this name.
    same(set(re.findall(r"\bstrategy=([a-z]+)", text)) - {*keys()["strategy"].split("|"), "shared"},
         set())


def readme_shows_a_bug():
    """What README shows of a command are lines of find-your-bug.md, which tools.find_your_bug runs."""
    block = re.compile(r"```console\n(\$ [^\n]*)\n(.*?)```", re.S)
    runs = dict(block.findall((SOURCE / "docs/find-your-bug.md").read_text()))
    shown = block.findall((SOURCE / "README.md").read_text())
    assert len(shown) == 1
    command, text = shown[0]
    lines = iter(runs[command].splitlines())
    for line in text.splitlines():
        assert line in lines, line


def takes_values():
    """exmap-run takes the values that the emulator takes."""
    known = keys()
    for key in ("strategy", "backend", "dialect", "trap"):
        for value in known[key].split("|"):
            said = output(BIN / "exmap-run", f"--{key}={value}", "--", "true")
            assert "--help lists" not in said, said


def example(page):
    """Returns the program in a page: the lines between SRC BEGIN and SRC END."""
    found = re.search(r'^\.\\" SRC BEGIN.*\n\.EX\n(.*)^\.EE\n\.\\" SRC END', page.read_text(),
                      re.S | re.M)
    return found[1].replace("\\&", "").replace("\\-", "-").replace("\\e", "\\")


def example_runs(name, *flags, by=(), wanted):
    """The example of a page compiles without a warning, and prints what it should."""
    def test():
        source = WORK / f"{name}.c"
        source.write_text(example(SOURCE / "man" / name))
        said = output("cc", "-Wall", "-Wextra", "-Werror", f"-I{SOURCE}/include", source,
                      "-o", WORK / name, *flags)
        assert not said, said
        assert output(*by, WORK / name) == wanted
    return test


def structures(text):
    """Returns the fields of each structure that a text defines, by name."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = re.findall(r"^struct (\w+) {\n(.*?)^};", text, re.S | re.M)
    return {name: fields.split() for name, fields in found}


def page_has_structures():
    """The structures that exmap.4 shows are those of the header."""
    shown = structures((SOURCE / "man/exmap.4").read_text())
    header = structures((SOURCE / "include/exmap.h").read_text())
    assert shown.keys() == {"exmap_ioctl_setup", "exmap_action_params"}
    for name, fields in shown.items():
        assert fields == header[name], f"{name} is {header[name]}"


def functions(text):
    """Returns the functions that a text declares, without white space."""
    found = re.findall(r"^[a-z][\w *]*\n?\bexmap_emu_\w+\([^;]*\);", text, re.M)
    return {"".join(declaration.split()) for declaration in found}


def page_has_functions():
    """The functions that exmap-emu.3 shows are those of the header."""
    page = (SOURCE / "man/exmap-emu.3").read_text()
    synopsis = re.search(r"^\.SH SYNOPSIS\n(.*?)^\.SH", page, re.S | re.M)[1]
    shown = functions("\n".join(plain(line).strip() for line in synopsis.splitlines()))
    header = functions((SOURCE / "include/exmap-emu.h").read_text())
    assert len(header) > 9
    same(shown, header)


def clean(tool, *arguments, **settings):
    """A program that checks manual pages finds nothing to say of any."""
    def test():
        if not shutil.which(tool):
            raise Skip(f"no {tool} here")
        for page in PAGES:
            run = subprocess.run([tool, *arguments, page], capture_output=True, text=True,
                                 timeout=SECONDS, check=False, **settings)
            # mandoc complains on stdout; man prints the page there.
            said = run.stderr + (run.stdout if tool == "mandoc" else "")
            assert not run.returncode and not said, f"{page.name}: {said}"
    return test


def main():
    tests = {f"{tool}.1 has the options of --help": has_options(tool) for tool in TOOLS}
    tests |= {
        "each tool has a page": tools_have_pages,
        "exmap-bench.1 has the patterns": page_has_words("patterns"),
        "exmap-bench.1 has the backends": page_has_words("backends"),
        "exmap.7 has the options of EXMAP_OPTIONS": page_has_keys,
        "exmap.7 has the strategies": page_has_strategies,
        "documents name options that there are": texts_name_options,
        "README shows a bug that is found": readme_shows_a_bug,
        "exmap-run takes the values that the emulator takes": takes_values,
        "exmap.4 has the header's structures": page_has_structures,
        "the example of exmap.4": example_runs("exmap.4", by=(BIN / "exmap-run", "--"),
                                               wanted="pages: 2\npages: 1\nhello, exmap\n"),
        "exmap-emu.3 has the header's functions": page_has_functions,
        "the example of exmap-emu.3": example_runs(
            "exmap-emu.3", f"-L{BIN}/../lib", "-lexmap-emu", f"-Wl,-rpath,{BIN}/../lib",
            wanted="2 pages\nhello, exmap\n"),
        "mandoc -Tlint": clean("mandoc", "-Tlint"),
        "man --warnings": clean("man", "--warnings", "-E", "UTF-8", "-Tutf8", "-l",
                                env=os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "80"}),
    }
    return run_all(tests)


if __name__ == "__main__":
    sys.exit(main())

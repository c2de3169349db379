# SPDX-License-Identifier: MIT
"""Compares the completion for bash and zsh with the tools.

Usage: completion.py BIN-DIR SOURCE-DIR
"""

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from options import TOOLS, help_options, keys, output, same, words
from watched import BIN, SECONDS, WORK, Skip, run_all

SOURCE = Path(sys.argv[2])
CHOICES = ("strategy", "backend", "dialect", "trap")
COMMANDS = {"dump", "stats", "chrome", "replay", "diff"}


def complete(*line):
    """Returns what bash would offer for the last word of a line. Readline makes = and : words of their own."""
    script = """. "$0"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _exmap "$1"
        [ "${#COMPREPLY[@]}" = 0 ] || printf '%s\n' "${COMPREPLY[@]}" """
    said = output("bash", "--norc", "-c", script, SOURCE / "completion/bash" / line[0], *line,
                  env=os.environ | {"PATH": f"{BIN.resolve()}:{os.environ['PATH']}"})
    return set(said.splitlines())


def bash_options():
    for tool in TOOLS:
        same(complete(tool, "--"),
             {f"--{name}{'=' * value}" for _, name, value in help_options(tool)})


def bash_values():
    known = keys()
    same(complete("exmap-run", "--option", "="), {f"{key}=" for key in known})
    same(complete("exmap-run", "-o", "st"),
         {f"{key}=" for key in known if key.startswith("st")})
    for key, values in known.items():
        values = set((values or "").split("|")) - {""}
        same(complete("exmap-run", "--option", "=", key, "="), values)
        if key in CHOICES:
            same(complete("exmap-run", f"--{key}", "="), values)
    for option in ("patterns", "backends"):
        same(complete("exmap-bench", f"--{option}", "="), words(option))
    same(complete("exmap-bench", "-p", "empty,page"), {"empty,page-read"})
    same(set(re.findall(r"\[OPTION...\] (\w+) ", output(BIN / "exmap-trace", "--help"))), COMMANDS)
    same(complete("exmap-trace", "--all", ""), COMMANDS)
    same(complete("exmap-trace", "dump", "s"), set())
    same(complete("exmap-calls", "--print", "m"), {"module"})
    same(complete("exmap-calls", "module", "e"), set())


def bash_rules():
    """The calls, errors and occasions that exmap-run lists when a rule is none."""
    same(complete("exmap-run", "--inject", "="), {"alloc:", "free:", "read:", "setup:"})
    same(complete("exmap-run", "--inject", "a"), {"alloc:"})
    usage = output(BIN / "exmap-run", "--inject=", "--", "true")
    for call in ("alloc", "free", "read", "setup"):
        errors = set(re.findall(rf"{call}:(\w+)", usage)) | ({"delay="} if call != "setup" else set())
        same(complete("exmap-run", "--inject", "=", call, ":"), errors)
    same(complete("exmap-run", "--inject", "read", ":", "eio", ":"),
         {f"{key}=" for key in re.findall(r":(\w+)=", usage)} - {"delay="})
    same(complete("exmap-run", "--inject", "=", "alloc", ":", "enomem", ":", "every", "=", "9", ":", "p"),
         {"p=", "pages="})
    # Where COMP_WORDBREAKS has no colon.
    same(complete("exmap-run", "--inject", "=", "alloc:en"), {"alloc:enomem"})
    same(complete("exmap-run", "--trace", "=", "/tmp/x", ":", "hello-e"), set())


def typed(keys):
    """Returns the line that an interactive bash makes of some keys."""
    line = WORK / "line"
    ours, theirs = pty.openpty()
    source = shlex.quote(str(SOURCE / "completion/bash/exmap-run"))
    with subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=theirs, stdout=theirs, stderr=theirs,
                          start_new_session=True,
                          env=os.environ | {"PATH": f"{BIN.resolve()}:{os.environ['PATH']}", "TERM": "dumb",
                                            "INPUTRC": "/dev/null", "HISTFILE": ""}) as bash:
        os.close(theirs)
        # ^A goes to the line's beginning.
        os.write(ours, f". {source}\n{keys}\x01echo >{line} \nexit\n".encode())
        try:
            while os.read(ours, 4096):
                pass
        except OSError:  # how Linux says that bash has gone
            pass
        bash.wait(SECONDS)
    os.close(ours)
    return line.read_text()[:-1]


def bash_types():
    for keys, line in (("--inject=a\t", "--inject=alloc:"), ("--inject=alloc:en\t", "--inject=alloc:enomem"),
                       ("--inject alloc:enomem:ev\t", "--inject alloc:enomem:every="),
                       ("--option=strategy=mi\t.", "--option=strategy=mixed ."),
                       ("--strategy=mi\t.", "--strategy=mixed .")):
        assert typed(f"exmap-run {keys}") == f"exmap-run {line}", (line, typed(f"exmap-run {keys}"))


def bash_client():
    """The word behind exmap-run's options is a command; what is behind that is the client's."""
    for options in ("", "--stats", "-s copy", "--strategy copy --", "--strategy = copy -v",
                    "-o strategy = copy", "--inject = alloc : enomem : every = 9 --"):
        same(complete("exmap-run", *options.split(), "hello-e"), {"hello-exmap"})
    same(complete("exmap-run", "hello-exmap", "--s"), set())


def zsh_says(tool):
    """Returns the lines of what zsh is told of a tool: options, keys and lists, with their values."""
    if not shutil.which("zsh"):
        raise Skip("no zsh here")
    script = """_arguments() {
            while [[ $1 = -[sS] ]] { shift }
            print -rl -- "$@" $keys "patterns:(${patterns-})" "backends:(${backends-})"
        }
        complete() { service=$2; . $1 }; complete $0 $1"""
    # Which other options an option excludes does not matter here.
    return re.sub(r"^\([^)]*\)", "", output("zsh", "-f", "-c", script,
                                           SOURCE / "completion/zsh/_exmap", tool), flags=re.M)


def zsh_offers(said):
    """Returns (name, words) of each value that is one of several words."""
    found = re.findall(r"^(?:--)?([a-z0-9-]+)=?(?:\[.*\])?:(?:.*:)?\((.*)\)$", said, re.M)
    return [(name, set(offer.split())) for name, offer in found]


def zsh_options():
    for tool in TOOLS:
        told = re.findall(r"^\*?(--?[\w?-]+)([+=]?)", zsh_says(tool), re.M)
        same({(name, bool(value)) for name, value in told},
             {(dashed, value) for short, name, value in help_options(tool)
              for dashed in (f"-{short}", f"--{name}") if dashed != "-"})


def zsh_values():
    said = zsh_says("exmap-run")
    known = {key: set(values.split("|")) if values else None for key, values in keys().items()}
    same(set(re.findall(r"^([a-z][a-z-]*)\[", said, re.M)), set(known))
    offers = [offer for offer in zsh_offers(said) if offer[0] in known]
    for name, values in offers:
        same(values, known[name])
    # Four of the keys are options of exmap-run's, too.
    assert sorted(name for name, _ in offers) == \
        sorted([*(key for key, values in known.items() if values), *CHOICES]), offers
    bench = dict(zsh_offers(zsh_says("exmap-bench")))
    for option in ("patterns", "backends"):
        same(bench[option], words(option))
    same(dict(zsh_offers(zsh_says("exmap-trace")))["1"], COMMANDS)


def main():
    return run_all({
        "bash completes the options": bash_options,
        "bash completes their values": bash_values,
        "bash completes rules": bash_rules,
        "bash completes the client": bash_client,
        "bash completes what is typed": bash_types,
        "zsh completes the options": zsh_options,
        "zsh completes their values": zsh_values,
    })


if __name__ == "__main__":
    sys.exit(main())

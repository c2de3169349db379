# SPDX-License-Identifier: MIT
"""Looks at clients with gdb and its exmap commands: live, in cores, and when they crash.

Usage: gdb_commands.py BIN-DIR LIB-DIR
"""

import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from watched import BIN, SECONDS, WORK, Client, Skip, run_all

LIB = Path(sys.argv[2]).resolve()
CLIENT = BIN / "watched-client"
SAFE = ["-iex", f"add-auto-load-safe-path {LIB}"]

COMMANDS = ["exmap info", "exmap page 2 1", "exmap page 600 1", "exmap page 268435455", "exmap page 1",
            "exmap interfaces 1", "exmap frames 1000", "exmap frames", "exmap history 2 1",
            "print $exmap(1)->user[1]", "print $exmap(1)->user[0].iov[0]",
            "print $exmap(1)->core.interfaces[1]->runs[0]",
            "print (struct exmap_action_params){0}"]

# Shows a byte of a page that the client has read from its backing.
LOOK = "print /x ((unsigned char *)$exmap(1)->surface->core.base)[20 * 4096]"
BACKING = "$1 = 0x78"

# What they say of a watched-client under history=. N stands for threads, 0x0 for addresses.
SAID = """\
exmap 1: 64 frames, 14 mapped, 50 free; 3 interfaces; with backing; 3 faults
  surface 0x0 to 0x0: 1024 pages, strategy copy
exmap 2: 8 frames, 3 mapped, 5 free; 1 interface; no backing; 0 faults
  surface 0x0 to 0x0: 268435456 pages, strategy copy
exmap 3: 16 frames, 0 mapped, 16 free; 1 interface; no backing; 0 faults
  no surface is mapped
page 2 of exmap 1, at 0x0: not allocated
  FREE of pages 2 to 3 through interface 1 by thread N
  ALLOC of pages 0 to 9 through interface 0 by thread N, 1 action of it ago
page 600 of exmap 1, at 0x0: allocated, frame F
  ALLOC of page 600 through interface 0 by thread N
page 268435455 of exmap 2, at 0x0: allocated, frame F
  ALLOC of page 268435455 through interface 0 by thread N
page 1 of exmap 1, at 0x0: allocated, frame F
  ALLOC of pages 0 to 9 through interface 0 by thread N, 1 action of it ago
page 1 of exmap 2, at 0x0: not allocated
  none of the actions that are kept names it
exmap 1: interface, address of its vectors, free frames in its list, steals; actions, pages \
allocated and freed, bytes read; who is in a call
   0 0x0      5      0         2        11         0         0  -
   1 0x0      2      0         1         0         2         0  -
   2 0x0     11      0         1         5         0     20480  -
exmap 1: frame 1000: nowhere
exmap 2: frame 1000: nowhere
exmap 3: frame 1000: nowhere
exmap 1: 64 frames: 14 mapped, 18 in the interfaces' lists, 32 in the depot, 0 with calls in progress
exmap 2: 8 frames: 3 mapped, 5 in the interfaces' lists, 0 in the depot, 0 with calls in progress
exmap 3: 16 frames: 0 mapped, 0 in the interfaces' lists, 16 in the depot, 0 with calls in progress
exmap 1:
  ALLOC of page 600 through interface 0 by thread N
  READ of pages 20 to 24 through interface 2 by thread N
$1 = 1 vector of 512, the others are 0 = {{page 8589934592, len 0; as a result: res 0, pages 2}}
$2 = {page 4294967296, len 0; as a result: res 0, pages 1}
$3 = {pages 2 to 3 of vector 0}
$4 = {READ of 0 vectors through interface 0}
"""


def gdb(*arguments, **settings):
    return subprocess.run(["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off",
                           "-iex", "set width 0", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False,
                          **settings).stdout


def execute(commands):
    return [word for command in commands for word in ("-ex", command)]


def plain(text):
    """Returns what the exmap commands said, without what differs from run to run."""
    text = text[text.index("exmap 1: "):]
    text = re.sub(r"0x[0-9a-f]+", "0x0", text)
    text = re.sub(r"thread \d+", "thread N", text)
    return re.sub(r"allocated, frame \d+", "allocated, frame F", text)


def same(got):
    """The output is SAID, perhaps with more behind it."""
    got = plain(got).splitlines()[:len(SAID.splitlines())]
    for number, (line, wanted) in enumerate(zip(got, SAID.splitlines())):
        assert line == wanted, "\n".join([*got[:number], f"and not: {wanted}"])
    assert len(got) == len(SAID.splitlines())


def kept():
    return Client(options=["--strategy=copy", "--option=history=8"])


def live():
    with kept() as client:
        same(gdb(*SAFE, "-p", str(client.pids[0]), *execute(COMMANDS)))
        assert BACKING in gdb(*SAFE, "-p", str(client.pids[0]), *execute([LOOK]))


def small(core):
    """The core has what was touched of the page table, and not 2 GiB; nothing of the surface."""
    assert core.stat().st_blocks * 512 < 100 << 20, core.stat()
    assert BACKING not in gdb(*SAFE, str(CLIENT), str(core), *execute([LOOK]))


def saved_core():
    """A core that gdb wrote says the same as the process."""
    core = WORK / "core.saved"
    with kept() as client:
        gdb(*SAFE, "-p", str(client.pids[0]), *execute([f"gcore {core}"]))
    same(gdb(*SAFE, str(CLIENT), str(core), *execute(COMMANDS)))
    small(core)


def crash_core():
    """So does one that the kernel wrote."""
    if Path("/proc/sys/kernel/core_pattern").read_text().strip() != "core":
        raise Skip("the kernel does not write a file 'core' here (kernel.core_pattern)")
    folder = WORK / "crash"
    folder.mkdir()

    def allow():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    subprocess.run([BIN.resolve() / "exmap-run", "--strategy=copy", "--option=history=8", "--",
                    CLIENT.resolve(), WORK / "backing", "crash"], stdin=subprocess.DEVNULL,
                   capture_output=True, cwd=folder, preexec_fn=allow, timeout=SECONDS, check=False)
    cores = list(folder.iterdir())
    if not cores:
        raise Skip("the kernel wrote no core here (ulimit -Hc)")
    told = gdb(*SAFE, str(CLIENT), str(cores[0]), *execute(COMMANDS))
    same(told.replace("backing; 4 faults", "backing; 3 faults", 1))
    small(cores[0])


def run_to_the_end():
    """gdb does not stop at the faults that the client handles, but before it dies of one."""
    told = gdb(*SAFE, *execute(["run", "echo stopped\\n", "backtrace", "info signals SIGSYS",
                                "exmap page info->_sifields._sigfault.si_addr", "continue"]),
               "--args", str(BIN / "exmap-run"), "--strategy=copy", "--trap=on", "--", str(CLIENT),
               str(WORK / "backing"), "crash", stdin=subprocess.DEVNULL)
    assert re.search(r"^exmap: the program is about to die of SIGSEGV, at address 0x\w+2000; .*\n"
                     r"(.*\n)*?stopped\n#0 .*\n(.*\n)*?#\d+ .*signal handler called.*\n"
                     r"#\d+ .*main .*watched_client.c:", told, re.M), told
    assert re.search(r"^SIGSYS\s+No\s+No\s+Yes", told, re.M), told
    assert re.search("^page 2 of exmap 1, at 0x\\w+: not allocated", told, re.M), told
    assert "Program received" not in told, told
    assert "Program terminated with signal SIGSEGV" in told, told


def stacks():
    """With history-stacks= each action has the client's function and line."""
    with Client(options=["--debug"]) as client:
        told = gdb(*SAFE, "-p", str(client.pids[0]), *execute(["exmap page 2 1"]))
    lines = re.findall(r"^    #\d+ 0x\w+ in (\w+) watched_client.c:\d+$", told, re.M)
    assert lines.count("act") == 2 and len(lines) > 2, told


def busy():
    """A frame is found, and who is in a call."""
    with Client(options=["--strategy=copy"]) as client:
        where = gdb(*SAFE, "-p", str(client.pids[0]), *execute(
            ["set $word = $exmap(1)->surface->core.table[600]",
             "exmap frames ($word>>12)&0xffffffff 1"]))
        assert re.search(r"^exmap 1: frame \d+: page 600$", where, re.M), where
        who = gdb(*SAFE, "-p", str(client.pids[0]), *execute(
            ["set $exmap(1)->core.interfaces[1]->lock.__data.__owner = 4711", "exmap interfaces 1",
             "set $exmap(1)->core.interfaces[1]->lock.__data.__owner = 0"]))
        assert re.search(r"^   1 .* thread 4711$", who, re.M), who
        assert "  exmap-run --debug keeps who" in gdb(
            *SAFE, "-p", str(client.pids[0]), *execute(["exmap page 2"]))


def quarantine():
    """Frames that an option holds back are told apart."""
    with Client(options=["--strategy=copy", "--option=quarantine=1"]) as client:
        told = gdb(*SAFE, "-p", str(client.pids[0]), *execute(
            ["exmap frames 1", "exmap frames", "python keeper = exmaps(1)[0]",
             "python held = list(keeper.free_frames())[-1][2][0]",
             "python gdb.execute(f'exmap frames {held} 1')"]))
    assert re.search(r"^exmap 1: 64 frames: 14 mapped, 1 in the interfaces' lists, 48 in the depot, "
                     r"1 in the quarantine, 0 with", told, re.M), told
    assert re.search(r"^exmap 1: frame \d+: free, in the quarantine$", told, re.M), told


def child():
    """In a child of fork() its own exmaps only."""
    with Client() as client:
        told = gdb(*SAFE, "-p", str(client.pids[1]), *execute(["exmap info"]))
        assert re.findall(r"^exmap \d+: (\d+) frames, (\d+) mapped", told, re.M) == [("32", "4")]
        told = gdb(*SAFE, "-p", str(client.pids[2]), *execute(["exmap info"]))
        assert "this process has no exmap" in told, told


def mistakes():
    with Client() as client:
        for command, answer in {
                "exmap page": "usage: exmap page NUMBER|ADDRESS [EXMAP]",
                "exmap page 1 2 3": "usage: exmap page NUMBER|ADDRESS [EXMAP]",
                "exmap page nonsense": "a number is wanted, not 'nonsense'",
                "exmap page -1": "is no page and no address of a surface",
                "exmap info 77": "no exmap 77; exmap info lists them"}.items():
            told = gdb(*SAFE, "-p", str(client.pids[0]), *execute([command]))
            assert answer in told, told


def linked():
    """A program that links libexmap-emu.so."""
    told = gdb(*SAFE, *execute(["break munmap", "run", "exmap info"]), str(BIN / "linked"),
               stdin=subprocess.DEVNULL)
    assert re.search(r"^exmap 1: 64 frames, \d+ mapped", told, re.M), told


def not_safe():
    """Without the line that permits it, gdb says which line that is."""
    with Client() as client:
        told = gdb("-p", str(client.pids[0]), *execute(["exmap info"]))
        assert re.search(r"auto-loading has been declined by your `auto-load safe-path'", told), told
        assert "add-auto-load-safe-path" in told, told


TESTS = {
    "live": live,
    "a core that gdb saved": saved_core,
    "a core of the kernel's": crash_core,
    "run until it dies": run_to_the_end,
    "stacks": stacks,
    "a frame, and a call": busy,
    "frames in quarantine": quarantine,
    "children": child,
    "mistakes": mistakes,
    "a program that links the emulator": linked,
    "not permitted": not_safe,
}

if __name__ == "__main__":
    if not shutil.which("gdb"):
        print("1..0 # SKIP no gdb here (scripts/deps test)")
        sys.exit(77)
    sys.exit(run_all(TESTS))

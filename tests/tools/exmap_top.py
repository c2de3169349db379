# SPDX-License-Identifier: MIT
"""Looks at clients with exmap-top: as JSON, as tables, and on the screen of a tmux.

Usage: exmap_top.py BIN-DIR
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from watched import BIN, SECONDS, WORK, Client, Skip, run_all

TOP = BIN / "exmap-top"


def top(*arguments, **settings):
    return subprocess.run([TOP, "--interval=0.2", *arguments], capture_output=True, text=True,
                          timeout=SECONDS, check=False, **settings)


def exmaps(*arguments):
    """Returns the exmaps of --once --json, by process and number."""
    run = top("--once", "--json", *arguments)
    assert run.returncode == 0, run.stderr
    return {(x["pid"], x["exmap"]): x for x in json.loads(run.stdout)["exmaps"]}


def equal(got, **wanted):
    for name, value in wanted.items():
        assert got[name] == value, f"{name} is {got[name]}, not {value}"


def check_known(seen, parent):
    """The three exmaps of a watched-client, which does nothing now."""
    equal(seen[parent, 1], command="watched-client", backend="emu", frames=64, resident=14,
          faults=3, largest_batch=10)
    first = seen[parent, 1]["interfaces"]
    assert len(first) == 3
    equal(first[0], interface=0, actions=2, allocated=11, freed=0, bytes_read=0, mean_batch=5.5)
    equal(first[1], actions=1, allocated=0, freed=2, free=2, largest_batch=2)
    equal(first[2], actions=1, allocated=5, bytes_read=5 * 4096)
    equal(first[0]["per_second"], actions=0, pages=0, reads=0, steals=0)
    equal(seen[parent, 1]["surface"], pages=1024)
    cells = seen[parent, 1]["surface"]["map"]
    assert cells["cell_pages"] == 4 and len(cells["present"]) == 256
    # Pages 0 to 9 but for 2 and 3; 20 to 24; 600.
    assert cells["present"][:8] == [0.5, 1, 0.5, 0, 0, 1, 0.25, 0], cells["present"]
    assert cells["present"][150] == 0.25 and sum(cells["present"]) == 3.5
    assert not any(cells["changed"])

    equal(seen[parent, 2], frames=8, resident=3, faults=0)
    huge = seen[parent, 2]["surface"]
    assert huge["pages"] == 1 << 28
    there = [i for i, share in enumerate(huge["map"]["present"]) if share]
    assert there == [0, 128, 255], there
    equal(seen[parent, 3], frames=16, resident=0, surface=None, strategy=None)


def known_figures(strategy):
    """The figures are those of what the client did, and no others."""
    def test():
        run = subprocess.run([BIN / "exmap-run", f"--strategy={strategy}", "--", "true"],
                             capture_output=True, check=False)
        if run.returncode:
            raise Skip(f"no strategy={strategy} here")
        with Client(options=[f"--strategy={strategy}"]) as client:
            seen = exmaps(f"--pid={client.pids[0]}")
            assert len(seen) == 3, seen.keys()
            check_known(seen, client.pids[0])
            assert seen[client.pids[0], 1]["strategy"] == strategy
    return test


def past_libc():
    """The same of a client whose system calls are trapped."""
    with Client(options=["--trap=on"]) as client:
        check_known(exmaps(f"--pid={client.pids[0]}"), client.pids[0])


def go():
    """Of a client in Go, whose system calls go past libc and which moves between threads."""
    program = BIN / "languages/go"
    if not program.exists():
        raise Skip("no program of Go's, which is built where go is")
    with subprocess.Popen([BIN / "exmap-run", "--", program, "wait"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "waiting\n"
        (_, exmap), seen = exmaps(f"--pid={process.pid}").popitem()
        process.stdin.close()
        assert process.wait(SECONDS) == 0
    assert exmap == 1
    equal(seen, command="go", backend="emu", frames=128, resident=5, faults=1)
    equal(seen["interfaces"][3], actions=600, allocated=300 * 32, freed=300 * 32)


def children():
    """A child has the exmaps that it opened, and not those that it has copies of."""
    with Client() as client:
        parent, child, other = client.pids
        seen = exmaps()
        assert [exmap for pid, exmap in seen if pid == parent] == [1, 2, 3]
        mine = [x for (pid, _), x in seen.items() if pid == child]
        assert len(mine) == 1
        equal(mine[0], frames=32, resident=4, largest_batch=4)
        assert not [pid for pid, _ in seen if pid == other]
        assert exmaps(f"--pid={other}") == {}


def no_memory():
    """To look at a sparse surface gives its page table no memory."""
    with Client() as client:
        folder = Path(f"/proc/{client.pids[0]}/fd")
        tables = [fd for fd in folder.iterdir()
                  if os.readlink(fd) == "/memfd:exmap page table (deleted)"]
        before = [os.stat(table).st_blocks for table in tables]
        exmaps(f"--pid={client.pids[0]}")
        assert len(tables) == 3 - 1 and [os.stat(table).st_blocks for table in tables] == before


def rates():
    """A busy client has rates, and its map changes where it is busy and nowhere else."""
    with Client("busy") as client:
        # On a busy machine the client may be where it was before, many times.
        for _ in range(200):
            seen = exmaps(f"--pid={client.pids[0]}")[client.pids[0], 1]
            changed = seen["surface"]["map"]["changed"]
            assert not any(changed[:128]) and not any(changed[136:])
            if any(changed):
                break
        else:
            raise AssertionError("no change was seen")
        assert seen["per_second"]["actions"] > 0
        # The figures are not of one moment, so the mean may be a little off.
        assert seen["mean_batch"] > 0
        equal(seen, largest_batch=32)
        equal(seen["interfaces"][2]["per_second"], actions=0, reads=0)
        assert seen["interfaces"][0]["per_second"]["pages"] > 0
        # Interface 0 allocates what interface 1 frees.
        assert seen["per_second"]["steals"] > 0


def ends_meanwhile():
    """A client that ends between the two looks is not shown, and is no error."""
    client = Client()
    with client:
        assert exmaps(f"--pid={client.pids[0]}")
        looking = subprocess.Popen([TOP, "--once", "--json", "--interval=2"],
                                   stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
    printed, _ = looking.communicate(timeout=SECONDS)
    assert looking.returncode == 0
    assert not [x for x in json.loads(printed)["exmaps"] if x["pid"] in client.pids]


def tables():
    with Client() as client:
        run = top("--once", f"--pid={client.pids[0]}")
        assert run.returncode == 0
        assert re.search(rf"^ *{client.pids[0]} watched-clie  1 \w+ +64 +14 ", run.stdout, re.M)
        assert re.search(r"^ +1 +2 +0 +0 +0 +0 +2 +2$", run.stdout, re.M), run.stdout


def module_folder():
    """The module's exmaps, from files as kmod/debug.c writes them."""
    folder = WORK / "debugfs"
    (folder / "77-3").mkdir(parents=True)
    (folder / "frames").write_text("512\n")
    (folder / "77-3/frames").write_text("frames 512\nmapped 100\nfree 412\n")
    (folder / "77-3/interfaces").write_text(
        "interface free steals actions allocated freed bytes_read largest\n"
        "0 7 6 5 4 3 8192 2\n1 17 16 15 14 13 0 9\n")
    seen = exmaps(f"--debugfs={folder}")[77, 3]
    equal(seen, backend="module", frames=512, resident=100, faults=None, surface=None,
          largest_batch=9)
    equal(seen["interfaces"][0], free=7, steals=6, actions=5, allocated=4, freed=3,
          bytes_read=8192, largest_batch=2)
    equal(seen["interfaces"][1], free=17, steals=16, actions=15, allocated=14, freed=13)


def refused(run, what):
    assert run.returncode == 2, run.returncode
    assert re.fullmatch(f"exmap-top: .*{what}.*\n", run.stderr), run.stderr
    assert not run.stdout


# A user that has no other process: nobody may have exmaps in another test.
NOBODY_ELSE = 65531


def somebody_elses():
    """A process of another user's: said in words."""
    if os.getuid():
        refused(top("--once", "--pid=1"), r"process 1 may not be looked into \(EPERM\)")
        return
    with Client() as client:
        public = Path(tempfile.mkdtemp())
        try:
            public.chmod(0o755)
            shutil.copy(TOP, public)
            run, every = (subprocess.run(
                [public / "exmap-top", "--once", "--interval=0.2", *arguments], user=NOBODY_ELSE, group=NOBODY_ELSE,
                extra_groups=[], capture_output=True, text=True, timeout=SECONDS, check=False)
                for arguments in ([f"--pid={client.pids[0]}"], []))
        finally:
            shutil.rmtree(public)
        refused(run, rf"{client.pids[0]} may not be looked into \(EPERM\): it is user 0's")
        assert re.fullmatch("exmap-top: no process that may be looked into has an exmap; .*as root\n",
                            every.stderr), every.stderr


def locked_memory():
    """As under kernel.yama.ptrace_scope=1: a client's files are seen, and its memory is not."""
    if not (BIN / "refuse").exists():
        raise Skip("no program refuse, which is built where libseccomp is")
    under = [BIN / "refuse", "process_vm_readv=EPERM", "--", TOP, "--interval=0.2"]
    with Client() as client:
        def look(*arguments):
            return subprocess.run([*under, *arguments], capture_output=True, text=True,
                                  timeout=SECONDS, check=False)

        refused(look("--once", f"--pid={client.pids[0]}"),
                rf"{client.pids[0]} may not be looked into \(EPERM\).*ptrace_scope; .*as root")
        run = look("--once", f"--debugfs={WORK / 'no such folder'}")
        assert run.returncode == 0 and not run.stdout, run.stdout
        assert re.fullmatch(r"exmap-top: left out: ([3-9]|\d\d+) with an exmap .*ptrace_scope; .*\n",
                            run.stderr), run.stderr
        seen = json.loads(look("--once", "--json").stdout)
        assert seen["locked"] >= 3 and not [x for x in seen["exmaps"] if x["backend"] == "emu"]
        with Screen(100, 24, before=under[:3]) as terminal:
            terminal.wait(r"^exmap-top: .*\[([3-9]|\d\d+) more: EPERM; be root\]$")


def bad_arguments():
    refused(top("--once", f"--pid={os.getpid()}"), "has opened no exmap")
    refused(top("--once", "--pid=4194304"), "there is no process 4194304")
    refused(top("--once", "--pid=x"), "--pid=x: a number from 1 to 4194304 is wanted")
    refused(top("--json"), "--json wants --once")
    refused(top("--once", "--interval=0"), "--interval=0: a number")
    refused(top(), "no terminal")


def disk_is_full():
    """Tables, JSON or help that cannot be written are no success."""
    with Client() as client:
        for arguments in (["--once", f"--pid={client.pids[0]}"], ["--once", "--json"], ["--help"]):
            with open("/dev/full", "wb") as full:
                run = subprocess.run([TOP, "--interval=0.1", *arguments], stdout=full, stderr=subprocess.PIPE,
                                     text=True, timeout=SECONDS, check=False)
            assert run.returncode == 1, (arguments, run)
            assert re.fullmatch("exmap-top: stdout cannot be written(: No space left on device)?\n",
                                run.stderr), run


def another_version():
    """Something else in a memfd of that name, such as what another version writes there."""
    fd = os.memfd_create("exmap state")
    try:
        os.write(fd, b"?" * 1000)
        refused(top("--once", f"--pid={os.getpid()}"), "another version")
    finally:
        os.close(fd)


class Screen:
    """exmap-top on a terminal of so many columns and lines."""

    def __init__(self, columns, lines, *arguments, before=()):
        self.tmux = ["tmux", "-L", f"exmap-top-{os.getpid()}", "-f", "/dev/null"]
        command = ["env", "LC_ALL=C.UTF-8", *map(str, before), str(TOP), "--interval=0.2", *arguments]
        self.run("new-session", "-d", "-x", str(columns), "-y", str(lines), *command)

    def run(self, *arguments):
        return subprocess.run([*self.tmux, *arguments], stdout=subprocess.PIPE, text=True,
                              timeout=SECONDS, check=True).stdout

    def key(self, name):
        self.run("send-keys", name)

    def wait(self, pattern, colours=False):
        """Waits for the pattern to be on the screen. Returns the screen."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            text = self.run("capture-pane", "-p", *(["-e"] if colours else []))
            if re.search(pattern, text, re.M):
                return text
            time.sleep(0.1)
        raise AssertionError(f"the screen has no {pattern}:\n{text}")

    def gone(self):
        """Waits for exmap-top to end, and tmux with it."""
        end = time.monotonic() + SECONDS
        while subprocess.run([*self.tmux, "list-sessions"], capture_output=True,
                             check=False).returncode == 0:
            assert time.monotonic() < end
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self.tmux, "kill-server"], capture_output=True, check=False)


def screen(columns, lines):
    """All keys, on a terminal of that size, with a busy client."""
    def test():
        if not shutil.which("tmux"):
            raise Skip("no tmux here (scripts/deps test)")
        with Client("busy") as client, Screen(columns, lines,
                                              f"--pid={client.pids[0]}") as terminal:
            terminal.wait(r"^ +0 .* [0-9.]+ +32$")
            # The last line is drawn last.
            rows = terminal.wait(r"q quit$").splitlines()
            assert len(rows) == lines and max(map(len, rows)) <= columns
            assert rows[0] == "exmap-top: 3 exmaps of 1 process, by number", rows[0]
            assert ("STEAL/s" in rows[1]) == (columns > 80)
            assert re.match(rf" *{client.pids[0]} watched-clie  1 ", rows[2]), rows[2]
            assert rows[-1].endswith("q quit")
            # Each page has a cell: there is room for all 1024.
            surface = terminal.wait(r"^SURFACE of 4.0 MiB at 0x\w+, 4.0 MiB from page 0, a cell is "
                                    r"4 KiB$").split("a cell is 4 KiB\n")[1].splitlines()
            assert surface[0].startswith("██··██████··········█████··"), surface[0]
            assert surface[600 // columns][600 % columns] == "█"
            # Red: where it changes.
            terminal.wait(r"\x1b\[[0-9;]*31m", colours=True)

            terminal.key("Down")
            terminal.wait(r"^SURFACE of 1.0 TiB")
            terminal.key("Down")
            terminal.wait(r"^SURFACE: none is mapped")
            terminal.key("Up")
            terminal.key("Up")
            terminal.wait(r"^SURFACE of 4.0 MiB")
            terminal.key("NPage")
            terminal.wait(r"INTERFACE.*\n +1 ")
            terminal.key("PPage")
            terminal.wait(r"INTERFACE.*\n +0 ")
            terminal.key("r")
            terminal.wait(r"by number reversed$(.*\n)*.*INTERFACE.*\n +2 ")
            terminal.key("r")
            terminal.key("s")
            terminal.wait(r"^exmap-top: .* by frames$(.*\n){2}.*watched-clie  1 .*\n"
                          r".*watched-clie  3 .*\n.*watched-clie  2 ")
            terminal.key("h")
            terminal.wait(r"^  f, space +freeze")
            terminal.key("h")
            terminal.key("f")
            frozen = terminal.wait(r"\[frozen\]")
            time.sleep(1)
            assert terminal.wait(r"\[frozen\]") == frozen
            terminal.key("f")
            terminal.wait(r"by frames$")
            client.process.stdin.close()
            terminal.wait("No process that may be looked into has an exmap")
            terminal.key("q")
            terminal.gone()
    return test


TESTS = {
    **{f"figures under {name}": known_figures(name) for name in ("move", "copy", "guard",
                                                                  "mprotect")},
    "figures of a client that is trapped": past_libc,
    "figures of a client in Go": go,
    "children": children,
    "a huge surface gets no memory": no_memory,
    "rates and changes": rates,
    "a client ends meanwhile": ends_meanwhile,
    "tables": tables,
    "the module's debugfs": module_folder,
    "somebody else's process": somebody_elses,
    "a process whose memory is locked": locked_memory,
    "bad arguments": bad_arguments,
    "another version": another_version,
    "output that cannot be written": disk_is_full,
    "a screen of 80 x 24": screen(80, 24),
    "a screen of 200 x 60": screen(200, 60),
}


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

# SPDX-License-Identifier: MIT
"""gdb's commands for exmaps: `exmap info`, `page`, `interfaces`, `frames`, `history`; printers.

gdb loads this file with libexmap-shim.so or libexmap-emu.so: it is installed as their auto-load
script. It reads the emulator's structures, by the debug information of the library, in a live
process or a core file; it calls no function of the process. How the structures are meant is said in
core/ and emu/.
"""

import re

# pylint: disable=import-error
import gdb
import gdb.printing
import gdb.types

PAGE = 4096
BLOCK_PAGES = 512
NO_BUNDLE = 0xffffffff
PRESENT, BUSY, FRAME, SHADOW = 1 << 0, 1 << 9, 1 << 10, 1 << 11
OPCODES = {0: "READ", 1: "ALLOC", 2: "FREE", 3: "SHADOW", 4: "RM_SD"}
# Lines of `exmap history` if no number is given.
HISTORY = 20


def static(file, name):
    """Returns a static variable of the emulator's. Other files may have some of that name."""
    try:
        return gdb.parse_and_eval(f"'{file}'::{name}")
    except gdb.error as error:
        for objfile in gdb.objfiles():
            if re.search(r"/libexmap-(shim|emu)\.so[.0-9]*$", objfile.filename or ""):
                raise gdb.GdbError(f"{objfile.filename} has no debug information ({error}); build it "
                                   "with cmake --preset default, or install its package's "
                                   "-dbgsym") from error
        raise gdb.GdbError("no libexmap-shim.so in this process; start it with "
                           "exmap-run") from error


def plural(n, what):
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def pages_of(page, n):
    return f"page {page}" if n == 1 else f"pages {page} to {page + n - 1}"


def opcode_name(opcode):
    return OPCODES.get(int(opcode), f"opcode {int(opcode)}")


def array(start, n):
    """Returns @n numbers of 32 bits, read at once."""
    if not int(n):
        return []
    address = int(start.address if start.type.code == gdb.TYPE_CODE_ARRAY else start)
    memory = gdb.selected_inferior().read_memory(address, int(n) * 4)
    return list(memoryview(memory).cast("B").cast("I"))


class Surface:
    """A mapped surface, and its page table."""

    def __init__(self, pointer):
        self.struct = pointer.dereference()
        self.core = self.struct["core"]
        self.base = int(self.core["base"])
        self.nr_pages = int(self.core["nr_pages"])

    def touched(self, block):
        return int(self.core["touched"][block // 64]) >> block % 64 & 1

    def touched_blocks(self):
        """Yields the numbers of the blocks in which a page was ever allocated."""
        last = (self.nr_pages - 1) // BLOCK_PAGES
        for word in range(last // 64 + 1):
            bits = int(self.core["touched"][word])
            for i in range(64):
                if bits >> i & 1:
                    yield word * 64 + i

    def word(self, page):
        """Returns the page's word of the table."""
        return int(self.core["table"][page]) if self.touched(page // BLOCK_PAGES) else 0

    def words(self, block):
        first = block * BLOCK_PAGES
        n = min(BLOCK_PAGES, self.nr_pages - first)
        memory = gdb.selected_inferior().read_memory(int(self.core["table"]) + first * 8, n * 8)
        return first, memoryview(memory).cast("B").cast("Q")


class Exmap:
    """A struct exmap_device."""

    def __init__(self, pointer):
        self.pointer = pointer
        self.struct = pointer.dereference()
        self.core = self.struct["core"]
        self.serial = int(self.struct["serial"])
        self.frames = int(self.core["buffer_size"])
        self.interfaces = [self.core["interfaces"][i].dereference()
                           for i in range(int(self.core["nr_interfaces"]))]
        surface = self.struct["surface"]
        self.surface = Surface(surface) if surface else None

    def mapped(self):
        counts = [i["counts"] for i in self.interfaces]
        return (sum(int(c["allocated"]) for c in counts) - sum(int(c["freed"]) for c in counts) -
                int(self.core["forgotten"]))

    def list(self, i):
        return self.core["pool"]["lists"][i]

    def depot(self):
        """Yields the bundles of free frames that no interface has."""
        bundles = self.core["pool"]["bundles"]
        index = int(self.core["pool"]["full"]["head"]) & 0xffffffff
        # Threads may move bundles while a live process is not stopped: not for ever.
        for _ in range(int(self.core["pool"]["nr_bundles"])):
            if index == NO_BUNDLE:
                break
            yield bundles[index]
            index = int(bundles[index]["next"])

    def free_frames(self):
        """Yields where free frames are: a place, whether it is an interface's list, the frames."""
        n = len(self.interfaces)
        if self.core["pool"]["keeper"]:
            yield from self.kept_frames(n)
            return
        for i in range(n):
            lists = self.list(i)
            yield f"list of interface {i}", True, [
                frame for bundle in ("loaded", "spare")
                for frame in array(lists[bundle]["frame"], lists[bundle]["count"])]
        yield "depot", False, [frame for bundle in self.depot()
                               for frame in array(bundle["frame"], bundle["count"])]

    def kept_frames(self, n):
        """The same under quarantine=, shuffle= and steal=always: emu/keeper.h."""
        keeper = self.core["pool"]["keeper"].cast(
            gdb.lookup_type("struct emu_keeper").pointer())
        for i in range(n + 1):
            frames = array(keeper["frames"] + i * self.frames, keeper["nr_free"][i])
            yield (f"list of interface {i}", True, frames) if i < n else ("depot", False, frames)
        held, oldest = keeper["held"], int(keeper["oldest"])
        yield "quarantine", False, [int(held[(oldest + i) % self.frames])
                                    for i in range(int(keeper["nr_held"]))]


def exmaps(wanted=None):
    """Returns the exmaps of the process, the oldest first; or the one of a number."""
    found = []
    pointer = static("emu/device.c", "devices")
    while pointer:
        found.append(Exmap(pointer))
        pointer = pointer["next"]
    # Copies of the parent's, in a child of fork().
    generation = static("emu/generation.c", "generation")
    mine = int(generation.dereference()) if generation else 0
    found = [x for x in found if int(x.struct["generation"]) == mine]
    if wanted is not None:
        found = [x for x in found if x.serial == wanted]
        if not found:
            raise gdb.GdbError(f"no exmap {wanted}; exmap info lists them")
    return found[::-1]


def holder(lock):
    """Who holds an interface's lock, in words."""
    owner = int(lock["__data"]["__owner"])
    return f"thread {owner}" if owner else "-"


def describe(surface, page):
    """What the page table says of a page."""
    try:
        word = surface.word(page)
    except gdb.MemoryError:
        return "unknown: its part of the page table is not in the core file"
    frame = word >> 12 & ((1 << 40) - 1)
    if word & BUSY:
        return f"busy: a call owns it{f', with frame {frame}' if word & FRAME else ''}"
    if word & SHADOW:
        return f"a shadow, made through interface {word >> 44 & 0xff}"
    if word & PRESENT:
        return f"allocated, frame {frame}"
    return "not allocated"


class Event:
    """A record of the history."""

    def __init__(self, interface, ago, record, spans):
        self.interface = interface
        self.ago = ago
        self.record = record
        self.order = int(record["order"])
        self.opcode = int(record["opcode"])
        self.spans = spans

    def names(self, page):
        return any(start <= page < start + n for start, n in self.spans)

    def stack(self):
        """Yields a line for each caller, the innermost first."""
        stack = self.record["stack"]
        for i in range(int(stack["nr"])):
            pc = int(stack["pc"][i])
            # Behind the call: the line is that of the instruction before.
            block = gdb.block_for_pc(pc - 1)
            while block and not block.function:
                block = block.superblock
            sal = gdb.find_pc_line(pc - 1)
            where = f" {sal.symtab.filename.split('/')[-1]}:{sal.line}" if sal.symtab else ""
            yield f"#{i} {pc:#x} in {block.function if block else '??'}{where}"

    def text(self):
        ranges = ", ".join(pages_of(start, n) for start, n in self.spans if n)
        ended = "" if self.record["done"] else ", in progress"
        return (f"{opcode_name(self.opcode)} of {ranges or 'no page'} through interface "
                f"{self.interface} by thread {int(self.record['thread'])}{ended}")


def history(exmap):
    """Returns the actions that are kept, the latest first."""
    kept = exmap.struct["history"]
    events = []
    if not kept:
        return events
    for i in range(int(kept["nr_lanes"])):
        lane = kept["lane"][i]
        latest, records = int(lane["nr_actions"]), int(kept["nr_records"])
        nr_spans, max_spans = int(lane["nr_spans"]), int(kept["max_spans"])
        for number in range(latest, max(latest - records, 0), -1):
            record = lane["records"][number % records]
            first = int(record["first"])
            spans = [lane["spans"][j % max_spans]
                     for j in range(max(first, nr_spans - max_spans), first + int(record["nr"]))]
            if int(record["number"]) == number:
                events.append(Event(i, latest - number, record,
                                    [(int(s["page"]), int(s["len"])) for s in spans]))
    return sorted(events, key=lambda event: -event.order)


def evaluate(text, what):
    try:
        return int(gdb.parse_and_eval(text))
    except gdb.error as error:
        raise gdb.GdbError(f"{what} is wanted, not '{text}': {error}") from error


def numbers(argument, most, usage):
    """Returns the arguments of a command, which are numbers or expressions without blanks."""
    words = gdb.string_to_argv(argument)
    if len(words) > most:
        raise gdb.GdbError(f"usage: {usage}")
    return [evaluate(word, "a number") for word in words]


class ExmapCommand(gdb.Command):
    """Exmaps of this process: exmap info, page, interfaces, frames, history."""

    def __init__(self):
        super().__init__("exmap", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class InfoCommand(gdb.Command):
    """The exmaps of this process. Usage: exmap info [EXMAP]"""

    def __init__(self):
        super().__init__("exmap info", gdb.COMMAND_DATA)

    def invoke(self, argument, _):
        found = exmaps(*numbers(argument, 1, "exmap info [EXMAP]"))
        if not found:
            print("this process has no exmap")
        for x in found:
            self.show(x)

    @staticmethod
    def show(x):
        if not x.interfaces:
            print(f"exmap {x.serial}: no SETUP yet", end="")
        else:
            mapped = x.mapped()
            print(f"exmap {x.serial}: {plural(x.frames, 'frame')}, {mapped} mapped, "
                  f"{x.frames - mapped} free; {plural(len(x.interfaces), 'interface')}; "
                  f"{'with' if x.core['has_backing'] else 'no'} backing", end="")
        print(f"; {plural(int(x.struct['faults']), 'fault')}")
        if not x.surface:
            print("  no surface is mapped")
            return
        s = x.surface
        print(f"  surface {s.base:#x} to {s.base + s.nr_pages * PAGE:#x}: "
              f"{plural(s.nr_pages, 'page')}, strategy "
              f"{s.struct['mover'].dereference()['name'].string()}")


class PageCommand(gdb.Command):
    """What is known of a page. Usage: exmap page NUMBER|ADDRESS [EXMAP]

    Without EXMAP a number is that of a page of each exmap that has so many."""

    def __init__(self):
        super().__init__("exmap page", gdb.COMMAND_DATA)

    def invoke(self, argument, _):
        usage = "exmap page NUMBER|ADDRESS [EXMAP]"
        words = numbers(argument, 2, usage)
        if not words:
            raise gdb.GdbError(f"usage: {usage}")
        where = words[0]
        shown = False
        for x in exmaps(*words[1:]):
            s = x.surface
            if s and 0 <= where < s.nr_pages:
                self.show(x, where)
            elif s and s.base <= where < s.base + s.nr_pages * PAGE:
                print(f"{where:#x} is byte {where % PAGE} of")
                self.show(x, (where - s.base) // PAGE)
            else:
                continue
            shown = True
        if not shown:
            raise gdb.GdbError(f"{where:#x} is no page and no address of a surface; exmap info "
                               "lists them")

    @staticmethod
    def show(x, page):
        print(f"page {page} of exmap {x.serial}, at {x.surface.base + page * PAGE:#x}: "
              f"{describe(x.surface, page)}")
        if not x.struct["history"]:
            print("  exmap-run --debug keeps who allocated and freed it")
            return
        events = [event for event in history(x) if event.names(page)]
        for event in events:
            ago = f", {plural(event.ago, 'action')} of it ago" if event.ago else ""
            print(f"  {event.text()}{ago}")
            for line in event.stack():
                print(f"    {line}")
        if not events:
            print("  none of the actions that are kept names it")


class InterfacesCommand(gdb.Command):
    """What each interface has done. Usage: exmap interfaces [EXMAP]"""

    def __init__(self):
        super().__init__("exmap interfaces", gdb.COMMAND_DATA)

    def invoke(self, argument, _):
        for x in exmaps(*numbers(argument, 1, "exmap interfaces [EXMAP]")):
            print(f"exmap {x.serial}: interface, address of its vectors, free frames in its list, "
                  "steals; actions, pages allocated and freed, bytes read; who is in a call")
            for i, interface in enumerate(x.interfaces):
                counts = interface["counts"]
                free = x.list(i)
                figures = [counts[name] for name in ("actions", "allocated", "freed",
                                                     "bytes_read")]
                print(f"{i:4} {int(interface['user']):#x} {int(free['free']):6} "
                      f"{int(free['steals']):6} {' '.join(f'{int(n):9}' for n in figures)}  "
                      f"{holder(interface['lock'])}")


class FramesCommand(gdb.Command):
    """Where the frames are. Usage: exmap frames [FRAME [EXMAP]]

    With FRAME: which page has it, or which list."""

    def __init__(self):
        super().__init__("exmap frames", gdb.COMMAND_DATA)

    def invoke(self, argument, _):
        words = numbers(argument, 2, "exmap frames [FRAME [EXMAP]]")
        for x in exmaps(*words[1:]):
            if words:
                self.find(x, words[0])
            else:
                self.show(x)

    @staticmethod
    def show(x):
        mapped = x.mapped()
        rest = x.frames - mapped
        parts = [f"{mapped} mapped"]
        in_lists = 0
        for place, is_list, frames in x.free_frames():
            rest -= len(frames)
            in_lists += len(frames) if is_list else 0
            if not is_list:
                parts.append(f"{len(frames)} in the {place}")
        parts.insert(1, f"{in_lists} in the interfaces' lists")
        print(f"exmap {x.serial}: {plural(x.frames, 'frame')}: {', '.join(parts)}, {rest} with "
              "calls in progress")

    @staticmethod
    def find(x, frame):
        places = []
        for block in x.surface.touched_blocks() if x.surface else ():
            first, words = x.surface.words(block)
            for i, word in enumerate(words):
                if word & (PRESENT | FRAME) and not word & SHADOW and \
                        word >> 12 & ((1 << 40) - 1) == frame:
                    places.append(pages_of(first + i, 1))
        places += [f"free, in the {place}" for place, _, frames in x.free_frames()
                   if frame in frames]
        print(f"exmap {x.serial}: frame {frame}: {', '.join(places) or 'nowhere'}")


class HistoryCommand(gdb.Command):
    """The latest actions, the latest first. Usage: exmap history [NUMBER [EXMAP]]"""

    def __init__(self):
        super().__init__("exmap history", gdb.COMMAND_DATA)

    def invoke(self, argument, _):
        words = numbers(argument, 2, "exmap history [NUMBER [EXMAP]]")
        for x in exmaps(*words[1:]):
            if not x.struct["history"]:
                print(f"exmap {x.serial}: no history; exmap-run --debug keeps one")
                continue
            print(f"exmap {x.serial}:")
            for event in history(x)[:words[0] if words else HISTORY]:
                print(f"  {event.text()}")
                for line in event.stack():
                    print(f"    {line}")


class ExmapFunction(gdb.Function):
    """$exmap(NUMBER): the emulator's struct exmap_device of an exmap."""

    def __init__(self):
        super().__init__("exmap")

    def invoke(self, number):  # pylint: disable=arguments-differ
        return exmaps(int(number))[0].pointer


class VectorPrinter:
    """struct exmap_iov: before a call a request, behind it a result."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        v = self.value
        return (f"{{page {int(v['page'])}, len {int(v['len'])}; as a result: "
                f"res {int(v['res'])}, pages {int(v['pages'])}}}")


class VectorsPrinter:
    """struct exmap_user_interface: its vectors, but for the last ones that are all zero."""

    def __init__(self, value):
        vectors = [value["iov"][i] for i in range(512)]
        while vectors and not int(vectors[-1]["value"]):
            vectors.pop()
        self.vectors = vectors

    def to_string(self):
        return f"{plural(len(self.vectors), 'vector')} of 512, the others are 0"

    def children(self):
        return ((f"[{i}]", vector) for i, vector in enumerate(self.vectors))

    @staticmethod
    def display_hint():
        return "array"


class ActionPrinter:
    """struct exmap_action_params."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        v = self.value
        return (f"{{{opcode_name(v['opcode'])} of {plural(int(v['iov_len']), 'vector')} through "
                f"interface {int(v['interface'])}}}")


class RunPrinter:
    """struct exmap_run."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        v = self.value
        return f"{{{pages_of(int(v['page']), int(v['len']))} of vector {int(v['vec'])}}}"


PRINTERS = {
    "exmap_iov": VectorPrinter,
    "exmap_user_interface": VectorsPrinter,
    "exmap_action_params": ActionPrinter,
    "exmap_run": RunPrinter,
}


class Printers:
    """Chooses a printer, for gdb. `disable pretty-printer global exmap` shows the fields."""

    name = "exmap"
    enabled = True

    def __call__(self, value):
        printer = PRINTERS.get(gdb.types.get_basic_type(value.type).tag)
        return printer(value) if printer else None


class LastStop(gdb.Breakpoint):
    """Stops where the shim is about to end the process by a signal that no handler takes.

    The signals themselves stop nothing: most of them are no fault of the client."""

    FILE, FUNCTION = "shim/signals.c", "die"

    def __init__(self):
        super().__init__(internal=True, source=self.FILE, function=self.FUNCTION,
                         type=gdb.BP_BREAKPOINT)
        self.silent = True

    def stop(self):
        info = gdb.parse_and_eval("info").dereference()
        signal = {11: "SIGSEGV", 7: "SIGBUS", 31: "SIGSYS"}.get(int(info["si_signo"]), "a signal")
        print(f"exmap: the program is about to die of {signal}, at address "
              f"{int(info['_sifields']['_sigfault']['si_addr']):#x}; backtrace shows who touched "
              "it, behind the signal handler; exmap page ADDRESS says what is there")
        return True


def start():
    for command in (ExmapCommand, InfoCommand, PageCommand, InterfacesCommand, FramesCommand,
                    HistoryCommand, ExmapFunction):
        command()
    gdb.printing.register_pretty_printer(None, Printers(), replace=True)
    try:
        gdb.decode_line(f"{LastStop.FILE}:{LastStop.FUNCTION}")
    except gdb.error:
        # No debug information; or libexmap-emu.so, which leaves signals to the program.
        return
    # Missing pages, system calls that are trapped: no fault of the client.
    gdb.execute("handle SIGBUS SIGSEGV SIGSYS nostop noprint pass", to_string=True)
    # gdb loads the file again with each process, and keeps its breakpoints.
    if not any(type(breakpoint).__name__ == "LastStop" for breakpoint in gdb.breakpoints()):
        LastStop()


start()

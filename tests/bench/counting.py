# SPDX-License-Identifier: BSD-2-Clause
"""The plugin count.c: building it, its arguments, and what it writes. Machines to count on."""

import os
import re
import struct
import subprocess

from machine import BUILD, Machine

HERE = os.path.dirname(os.path.abspath(__file__))

# No chance: QEMU's random numbers, which seed guests, and the date.
FIXED = ["-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]


def marks():
    """The numbers of tests/guest/lib/marks.h, by name."""
    with open(os.path.join(HERE, "..", "guest", "lib", "marks.h")) as file:
        return {name: int(number, 16) for name, number in
                re.findall(r"^#define MARK_(\w+) (0x\w+)", file.read(), re.M)}


MARKS = marks()


def machine(name, *vms, extra=(), options="poweroff=last-vm", harts=1, memory=1024,
            icount="shift=0", **more):
    """A machine on which an instruction takes a nanosecond. See machine.qemu_command()."""
    return Machine("bench-" + name, vms, harts=harts, icount=icount, memory=memory,
                   extra=FIXED + list(extra), options=options, **more)


def plugin(*arguments):
    """What starts QEMU with the plugin, which is compiled when it is older than its source."""
    folder = os.path.join(BUILD, "bench")
    os.makedirs(folder, exist_ok=True)
    library, source = os.path.join(folder, "count.so"), os.path.join(HERE, "count.c")
    if not os.path.exists(library) or os.path.getmtime(library) < os.path.getmtime(source):
        subprocess.run([os.environ.get("HOSTCC", "gcc"), "-std=gnu11", "-O2", "-Wall", "-Wextra",
                        "-Werror", "-fPIC", "-shared", "-o", library, source], check=True)
    return ["-plugin", ",".join(["file=" + library, *arguments])]


def counts(run, when):
    """The counts of the firmware, the hypervisor and the guest when something happened."""
    match = run.expect(re.compile(
        r"count: %s: firmware (\d+) hypervisor (\d+) guest (\d+)\s" % re.escape(when)))
    return [int(number) for number in match.groups()]


def mark_counts(run, name):
    return counts(run, "mark %#x" % MARKS[name])


def span(run):
    """The median that the plugin writes in its modes for spans."""
    return int(run.expect(re.compile(r"count: \d+ spans of (\d+)\s"))[1])


class Elf:
    """The sections, symbols and loaded memory of the hypervisor's ELF file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        phoff, shoff = struct.unpack_from("<QQ", data, 0x20)
        phentsize, phnum, shentsize, shnum, shstrndx = struct.unpack_from("<5H", data, 0x36)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * shentsize)
                   for i in range(shnum)]
        names = headers[shstrndx][4]
        self.sections = {}
        for header in headers:
            start = names + header[0]
            name = data[start:data.index(b"\0", start)].decode()
            self.sections[name] = header[5]
        loads = [struct.unpack_from("<IIQQQQQQ", data, phoff + i * phentsize)
                 for i in range(phnum)]
        loads = [(load[3], load[3] + load[6]) for load in loads if load[0] == 1]
        self.symbols = self._symbols(path)
        self.start = min(load[0] for load in loads)
        self.size = max(load[1] for load in loads) - self.start

    @staticmethod
    def _symbols(path):
        """By name, from System.map next to it."""
        with open(os.path.join(os.path.dirname(path), "System.map")) as file:
            return {line.split()[2]: int(line.split()[0], 16) for line in file}

    def function(self, name):
        """Where a function begins, and where the next one does."""
        start = self.symbols[name]
        return start, min(address for address in self.symbols.values() if address > start)

    def plugin(self, *arguments):
        """The plugin, told where the image is."""
        return plugin("image=%#x" % self.start, "size=%#x" % self.size, *arguments)

# SPDX-License-Identifier: BSD-2-Clause
"""What only the hypervisor has. Each function adds to a dictionary of figures."""

import re

from common import idle_counts
from counting import counts, machine, span
from machine import MIB, Vm, debian
from platforms import DEBIAN_ARGS, ICOUNT

PAGE = 4096
TICK = 100  # instructions: the timebase is 10 MHz


def sweep(run, number):
    """All pages are written once. Returns the instructions."""
    run.key("1")
    run.send("x")
    ticks = int(run.expect(re.compile(r"sweep %d of 4096 pages: (\d+) ticks" % number))[1])
    run.shell()
    return ticks * TICK


def dirty(platform, figures):
    """
    The payload `scribble` with 16 MiB, 8 leaves of 2 MiB: what a sweep over its pages takes while
    nothing is logged, when the log begins, and after it was read.
    """
    run = machine("dirty", Vm("guest", "scribble", args="sweep=1"), options="")
    try:
        run.expect("scribble on")
        run.shell()
        sweep(run, 1)
        plain = sweep(run, 2)
        run.command("vm dirty guest on")
        first = sweep(run, 3)
        run.command("vm dirty guest")
        again = sweep(run, 4)
        figures["dirty_fault"] = round((again - plain) / 4096)
        figures["dirty_split"] = round((first - again) / 8 + figures["dirty_fault"])
    finally:
        run.close()


def tables(platform, figures):
    run = machine("tables", Vm("guest", "endless", args="mode=1", memory=1024), options="",
                  memory=2048)
    try:
        run.expect("endless mode")
        run.shell()
        text = run.command("vm show guest")
        figures["tables_1g_bytes"] = int(re.search(r"(\d+) table pages", text)[1]) * PAGE
    finally:
        run.close()


def saving(platform, figures):
    """A VM that has written to all of its 128 MiB; all it does meanwhile is to sleep."""
    run = machine("save", Vm("guest", "residue", args="stay=1", memory=128), memory=1024,
                  options="save.size=160M")
    try:
        run.expect("residue ready")
        run.shell()
        for name, command in (("save", "vm save guest"), ("restore", "vm restore guest")):
            ms = int(re.search(r" in (\d+) ms", run.command(command))[1])
            figures[name + "_gib_millions"] = ms * 1024 // 128
    finally:
        run.close()


def moves(platform, figures):
    """
    Of a file, from intfile_load() to arch_vcpu_load() where the one calls demote(): two vCPUs on a
    hart with one file, and three on two harts.
    """
    elf = platform.elf
    watching = ["%s=%#x" % (name, elf.symbols[symbol]) for name, symbol in
                (("from", "intfile_load"), ("mark", "demote"), ("to", "arch_vcpu_load"))]
    watching += ["skip=%#x-%#x" % elf.function(name)
                 for name in ("hart_call", "hart_serve")]
    for name, vcpus, harts, guests in (("file_steal", 2, 1, 1), ("file_handover", 3, 2, 5)):
        guest = Vm("guest", "endless", args="mode=0", vcpus=vcpus)
        run = machine(name, guest, extra=elf.plugin(*watching), options="", harts=harts,
                      guests=guests)
        try:
            figures[name] = span(run)
        finally:
            run.close()


def world_switch(platform, figures):
    """Between the two vCPUs of the payload `bench` that throw a ball around on one hart."""
    elf = platform.elf
    watching = ["%s=%#x" % (name, elf.symbols[symbol]) for name, symbol in
                (("from", "arch_vcpu_save"), ("mark", "arch_vcpu_load"), ("to", "arch_vcpu_enter"))]
    run = machine("world-switch", Vm("bench", "bench", "parts=2 rounds=100", 2),
                  extra=elf.plugin(*watching))
    try:
        figures["world_switch"] = span(run)
    finally:
        run.close()


def boot(platform, figures):
    """
    From the hypervisor's first instruction to the guest's, what the firmware does for it in between
    included. The images are small, so that copying them does not count.
    """
    run = machine("boot", Vm("hello", "hello", memory=512), extra=platform.elf.plugin())
    try:
        before = counts(run, "hypervisor")
        after = counts(run, "guest")
        figures["boot_to_guest"] = sum(after) - sum(before)
        run.expect_end(well=1)
    finally:
        run.close()


def idle_three(platform, figures):
    """Three Debians on one hart: two sleep at their prompts, the third between its marks."""
    vms = [debian(name, DEBIAN_ARGS + args, vcpus=1) for name, args in
           (("one", "quiet"), ("other", "quiet"), ("third", "quiet test=idle"))]
    firmware, hypervisor, _ = idle_counts(
        machine("idle-three", *vms, icount=ICOUNT, extra=platform.plugin(), options=""))
    figures["idle_three_share_per_second"] = firmware + hypervisor


def ram_held(platform, figures):
    """With one guest: the image, and what is neither free nor the guest's RAM."""
    memory = 512
    run = machine("ram", Vm("guest", "endless", args="mode=1", vcpus=2, memory=memory), options="")
    try:
        run.expect("endless mode")
        run.shell()
        match = re.search(r"\((\d+) of (\d+) pages\)", run.command("host mem"))
    finally:
        run.close()
    used = (int(match[2]) - int(match[1])) * PAGE
    figures["ram_held_bytes"] = platform.elf.size + used - memory * MIB


def text(platform, figures):
    figures["text_bytes"] = platform.elf.sections[".text"]


MEASURES = (world_switch, moves, boot, dirty, tables, saving, idle_three, ram_held, text)
# Those that take seconds, for `make check`.
QUICK = (world_switch, boot, tables, ram_held, text)

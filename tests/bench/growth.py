# SPDX-License-Identifier: BSD-2-Clause
"""
How costs grow: with the vCPUs of a VM, with VMs, with harts. And what the time of a boot goes into,
and the bytes of the image. Each function returns what goes into a JSON file under its name.
"""

import os
import re

from common import lines
from counting import counts, machine, span
from machine import BUILD, MIB, Vm

PAGE = 4096
POWERS = (1, 2, 4, 8, 16, 32, 64)
VMS = (1, 2, 5, 10, 20, 50, 100)

# A function, and what begins when it is first called.
PHASES = (
    ("init", "firmware"),
    ("hostdt_init", "device tree"),
    ("options_init", "options"),
    ("mmu_init", "memory, harts"),
    ("irqchip_init", "interrupt controllers"),
    ("arch_hart_init", "probing the hart"),
    ("console_init", "console, clock, other harts"),
    ("sbi_init", "threads"),
    ("bundle_open", "bundle, descriptions"),
    ("vm_create", "VM: memory, tables, device tree"),
    ("vm_start", "VM: images, first entry"),
)


def held(run, image_size, guests):
    """Memory that is neither free nor a guest's RAM, in bytes."""
    match = re.search(r"\((\d+) of (\d+) pages\)", run.command("host mem"))
    return image_size + (int(match[2]) - int(match[1])) * PAGE - guests


def started(output):
    """Nanoseconds of the clock at which each VM was started: an instruction takes one."""
    return [int(second) * 10**9 + int(micro) * 1000 for second, micro in
            re.findall(r"\[ *(\d+)\.(\d{6})\] hart \d+: \w+: starts, ", output)]


def boot_to_guest(platform, name, vm):
    run = machine("growth-boot-" + name, vm, extra=platform.elf.plugin(), memory=2048)
    try:
        before = counts(run, "hypervisor")
        return sum(counts(run, "guest")) - sum(before)
    finally:
        run.close()


def memory_held(platform, name, *vms, **options):
    """With VMs that sleep. Returns the bytes, and when the VMs were started."""
    run = machine("growth-ram-" + name, *vms, options="", memory=2048, **options)
    try:
        # The first VM takes the focus away when it begins to write.
        run.expect_all("endless mode", *[": %s: starts" % vm.name for vm in vms])
        run.shell()
        guests = sum(vm.memory for vm in vms) * MIB
        return held(run, platform.elf.size, guests), started(run.output())
    finally:
        run.close()


def vcpus(platform):
    """One hart. The switch goes round all vCPUs; the hart has five guest interrupt files."""
    found = {}
    for n in POWERS:
        name = "vcpus-%d" % n
        sleeper = Vm("guest", "endless", args="mode=1", vcpus=n)
        found[n] = {"boot_to_guest": boot_to_guest(platform, name, Vm("hello", "hello", vcpus=n)),
                    "ram_held_bytes": memory_held(platform, name, sleeper)[0]}
        if n > 1:
            run = machine("growth-switch-%d" % n, Vm("bench", "bench", "parts=2 rounds=100", n))
            try:
                run.expect_end(well=1)
                found[n]["vcpu_switch"] = lines(run.output())["vcpu_switch"]
            finally:
                run.close()
    return found


def vms(platform):
    found = {}
    for n in VMS:
        guests = [Vm("guest%d" % i, "endless", args="mode=1", memory=8) for i in range(n)]
        ram, times = memory_held(platform, "vms-%d" % n, *guests)
        found[n] = {"ram_held_bytes": ram}
        if n > 1:
            found[n]["instructions_per_vm"] = round((max(times) - min(times)) / (n - 1))
    return found


def harts(platform):
    """As many vCPUs as harts. One file a hart: QEMU has not more than that for 64 harts."""
    found = {}
    for n in POWERS:
        options = {"harts": n, "guests": 1}
        ram, times = memory_held(platform, "harts-%d" % n,
                                 Vm("guest", "endless", args="mode=1", vcpus=1), **options)
        found[n] = {"ram_held_bytes": ram, "boot_instructions": times[0]}
        run = machine("growth-ipi-%d" % n, Vm("bench", "bench", "parts=8", n), memory=2048,
                      extra=platform.elf.plugin("spans=on"), **options)
        try:
            found[n]["sbi_ipi_all"] = span(run)
        finally:
            run.close()
    return found


def pending(platform):
    """Sources of an APLIC in direct mode that are pending and enabled for the one vCPU."""
    found = {}
    for n in (1, 10, 40, 90):
        run = machine("growth-pending-%d" % n,
                      Vm("bench", "bench", "parts=32 rounds=200 pending=%d" % n,
                         more='isa-disable = "ssaia";'))
        try:
            run.expect_end(well=1)
            figures = lines(run.output())
            found[n] = {name: figures[name] for name in ("aplic_topi", "aplic_claim")}
        finally:
            run.close()
    return found


def phases(platform):
    """Of `boot_to_guest`, in the order in which they come."""
    elf = platform.elf
    known = [(name, label) for name, label in PHASES if name in elf.symbols]
    run = machine("growth-phases", Vm("hello", "hello", memory=512), icount="shift=0",
                  extra=elf.plugin(*["at=%#x" % elf.symbols[name] for name, _ in known]))
    try:
        at = [("head", sum(counts(run, "hypervisor")))]
        for name, label in known:
            at.append((label, sum(counts(run, "at %#x" % elf.symbols[name]))))
        at.append((None, sum(counts(run, "guest"))))
    finally:
        run.close()
    return [[label, after - before] for (label, before), (_, after) in zip(at, at[1:])]


def folders(platform):
    """Bytes of the image, by folder of the source: code, constants, data."""
    with open(os.path.join(BUILD, "hartvisor.map")) as file:
        text = file.read().split("Linker script and memory map", 1)[1]
    found = {}
    for section, size, path in re.findall(
            r"^ \.(text|rodata|srodata|data|sdata|bss|sbss)\S*\s+0x\w+\s+(0x\w+)\s+(\S+)", text,
            re.M):
        library = re.search(r"(lib\w+)\.a\(", path)
        if library:
            folder = library[1]
        else:
            folder = os.path.dirname(path.split("/obj/", 1)[-1])
        kind = {"text": "code", "rodata": "constants", "srodata": "constants"}.get(section, "data")
        sizes = found.setdefault(folder, {"code": 0, "constants": 0, "data": 0})
        sizes[kind] += int(size, 16)
    return {folder: sizes for folder, sizes in found.items() if sum(sizes.values())}


MEASURES = (phases, folders, vcpus, vms, harts, pending)

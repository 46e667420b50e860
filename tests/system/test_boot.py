# SPDX-License-Identifier: BSD-2-Clause
"""The hypervisor starts on machines of all kinds, and tells what it found."""

import re
import struct
import zlib

import os

import pytest

from machine import BUILD, Vm


def runs(machine, harts=None):
    if harts:
        machine.expect("harts: %s online" % harts)
    machine.expect("payload hello: 1 passed")
    machine.expect_end(well=1)


def test_each_stage_reports(boot):
    machine = boot(Vm("guest", "hello"))
    machine.expect("Hartvisor ")
    machine.expect("option poweroff=last-vm")
    machine.expect(re.compile(r"memory: 102\d MiB, image at 0x80200000"))
    machine.expect("interrupts: ")
    machine.expect("harts: 2 of 2 online")
    machine.expect("guest: starts, 1 vCPUs, 64 MiB, 3 G-stage levels")
    phases = machine.expect(re.compile(r"boot phases: ([\w ,]+); (\d+) us together"))
    times = [int(phase.split()[-1]) for phase in phases[1].split(", ")]
    assert len(times) == 8 and abs(sum(times) - int(phases[2])) <= len(times)
    machine.expect_end(well=1)


@pytest.mark.parametrize("aia, interrupts", (
    ("none", "PLIC"), ("aplic", "APLIC"), ("aplic-imsic", "IMSIC")))
def test_interrupt_controllers_are_found(boot, aia, interrupts):
    machine = boot(Vm("guest", "hello"), aia=aia)
    assert interrupts in machine.expect(re.compile(r"interrupts: .*\n"))[0]
    runs(machine)
    assert "warning" not in machine.output()


@pytest.mark.parametrize("harts", (1, 3, 8))
def test_all_harts_come(boot, harts):
    runs(boot(Vm("guest", "hello", vcpus=harts), harts=harts), "%d of %d" % (harts, harts))


def test_harts_can_be_left_out(boot):
    machine = boot(Vm("guest", "hello", vcpus=2), harts=4, options="poweroff=last-vm harts=2")
    machine.expect("left out: more than 2 harts")
    runs(machine, "2 of 2")


@pytest.mark.parametrize("guests", (0, 1, 7))
def test_any_number_of_guest_interrupt_files(boot, guests):
    machine = boot(Vm("guest", "ipi", vcpus=2), guests=guests, options="")
    machine.expect("guest: stopped")
    machine.shell()
    text = machine.command("host info")
    assert text.count("guest interrupt files %d of %d," % (guests, guests)) == 2


@pytest.mark.parametrize("address", (0x80200000, 0x84000000, 0x8a600000))
def test_image_runs_at_any_2_mib_boundary(boot, tmp_path, address):
    """In the form of U-Boot, which says where QEMU is to load it."""
    with open(os.path.join(BUILD, "hartvisor.bin"), "rb") as file:
        image = file.read()

    def header(check):
        return struct.pack(">7I4B32s", 0x27051956, check, 0, len(image), address, address,
                           zlib.crc32(image), 5, 26, 2, 0, b"hartvisor")

    path = str(tmp_path / "hartvisor.uimage")
    with open(path, "wb") as file:
        file.write(header(zlib.crc32(header(0))) + image)
    machine = boot(Vm("guest", "hello"), kernel=path, memory=2048)
    machine.expect("image at %#x" % address)
    runs(machine)


@pytest.mark.parametrize("memory", (128, 3072))
def test_small_and_large_memories(boot, memory):
    machine = boot(Vm("guest", "hello", memory=16), memory=memory)
    machine.expect("memory: %d MiB" % (memory - 1))
    runs(machine)


# Not aplic-imsic: nothing gets far on two sockets of QEMU 10 then, bare Linux neither.
@pytest.mark.parametrize("aia", ("none", "aplic"))
def test_harts_and_memory_in_sockets(boot, aia):
    extra = []
    for node in range(2):
        extra += ["-object", "memory-backend-ram,id=m%d,size=512M" % node,
                  "-numa", "node,nodeid=%d,memdev=m%d" % (node, node)]
    machine = boot(Vm("guest", "hello", vcpus=4), harts="4,sockets=2,cores=2,threads=1", aia=aia,
                   extra=extra)
    runs(machine, "4 of 4")


def test_guest_memory_is_mapped_with_large_leaves(boot):
    machine = boot(Vm("guest", "endless", args="mode=1", memory=1024), memory=4096, options="")
    machine.expect("guest: starts")
    machine.shell()
    pages = int(re.search(r"(\d+) table pages", machine.command("vm show guest"))[1])
    assert pages <= 8


@pytest.mark.parametrize("mode, levels", (("sv39", 3), ("sv48", 4), ("sv57", 5)))
def test_gstage_modes(boot, mode, levels):
    machine = boot(Vm("guest", "isolation", more='mmu-type = "riscv,%s";' % mode))
    machine.expect("%d G-stage levels" % levels)
    machine.expect_end(well=1)


def test_memory_base_far_up(boot):
    machine = boot(Vm("guest", "hello", more="memory-base = /bits/ 64 <%#x>;" % (1 << 41)))
    machine.expect("4 G-stage levels")
    runs(machine)


@pytest.mark.parametrize("options", ("console.port=sbi", "console.port=sbi hide=dbcn"))
def test_firmwares_console_is_the_last_resort(boot, options):
    """Output and input, without any interrupt. OpenSBI begins each line twice: "\\r\\r\\n"."""
    machine = boot(Vm("guest", "endless"), options=options)
    machine.expect("the firmware's console has no interrupt that can be used")
    machine.expect("endless mode 0")
    machine.shell()
    machine.send("host poweroff\r")
    machine.expect("the operator powers the machine off")


def test_without_srst_the_machine_ends_by_the_device_tree(boot):
    runs(boot(Vm("guest", "hello"), options="poweroff=last-vm hide=srst"))




# SPDX-License-Identifier: BSD-2-Clause
"""Guests without AIA: irqchip = "plic", on hosts of any kind."""

import gzip
import os
import re
import shutil

import pytest

from machine import BUILD, DEPS, PATIENCE, Failure, Vm, debian, payload
from test_payloads import passes
from uboot import UBOOT, UBoot, needs_uboot

PLIC = 'irqchip = "plic";'
AIAS = ("none", "aplic", "aplic-imsic")


@pytest.mark.parametrize("aia", AIAS)
def test_plic_of_guest(boot, aia):
    passes(boot, Vm("guest", "plic", vcpus=4, more=PLIC), aia=aia)


@pytest.mark.parametrize("options", ("hide=ssaia", "hide=sstc", "hide=hstateen0,sstateen0"))
def test_plic_of_guest_without_features(boot, options):
    # Without hstateen0 nothing makes siselect and stopi trap.
    passes(boot, Vm("guest", "plic", args="stateen=%d" % ("hstateen0" not in options), vcpus=2,
                    more=PLIC), options="poweroff=last-vm " + options)


@pytest.mark.parametrize("harts, cpu, stateen, qemu", ((1, "rv64,h=true", 0, "10"),
                                                       (4, "rva23s64", 1, "11")))
def test_plic_of_guest_on_machine(boot, harts, cpu, stateen, qemu):
    passes(boot, Vm("guest", "plic", args="stateen=%d" % stateen, vcpus=4, more=PLIC),
           harts=harts, cpu=cpu, qemu=qemu)


# Hosts of each kind, those with an IMSIC with no guest interrupt file, one, fewer than there are
# vCPUs, and the most that QEMU has; on each of them a guest of each kind. test_plic_of_guest() has
# the files that machines of the tests usually have.
HOSTS = [(aia, 0) for aia in AIAS[:2]] + [("aplic-imsic", guests) for guests in (0, 1, 3, 7)]


@pytest.mark.parametrize("aia, guests", HOSTS)
def test_guests_of_each_kind_on_hosts_of_each_kind(boot, aia, guests):
    machine = boot(Vm("old", "plic", vcpus=4, more=PLIC), Vm("new", "ipi", vcpus=2), aia=aia,
                   guests=guests)
    machine.expect_end(well=2)


@pytest.mark.soak
@pytest.mark.parametrize("aia", AIAS)
def test_million_interrupts(boot, aia):
    machine = boot(Vm("guest", "plic", args="count=1000000", vcpus=4, more=PLIC), aia=aia)
    machine.expect("payload plic: 10 passed, 0 failed, 0 skipped", timeout=7200 * PATIENCE)
    machine.expect_end(well=1)


@pytest.mark.parametrize("name", ("exits", "timers", "ipi", "hsm"))
def test_payload_passes_with_plic(boot, name):
    passes(boot, Vm("guest", name, vcpus=2, more=PLIC))


def test_hostile_guest_with_plic_ends_and_neighbour_keeps_its_beat(boot):
    # QEMU 10 aborts now and then in probe_access_flags() at random vector instructions.
    machine = boot(Vm("hostile", "hostile", args="seconds=5", vcpus=3, more=PLIC),
                   Vm("neighbour", "heartbeat", args="beats=40", more=PLIC),
                   options="poweroff=last-vm hide=vector")
    machine.expect_end(well=2)


@pytest.mark.parametrize("aia", AIAS)
def test_debian_with_plic(boot, aia):
    machine = boot(debian(vcpus=2, args="test=basics", more=PLIC), aia=aia)
    machine.expect(re.compile("plic@c000000: mapped 95 interrupts with 2 handlers for 4 contexts"))
    machine.expect("guest: init reached")
    assert machine.expect(re.compile(r"basics: (\d+) cpus"))[1] == "2"
    machine.expect("guest: test basics ended 0")
    machine.expect_end(well=1)


def test_guests_with_aia_and_plic_side_by_side(boot):
    machine = boot(debian("modern", vcpus=2, args="test=basics"),
                   debian("old", vcpus=2, args="test=basics", more=PLIC),
                   Vm("files", "storm", args="count=2000", vcpus=2),
                   Vm("wires", "plic", vcpus=2, more=PLIC), guests=3)
    machine.expect_end(well=4)


def test_vm_show_tells_of_the_plic(boot):
    machine = boot(Vm("guest", "endless", args="mode=1", vcpus=2, more=PLIC), options="")
    machine.expect("guest: starts, 2 vCPUs, 64 MiB, ")
    machine.shell()
    shown = machine.command("vm show guest")
    assert re.search(r"plic +0x00000c000000 \+ 0x600000\n", shown)
    assert "aplic" not in shown and "imsic" not in shown
    assert "file:" not in machine.command("vcpu list -v guest")


def test_interrupt_files_are_refused_with_plic(boot):
    with pytest.raises(Failure, match="irqchip 'plic' there are no interrupt files"):
        boot(Vm("guest", "hello", more=PLIC + ' interrupt-files = "hardware";'))


@needs_uboot
def test_uboot_answers_at_its_prompt(boot):
    machine = boot(Vm("uboot", UBOOT, memory=128, vcpus=2, more=PLIC), aia="none")
    uboot = UBoot(machine)
    uboot.command("setexpr answer 0x11 * 3; echo The answer is $answer.", "The answer is 33.")
    uboot.command("fdt addr $fdtcontroladdr; fdt print /soc/plic riscv,ndev",
                  "riscv,ndev = <0x0000005f>")
    machine.send("poweroff\r")
    machine.expect_end(well=1)


# In ranges beside the RAM. U-Boot would start a kernel there in place, so it is unpacked into RAM.
IMAGE_AT, INITRD_AT, UNPACKED_AT = 0x100000000, 0x108000000, 0x84000000


def uboot_with(boot, tmp_path, args, kernel, initrd=None, **options):
    """U-Boot as a guest with two vCPUs, at its prompt, with a kernel and perhaps an initrd in RAM."""
    packed = str(tmp_path / "kernel.gz")
    with open(kernel, "rb") as image, gzip.open(packed, "wb", compresslevel=1) as file:
        shutil.copyfileobj(image, file)
    ranges = "".join('at-%x { base = /bits/ 64 <%#x>; size = <0x4000000>; file = "%s"; }; '
                     % (base, base, path)
                     for base, path in ((IMAGE_AT, packed), (INITRD_AT, initrd)) if path)
    machine = boot(Vm("uboot", UBOOT, memory=256, vcpus=2, more=PLIC + "ranges { %s};" % ranges),
                   **options)
    uboot = UBoot(machine, args)
    uboot.command("unzip %#x %#x" % (IMAGE_AT, UNPACKED_AT),
                  "Uncompressed size: %d" % os.path.getsize(kernel))
    return uboot


@needs_uboot
@pytest.mark.parametrize("aia", AIAS)
def test_uboot_of_guest_boots_a_payload_from_memory(boot, tmp_path, aia):
    uboot = uboot_with(boot, tmp_path, "seven=7", payload("plic"), aia=aia)
    machine = uboot.start("booti %#x - $fdt_addr_r" % UNPACKED_AT)
    machine.expect(re.compile(r"payload plic: [1-9]\d* passed, 0 failed"))
    machine.expect_end(well=1)


@pytest.mark.soak
@needs_uboot
@pytest.mark.parametrize("aia", AIAS)
def test_uboot_of_guest_boots_debian_from_memory(boot, tmp_path, aia):
    initrd = os.path.join(BUILD, "guest", "initrd.gz")
    uboot = uboot_with(boot, tmp_path, "console=ttyS0 quiet test=basics",
                       os.path.join(DEPS, "guest", "Image"), initrd, aia=aia)
    machine = uboot.start("booti %#x %#x:%x $fdt_addr_r" % (UNPACKED_AT, INITRD_AT,
                                                            os.path.getsize(initrd)))
    assert machine.expect(re.compile(r"basics: (\d+) cpus"))[1] == "2"
    machine.expect("guest: test basics ended 0")
    machine.expect_end(well=1)

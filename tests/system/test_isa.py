# SPDX-License-Identifier: BSD-2-Clause
"""What a guest is told of its ISA is what it has, and isa-disable takes away."""

import re

import pytest

from machine import RICH, Vm, debian
from test_payloads import passes

# SBI FWFT and PMU turn these on.
TURNED_ON = ("zicfilp", "zicfiss", "ssdbltrp", "svadu", "smnpm", "sscofpmf")
ALL_THAT_TRAPS = ("f", "zve32x", "zicbom", "zicboz", "zkr", "ssaia", "ssstateen", "sstc",
                  "svpbmt") + TURNED_ON


def disable(*names):
    return "isa-disable = %s;" % ", ".join('"%s"' % name for name in names)


def told(machine):
    return set(re.findall(r"^  has (\w+)\r?$", machine.output(), re.M))


@pytest.mark.parametrize("cpu", ("max", "max,svade=on", "rv64,h=true", "rva23s64"))
def test_guest_has_what_it_is_told_of(boot, cpu):
    machine = passes(boot, Vm("guest", "isa", vcpus=2), cpu=cpu)
    assert told(machine) >= {"i", "m", "a", "f", "d", "c", "sstc", "ssaia"}


def test_guest_has_what_it_is_told_of_on_qemu_11(boot):
    passes(boot, Vm("guest", "isa"), qemu="11")


@pytest.mark.parametrize("names, gone, left", (
    (("v",), {"v", "zve32x", "zve64d", "zvbb", "zvl128b", "zvkt"}, {"f", "d", "zfh"}),
    (("f",), {"f", "d", "v", "zfa", "zfh", "zve64d", "zvfh"}, {"zve64x", "zvbb"}),
    (("d", "zve64x"), {"d", "v", "zve64x", "zve64d", "zcd"}, {"f", "zve32f"}),
    (("zicbom",), {"zicbom"}, {"zicboz", "zicbop"}),
    (("zicboz", "zkr"), {"zicboz", "zkr", "zk"}, {"zicbom", "zkt"}),
    (("b", "svinval"), {"b", "zba", "zbb", "zbs", "svinval"}, {"zbc", "zbkb", "svnapot"}),
    (("sstc", "ssaia", "ssstateen", "svpbmt"), {"sstc", "ssaia", "ssstateen", "svpbmt"}, {"v"}),
    (TURNED_ON[::2], set(TURNED_ON[::2]), set(TURNED_ON[1::2])),
    (TURNED_ON[1::2], set(TURNED_ON[1::2]), set(TURNED_ON[::2])),
    (ALL_THAT_TRAPS, set(ALL_THAT_TRAPS) | {"v", "d"}, {"i", "m", "a", "c", "zba"}),
))
def test_disabled_extensions_are_gone(boot, names, gone, left):
    machine = passes(boot, Vm("guest", "isa", vcpus=2, more=disable(*names)), cpu=RICH)
    assert not told(machine) & gone
    assert told(machine) >= left


@pytest.mark.parametrize("name, disabled", (
    ("timers", ("sstc",)),
    ("hsm", ("sstc", "ssaia")),
    ("aplic-direct", ("ssaia",)),
    ("exits", ALL_THAT_TRAPS),
    ("fpv", ("v",)),
    ("fpv", ("f", "zve32x")),
))
def test_payload_passes_without_extensions(boot, name, disabled):
    passes(boot, Vm("guest", name, vcpus=2, more=disable(*disabled)))


def test_vms_with_other_extensions_share_a_hart(boot):
    """What one may use stays closed to the other, and its registers its own."""
    machine = boot(Vm("all", "isa", args="seconds=3"),
                   Vm("few", "isa", args="seconds=3", more=disable(*ALL_THAT_TRAPS)),
                   Vm("integers", "fpv", args="seconds=3", more=disable("v")),
                   Vm("registers", "fpv", args="seconds=3"), harts=1)
    machine.expect_end(well=4)


def test_hart_without_what_is_disabled_is_taken(boot):
    """What its vCPUs were not given a hart need not have."""
    machine = boot(Vm("few", "heartbeat", args="beats=0",
                      more=disable("v", "sstc") + ' cpu-affinity = "0";'),
                   Vm("all", "heartbeat", args="beats=0", more='cpu-affinity = "0";'),
                   options="hide=vector@1,sstc@1")
    machine.expect("few: starts")
    machine.expect("all: starts")
    machine.shell()
    assert "few: cpu-affinity: all" in machine.command("vm affinity few all")
    assert "hart 1 has no sstc" in machine.command("vm affinity all all")


@pytest.mark.parametrize("more", ("", disable("v", "zicboz", "zba")))
def test_linux_is_told_what_works(boot, more):
    machine = boot(debian(args="test=isa", more=more))
    isa = machine.expect(re.compile(r"isa\s*: (rv64\w+)\r?\n"))[1]
    assert ("_zicboz" in isa, "_zba" in isa, "v" in isa.split("_")[0][4:]) == (not more,) * 3
    machine.expect(re.compile(r"isa: (\d+) of \1 agree"))
    machine.expect("guest: test isa ended 0")
    machine.expect_end(well=1)

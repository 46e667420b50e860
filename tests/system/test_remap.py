# SPDX-License-Identifier: BSD-2-Clause
"""
Translations after a change: no vCPU, on whatever hart and after whichever switches between VMs
that share few VMIDs, reads what a page mapped before.
"""

import re

import pytest

from machine import Vm


HARTS = 4
TURNS = 2000
LOOKED = re.compile(r"hart (\d) looked (\d+) times, at (\d+), saw (\d+)")


def looks(machine):
    """What each hart of the guest has told last: how often it looked, at what, numbers seen."""
    text = machine.command("vm log remap")
    assert "stale" not in text
    return {int(line[0]): tuple(map(int, line[1:])) for line in LOOKED.findall(text)}


def all_looked_at(machine, number):
    """Waits until each hart has told of this number; a hart that is hung, or sees less, never."""
    return machine.look_until(lambda: looks(machine), lambda seen: len(seen) == HARTS and all(
        at == number for _, at, _ in seen.values()))


def remap(boot, options, cpu, times):
    """A VM whose page is remapped, and two that take turns with it on two harts."""
    neighbours = [Vm("other%d" % i, "endless", args="mode=%d" % mode, vcpus=2)
                  for i, mode in enumerate((3, 5))]
    machine = boot(Vm("remap", "remap", vcpus=HARTS), *neighbours, harts=2, cpu=cpu,
                   options=options)
    page = machine.expect(re.compile(r"remap me: (0x[0-9a-f]+), 4 harts"))[1]
    machine.expect("other1: starts")
    machine.shell()
    before = all_looked_at(machine, 0)
    for done in range(TURNS, times + TURNS, TURNS):
        text = machine.command("vm remap remap %s %d" % (page, TURNS))
        assert "remapped %d times" % TURNS in text
        after = all_looked_at(machine, done)
        for hart in range(HARTS):
            assert after[hart][0] > before[hart][0] and after[hart][2] > before[hart][2]
        before = after
    return machine, before


@pytest.mark.parametrize("bits", [0, 1, 3, 14])
def test_no_stale_read(boot, bits):
    machine, _ = remap(boot, "vmid.bits=%d" % bits, "max", 4000)
    assert "VMID bits %d," % bits in machine.command("host info")


@pytest.mark.soak
@pytest.mark.parametrize("bits", [0, 1, 3])
@pytest.mark.parametrize("cpu", ["max", "max,svinval=off"])
def test_no_stale_read_in_many(boot, bits, cpu):
    _, seen = remap(boot, "vmid.bits=%d" % bits, cpu, 100000)
    assert all(numbers > 1000 for _, _, numbers in seen.values()), seen


def test_what_is_no_ram_is_not_remapped(boot):
    machine = boot(Vm("remap", "endless"), options="")
    machine.expect("endless mode")
    machine.shell()
    for at in ("0x80000001", "0x10000000", "0x83ffe000", "0xfffffffffffff000"):
        assert "no three pages of RAM" in machine.command("vm remap remap " + at)
    assert "is none" in machine.command("vm remap remap page")
    assert "Times: 0 to" in machine.command("vm remap remap 0x81000000 x")

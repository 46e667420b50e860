# SPDX-License-Identifier: BSD-2-Clause
"""
Translations after a change: no vCPU, on whatever hart and after whichever switches between VMs
that share few VMIDs, reads what a page mapped before.
"""

import re

import pytest

from machine import Vm


def remap(boot, options, cpu, times):
    """A VM whose page is remapped, and two that take turns with it on two harts."""
    neighbours = [Vm("other%d" % i, "endless", args="mode=%d" % mode, vcpus=2)
                  for i, mode in enumerate((3, 5))]
    machine = boot(Vm("remap", "remap", vcpus=4), *neighbours, harts=2, cpu=cpu, options=options)
    page = machine.expect(re.compile(r"remap me: (0x[0-9a-f]+), 4 harts"))[1]
    machine.expect("other1: starts")
    machine.shell()
    done = 0
    while done < times:
        text = machine.command("vm remap remap %s %d" % (page, 2000))
        assert "remapped 2000 times" in text
        done += 2000
    log = machine.command("vm log remap")
    assert "stale" not in log
    return machine


@pytest.mark.parametrize("bits", [0, 1, 3, 14])
def test_no_stale_read(boot, bits):
    machine = remap(boot, "vmid.bits=%d" % bits, "max", 4000)
    assert "VMID bits %d," % bits in machine.command("host info")


@pytest.mark.soak
@pytest.mark.parametrize("bits", [0, 1, 3])
@pytest.mark.parametrize("cpu", ["max", "max,svinval=off"])
def test_no_stale_read_in_many(boot, bits, cpu):
    machine = remap(boot, "vmid.bits=%d" % bits, cpu, 100000)
    assert re.search(r"looked \d+ times", machine.command("vm log remap"))


def test_what_is_no_ram_is_not_remapped(boot):
    machine = boot(Vm("remap", "endless"), options="")
    machine.expect("endless mode")
    machine.shell()
    for at in ("0x80000001", "0x10000000", "0x83ffe000", "0xfffffffffffff000"):
        assert "no three pages of RAM" in machine.command("vm remap remap " + at)
    assert "is none" in machine.command("vm remap remap page")
    assert "Times: 0 to" in machine.command("vm remap remap 0x81000000 x")

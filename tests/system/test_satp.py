# SPDX-License-Identifier: BSD-2-Clause
"""
Harts whose modes of satp differ: on `-cpu max` without sv57=on of QEMU, only one hart has more
than Sv39. A guest finds the modes that all harts of its VM have, wherever it looks.
"""

import re

import pytest

from machine import RICH, Vm, debian

DIFFER = "max,svade=on"
BARE_SV39 = 1 << 0 | 1 << 8
ALL = BARE_SV39 | 1 << 9 | 1 << 10


FOUND = re.compile(r"hart (\d+): modes 0x(\w+)")


def modes_found(machine, vm):
    """What the harts of a guest found; all of them the same."""
    text = machine.command("vm log " + vm)
    assert "PASS modes and fences" in text, text
    return {int(modes, 16) for _, modes in FOUND.findall(text)}


@pytest.mark.parametrize("cpu, modes", ((DIFFER, BARE_SV39), (RICH, ALL)))
def test_guest_has_the_modes_of_all_its_harts(boot, cpu, modes):
    machine = boot(Vm("guest", "satp", args="modes=%d" % modes, vcpus=3), cpu=cpu)
    machine.expect_end(well=1)


def test_guest_keeps_the_modes_that_it_had_first(boot):
    """Each VM on a hart of its own, and then on both, if it may go there."""
    more = 'cpu-affinity = "%d";'
    machine = boot(*(Vm("on%d" % hart, "satp", vcpus=2, more=more % hart) for hart in range(2)),
                   cpu=DIFFER, options="")
    machine.expect_all("on0: stopped", "on1: stopped")
    machine.shell()
    before = {}
    for vm in ("on0", "on1"):
        before[vm], = modes_found(machine, vm)
    assert set(before.values()) == {BARE_SV39, ALL}
    for vm in before:
        text = machine.command("vm affinity %s 0-1" % vm)
        assert ("has no" in text) == (before[vm] == ALL), text
        machine.command("vm reset " + vm)
        machine.wait_state(vm, "stopped")
        assert modes_found(machine, vm) == {before[vm]}


@pytest.mark.soak
def test_debian_moves_between_such_harts(boot):
    machine = boot(debian(args="quiet", vcpus=3), cpu=DIFFER)
    machine.expect("guest#")
    machine.send("grep -c sv39 /proc/cpuinfo; for i in 1 2 3 4; do seq 20000 | md5sum >>/tmp/s & "
                 "done; wait; sort -u /tmp/s | wc -l; poweroff -f\r")
    machine.expect(re.compile(r"\b3\r\n1\r\n"))
    machine.expect_end(well=1)

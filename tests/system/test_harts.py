# SPDX-License-Identifier: BSD-2-Clause
"""
Harts that are switched off and on while VMs run: nothing is lost, nothing stands still, and what
can run nowhere else is left alone.
"""

import random
import re

import pytest

from machine import Vm, debian
from test_files import HARDWARE, STORM_ENDS, files, storm


def states(machine):
    """What each hart does, in the order of their numbers."""
    text = machine.command("host harts")
    return re.findall(r"^ +\d+ +\d+ (\w+)", text, re.MULTILINE)


def switch(machine, what, hart):
    assert "hart %d: %s-line" % (hart, what) in machine.command("host hart %s %d" % (what, hart))


def beats_go_on(machine):
    """The VM in focus of the console beats twice more."""
    machine.key("1")
    machine.skip()
    machine.expect(re.compile(r"beat \d+"))
    machine.expect(re.compile(r"beat \d+"))
    machine.shell()


@pytest.mark.parametrize("aia, cpu", [("aplic-imsic", "max"), ("none", "max,sstc=off")])
def test_everything_goes_on_while_harts_come_and_go(boot, aia, cpu):
    machine = boot(Vm("beats", "heartbeat", args="beats=0 period=50", vcpus=1),
                   storm("one", 20000), storm("two", 20000),
                   Vm("busy", "endless", args="mode=3", vcpus=4),
                   aia=aia, cpu=cpu, harts=4, options="")
    machine.expect("busy: starts")
    machine.shell()
    dice = random.Random(1)
    now_off = set()
    for _ in range(20):
        hart = dice.randrange(1, 4)
        switch(machine, "on" if hart in now_off else "off", hart)
        now_off ^= {hart}
        assert [state == "off" for state in states(machine)] == [i in now_off for i in range(4)]
        beats_go_on(machine)
    for hart in now_off:
        switch(machine, "on", hart)
    machine.wait_state("one", "stopped")
    machine.wait_state("two", "stopped")
    for name in ("one", "two"):
        assert STORM_ENDS.search(machine.command("vm log " + name)).groups() == ("1", "0")


def test_hart_that_is_needed_stays(boot):
    machine = boot(Vm("pinned", "endless", args="mode=3", more='cpu-affinity = "2";'),
                   Vm("free", "endless", args="mode=3"), harts=3, options="")
    machine.expect("free: starts")
    machine.shell()
    assert "stays: devices interrupt it" in machine.command("host hart off 0")
    assert "stays: pinned may run nowhere else" in machine.command("host hart off 2")
    assert "There is no hart 3." in machine.command("host hart off 3")
    assert "There is no hart x." in machine.command("host hart off x")
    assert "Hart 1 is online." in machine.command("host hart on 1")
    assert "On or off?" in machine.command("host hart up 1")
    switch(machine, "off", 1)
    assert "Hart 1 is off." in machine.command("host hart off 1")
    machine.command("vm destroy pinned")
    switch(machine, "off", 2)
    assert ("pinned: cpu-affinity: none of these harts is on-line"
            in machine.command("vm create pinned"))
    switch(machine, "on", 2)
    assert "pinned: starts" in machine.command("vm create pinned")


def test_files_of_a_hart_that_goes(boot):
    """VMs that insist move as long as there is room; then the newest is paused, and comes back."""
    machine = boot(Vm("keeps", "endless", args="mode=3", vcpus=2, more=HARDWARE),
                   Vm("loses", "heartbeat", args="beats=0 period=50", vcpus=1,
                      more=HARDWARE + 'on-no-vsfile = "wait";'),
                   Vm("auto", "endless", args="mode=3", vcpus=3), harts=3, guests=2, options="")
    machine.expect("auto: starts")
    machine.shell()
    switch(machine, "off", 2)
    counts = files(machine)
    assert [hart["limit"] for hart in counts] == [2, 2, 0]
    assert sum(hart["reserved"] for hart in counts[:2]) == 3 and counts[2]["reserved"] == 0
    assert counts[2]["used"] == 0
    machine.wait_state("loses", "running")
    switch(machine, "off", 1)
    assert re.fullmatch(r"no-vsfile: hart 1", machine.wait_state("loses", "paused").strip())
    machine.wait_state("keeps", "running")
    assert [hart["reserved"] for hart in files(machine)] == [2, 0, 0]
    switch(machine, "on", 2)
    machine.wait_state("loses", "running")
    switch(machine, "on", 1)
    assert [hart["limit"] for hart in files(machine)] == [2, 2, 2]
    machine.key("2")
    machine.skip()
    machine.expect(re.compile(r"beat \d+"))


def test_vm_made_while_a_hart_is_off_uses_it_later(boot):
    machine = boot(debian("linux", args="quiet test=poweroff", vcpus=3,
                          more="autostart = <0>;"), harts=3, options="")
    machine.shell()
    machine.command("vm destroy linux")
    switch(machine, "off", 1)
    machine.command("vm create linux")
    machine.command("vm start linux")
    switch(machine, "on", 1)
    machine.wait_state("linux", "stopped")
    text = machine.command("host files")
    hits = {int(line.split()[0]): int(line.split()[5]) + int(line.split()[7])
            for line in text.splitlines() if re.match(r" +\d+ +\d+ ", line)}
    assert hits[1] > 0

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
    """What each hart does, by its id."""
    text = machine.command("host harts")
    return {int(hart): state for hart, state in re.findall(r"^ +(\d+) (\w+)", text, re.MULTILINE)}


def by_hart(machine):
    """What `host files` shows, by hart id."""
    return {hart["hart"]: hart for hart in files(machine)}


def promised_and_owned(machine):
    """For each hart: how many lines are reserved, and those of the VMs that insist on them."""
    text = machine.command("host files")
    return [(hart["reserved"], [int(line) for line in
                                re.findall(r"hart %d line (\d+): (?:keeps|loses) " % hart["hart"],
                                           text)])
            for hart in files(machine)]


def switch(machine, what, hart):
    """A hart has ten seconds to come or to leave its work: on a loaded machine once more."""
    machine.look_until(lambda: machine.command("host hart %s %d" % (what, hart)),
                       lambda text: "hart %d: %s-line" % (hart, what) in text or
                       not re.search("did not leave its work in time|did not come", text))
    assert ("Hart %d is %s." % (hart, {"on": "online", "off": "off"}[what])
            in machine.command("host hart %s %d" % (what, hart)))


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
        hart = dice.choice(machine.other_harts(4))
        switch(machine, "on" if hart in now_off else "off", hart)
        now_off ^= {hart}
        assert {i for i, state in states(machine).items() if state == "off"} == now_off
        machine.beats_go_on("beats")
    for hart in now_off:
        switch(machine, "on", hart)
    machine.wait_state("one", "stopped")
    machine.wait_state("two", "stopped")
    for name in ("one", "two"):
        assert STORM_ENDS.search(machine.command("vm log " + name)).groups() == ("1", "0")


def test_hart_that_is_needed_stays(boot):
    machine = boot(*(Vm("on%d" % hart, "endless", args="mode=3", more='cpu-affinity = "%d";' % hart)
                     for hart in range(3)), harts=3, options="")
    machine.expect_all("on0: starts", "on1: starts", "on2: starts")
    machine.shell()
    one, two = machine.other_harts(3)
    assert "stays: devices interrupt it" in machine.command("host hart off %d" % machine.boot_hart())
    assert ("stays: on%d may run nowhere else" % two) in machine.command("host hart off %d" % two)
    assert "There is no hart 3." in machine.command("host hart off 3")
    assert "There is no hart x." in machine.command("host hart off x")
    assert "Hart %d is online." % one in machine.command("host hart on %d" % one)
    assert "On or off?" in machine.command("host hart up 1")
    machine.command("vm destroy on%d" % one)
    switch(machine, "off", one)
    assert "Hart %d is off." % one in machine.command("host hart off %#x" % one)
    machine.command("vm destroy on%d" % two)
    switch(machine, "off", two)
    assert ("on%d: cpu-affinity: none of these harts is on-line" % two
            in machine.command("vm create on%d" % two))
    switch(machine, "on", two)
    assert "on%d: starts" % two in machine.command("vm create on%d" % two)


def test_files_of_a_hart_that_goes(boot):
    """VMs that insist move as long as there is room; then the newest is paused, and comes back."""
    machine = boot(Vm("keeps", "endless", args="mode=3", vcpus=2, more=HARDWARE),
                   Vm("loses", "heartbeat", args="beats=0 period=50", vcpus=1,
                      more=HARDWARE + 'on-no-vsfile = "wait";'),
                   Vm("auto", "endless", args="mode=3", vcpus=3), harts=3, guests=2, options="")
    machine.expect("auto: starts")
    machine.shell()
    stays = machine.boot_hart()
    one, two = machine.other_harts(3)
    switch(machine, "off", two)
    counts = by_hart(machine)
    assert {hart: counts[hart]["limit"] for hart in counts} == {stays: 2, one: 2, two: 0}
    assert counts[stays]["reserved"] + counts[one]["reserved"] == 3
    assert counts[two]["reserved"] == counts[two]["used"] == 0
    machine.wait_state("loses", "running")
    switch(machine, "off", one)
    assert machine.wait_state("loses", "paused").strip() == "no-vsfile: hart %d" % one
    machine.wait_state("keeps", "running")
    assert [by_hart(machine)[hart]["reserved"] for hart in (stays, one, two)] == [2, 0, 0]
    switch(machine, "on", two)
    machine.wait_state("loses", "running")
    switch(machine, "on", one)
    assert [hart["limit"] for hart in files(machine)] == [2, 2, 2]
    # Those that insist have what they were promised.
    machine.look_until(lambda: promised_and_owned(machine),
                       lambda counts: sum(len(owned) for _, owned in counts) == 3)
    for reserved, owned in promised_and_owned(machine):
        assert len(set(owned)) == len(owned) == reserved and set(owned) <= {1, 2}
    machine.beats_go_on("loses")


def test_vm_made_while_a_hart_is_off_uses_it_later(boot):
    machine = boot(debian("linux", args="quiet test=poweroff", vcpus=3,
                          more="autostart = <0>;"), harts=3, options="")
    machine.shell()
    machine.wait_state("linux", "created")
    hart = machine.other_harts(3)[0]
    machine.command("vm destroy linux")
    switch(machine, "off", hart)
    machine.command("vm create linux")
    # At once, while it still boots.
    machine.send("vm start linux\rhost hart on %d\r" % hart)
    machine.expect("hart %d: on-line" % hart)
    machine.shell()
    machine.wait_state("linux", "stopped")
    counts = by_hart(machine)[hart]
    assert counts["hits"] + counts["found"] > 0

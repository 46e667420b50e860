# SPDX-License-Identifier: BSD-2-Clause
"""
Guest interrupt files: storms of interrupts while files are taken away, given back and handed on;
what VMs that insist on files are promised; and what all of it costs.
"""

import random
import re

import pytest

from machine import Vm, debian, have_qemu

HARDWARE = 'interrupt-files = "hardware";'
SOFTWARE = 'interrupt-files = "software";'
STORM_ENDS = re.compile(r"payload storm: (\d+) passed, (\d+) failed")


def storm(name, count, vcpus=4, more=""):
    return Vm(name, "storm", args="count=%d" % count, vcpus=vcpus, more=more)


def files(machine):
    """What `host files` shows, a dictionary for each hart."""
    text = machine.command("host files")
    names = "hart files limit reserved used hits software promotions steals handovers wakes".split()
    return [dict(zip(names, map(int, line.split())))
            for line in text.splitlines() if re.match(r" +\d+ +\d+ ", line)]


def vcpu_files(machine):
    """The counts of each vCPU in `vcpu list -v`, with the place of its file."""
    text = machine.command("vcpu list -v")
    found = []
    for place, counts in re.findall(r"file: ([^,]+), (.*)", text):
        found.append(dict((name, int(value)) for name, value
                          in re.findall(r"(\w+) (\d+)", counts)))
        found[-1]["place"] = place
    return found


@pytest.mark.parametrize("aia, guests", [("aplic-imsic", 0), ("aplic-imsic", 1),
                                         ("aplic-imsic", 3), ("aplic-imsic", 7), ("none", 0)])
def test_storm_loses_nothing(boot, aia, guests):
    machine = boot(storm("one", 12000), storm("two", 12000), aia=aia, guests=guests)
    machine.expect_end(well=2)


def test_storm_on_harts_with_different_numbers_of_files(boot):
    machine = boot(storm("one", 12000), storm("two", 12000),
                   options="poweroff=last-vm hgei.limit=0:3,1:1")
    machine.expect_end(well=2)


def two_sockets(boot, *vms, options="poweroff=last-vm"):
    """
    IMSICs in two groups. aclint=on: with QEMU's older timer and IPI device OpenSBI often keeps harts
    in M-mode for ever there, under whatever runs on it.
    """
    numa = []
    for node in range(2):
        numa += ["-object", "memory-backend-ram,id=ram%d,size=512M" % node,
                 "-numa", "node,nodeid=%d,memdev=ram%d,cpus=%d-%d"
                 % (node, node, 2 * node, 2 * node + 1)]
    return boot(*vms, machine="virt,aia=aplic-imsic,aia-guests=2,aclint=on",
                harts="4,sockets=2,cores=2", extra=numa, options=options)


def test_storm_on_two_sockets(boot):
    machine = two_sockets(boot, storm("one", 8000, vcpus=5), storm("two", 8000, vcpus=5), options="")
    machine.expect_all("one: stopped", "two: stopped")
    machine.shell()
    for name in ("one", "two"):
        assert STORM_ENDS.search(machine.command("vm log " + name)).groups() == ("1", "0")
    counts = files(machine)
    assert [hart["files"] for hart in counts] == [2] * 4
    assert all(hart["promotions"] > 0 for hart in counts)
    assert sum(hart["handovers"] for hart in counts) > 0


def test_linux_on_two_sockets(boot):
    machine = two_sockets(boot, debian(args="quiet test=basics", vcpus=4))
    machine.expect("guest: test basics ended 0")
    machine.expect_end(well=1)


@pytest.mark.skipif(not have_qemu("11"), reason="only QEMU 11 has the machine tt-atlantis")
def test_storm_on_a_machine_with_63_files_a_hart(boot):
    """Its RAM begins at 0, its clock runs at 1 GHz, and guest-index-bits is 6."""
    machine = boot(storm("one", 5000, vcpus=8), storm("two", 5000, vcpus=8), machine="tt-atlantis",
                   cpu="rva23s64,pmp=on,sv57=on", memory=4096, qemu="11", options="")
    machine.expect_all("one: stopped", "two: stopped")
    machine.shell()
    for name in ("one", "two"):
        assert STORM_ENDS.search(machine.command("vm log " + name)).groups() == ("1", "0")
    counts = files(machine)
    assert [(hart["files"], hart["steals"], hart["software"]) for hart in counts] == [(63, 0, 0)] * 2
    assert sum(hart["used"] for hart in counts) == 16


def disturb(machine, dice, most=5, harts=2):
    """A limit goes up or down, a VM stops and goes on, a hart goes off or comes back, at random."""
    machine.command("host files %d %d" % (dice.randrange(harts), dice.randrange(most + 1)))
    if dice.randrange(3) == 0:
        machine.command("vm pause two")
        machine.command("vm resume two")
    if dice.randrange(4) == 0:
        machine.command("host hart %s %d" % (dice.choice(("on", "off")), 1 + dice.randrange(harts - 1)))


def calm(machine, most=5, harts=2):
    """All harts are there, with all their files."""
    for hart in range(harts):
        if hart:
            machine.command("host hart on %d" % hart)
        machine.command("host files %d %d" % (hart, most))


def storm_while_files_come_and_go(boot, count, rounds):
    machine = boot(storm("one", count), storm("two", count), Vm("busy", "endless", args="mode=3"),
                   options="")
    machine.expect("busy: starts")
    machine.shell()
    dice = random.Random(1)
    for _ in range(rounds):
        disturb(machine, dice)
    calm(machine)
    machine.wait_state("one", "stopped")
    machine.wait_state("two", "stopped")
    for name in ("one", "two"):
        assert STORM_ENDS.search(machine.command("vm log " + name)).groups() == ("1", "0")
    counts = files(machine)
    assert sum(hart["promotions"] for hart in counts) > 8
    machine.command("vm destroy one")
    machine.command("vm destroy two")
    assert sum(hart["used"] for hart in files(machine)) <= 1


def test_storm_while_files_come_and_go(boot):
    storm_while_files_come_and_go(boot, 40000, 60)


@pytest.mark.soak
@pytest.mark.parametrize("guests", [0, 1, 3, 7])
def test_long_storm(boot, guests):
    """10 million interrupts, all four together, while everything changes."""
    machine = boot(storm("one", 330000), storm("two", 330000), guests=guests, harts=3,
                   options="hgei.limit=1:1")
    machine.expect("two: starts")
    machine.shell()
    dice = random.Random(guests)
    while re.search(r" running ", machine.command("vm list")):
        for _ in range(20):
            disturb(machine, dice, most=guests, harts=3)
        calm(machine, most=guests, harts=3)
    for name in ("one", "two"):
        assert STORM_ENDS.search(machine.command("vm log " + name)).groups() == ("1", "0")


def test_more_vcpus_than_files_are_never_promised(boot):
    machine = boot(Vm("big", "endless", args="mode=3", vcpus=16, more=HARDWARE),
                   Vm("second", "endless", args="mode=3", vcpus=5, more=HARDWARE),
                   Vm("third", "endless", args="mode=3", vcpus=4, more=HARDWARE),
                   harts=4, options="")
    machine.expect("second: interrupt-files: \"hardware\": 5 files asked for, 4 free, "
                   "hart 0: 1 of 5, hart 1: 1 of 5, hart 2: 1 of 5, hart 3: 1 of 5")
    machine.expect("third: starts")
    machine.shell()
    for _ in range(5):
        assert [hart["reserved"] for hart in files(machine)] == [5, 5, 5, 5]
        assert all(hart["used"] <= 5 for hart in files(machine))


@pytest.mark.parametrize("waits", [False, True])
def test_vm_that_no_longer_fits_is_paused_and_goes_on(boot, waits):
    more = HARDWARE + ('on-no-vsfile = "wait";' if waits else "")
    machine = boot(Vm("keeps", "endless", args="mode=3", vcpus=2, more=HARDWARE),
                   Vm("loses", "heartbeat", args="beats=0 period=100", more=more),
                   storm("software", 100, more=SOFTWARE), harts=2, guests=3, options="")
    machine.expect("software: starts")
    machine.shell()
    machine.command("host files 1 1")
    assert machine.wait_state("loses", "running") == ""
    machine.command("host files 0 1")
    assert re.fullmatch(r"no-vsfile: hart [01]", machine.wait_state("loses", "paused").strip())
    machine.wait_state("keeps", "running")
    assert sum(hart["reserved"] for hart in files(machine)) == 2
    machine.command("vm resume loses")
    machine.wait_state("loses", "paused")
    machine.command("host files 0 3")
    if not waits:
        machine.wait_state("loses", "paused")
        machine.command("vm resume loses")
    machine.wait_state("loses", "running")
    machine.key("2")
    machine.skip()
    machine.expect(re.compile(r"beat \d+"))
    machine.expect(re.compile(r"beat \d+"))


def test_linux_sends_its_ipis_without_exits(boot):
    # Bound to its hart: while a file moves to another one, stores to it do exit.
    machine = boot(debian("files", args="quiet test=basics", more=HARDWARE),
                   debian("software", args="quiet test=basics", more=SOFTWARE),
                   options="", memory=1024)
    machine.expect_all("files: stopped", "software: stopped")
    machine.shell()
    counts = vcpu_files(machine)
    # Before the vCPU is loaded for the first time it has no file: nothing was sent to it then.
    assert [vcpu["exits"] for vcpu in counts[:2]] == [0, 0]
    assert [vcpu["handovers"] for vcpu in counts[:2]] == [0, 0]
    assert all(vcpu["exits"] > 100 for vcpu in counts[2:])
    assert all(vcpu["promotions"] >= 1 for vcpu in counts[:2])


@pytest.mark.parametrize("payload, args", [("ipi", "be=1"), ("mmio", ""), ("bench", "rounds=20")])
def test_software_file_is_exact(boot, payload, args):
    machine = boot(Vm("guest", payload, args=args, vcpus=2, more=SOFTWARE))
    machine.expect_end(well=1)


def six_linux_share_four_files(boot, args, timeout):
    machine = boot(*[debian("vm%d" % i, args=args, memory=192) for i in range(6)],
                   options="hgei.limit=0:3,1:1", memory=2048)
    machine.expect_all(*["vm%d: stopped" % i for i in range(6)], timeout=timeout)
    machine.shell()
    for i in range(6):
        assert "ended 0" in machine.command("vm log vm%d" % i)
    counts = files(machine)
    with_file = sum(hart["hits"] + hart["promotions"] for hart in counts)
    without = sum(hart["software"] for hart in counts)
    print("loads with a file: %.1f %%" % (100 * with_file / (with_file + without)))
    assert with_file / (with_file + without) > 0.9, counts
    for hart in counts:
        assert hart["used"] <= hart["limit"]


def test_six_linux_share_four_files(boot):
    six_linux_share_four_files(boot, "quiet test=clock seconds=5", 600)


@pytest.mark.soak
def test_six_linux_share_four_files_for_five_minutes(boot):
    six_linux_share_four_files(boot, "quiet test=clock seconds=300", 3600)

# SPDX-License-Identifier: BSD-2-Clause
"""
Guest interrupt files: storms of interrupts while files are taken away, given back and handed on;
what VMs that insist on files are promised; and what all of it costs.
"""

import random
import re

import pytest

from machine import PATIENCE, TIMEOUT, Vm, debian

HARDWARE = 'interrupt-files = "hardware";'
SOFTWARE = 'interrupt-files = "software";'
STORM_ENDS = re.compile(r"payload storm: (\d+) passed, (\d+) failed")
STORM_COUNTS = re.compile(r"identities (\d+) to (\d+), (\d+) interrupts received")
# A wake-up that comes later than this, in seconds, did not come by itself.
LATE = 20 * PATIENCE
IPIS = re.compile(r"basics: (\d+) IPIs")


def storm(name, count, vcpus=4, more=""):
    return Vm(name, "storm", args="count=%d" % count, vcpus=vcpus, more=more)


def files(machine):
    """What `host files` shows, a dictionary for each hart."""
    text = machine.command("host files")
    names = "hart files limit reserved used hits found software promotions steals handovers wakes".split()
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


def test_storm_without_an_imsic_of_the_host(boot):
    machine = boot(storm("one", 12000), storm("two", 12000), aia="none")
    machine.expect_end(well=2)


def test_storm_of_all_identities(boot):
    """The files of the hardware have fewer."""
    machine = boot(storm("one", 3000, more="interrupt-identities = <2047>;"), options="")
    machine.expect("one: stopped")
    machine.shell()
    storm_ended(machine, "one", identities=2047)


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


def storm_ended(machine, name, identities=255):
    """Nothing was lost, all words of the file had a share. Returns how many interrupts came."""
    text = machine.command("vm log " + name)
    assert STORM_ENDS.findall(text) == [("1", "0")]
    lowest, highest, received = map(int, STORM_COUNTS.search(text).groups())
    assert lowest < 64 and highest > identities - 32
    return received


def disturb(machine, dice, most):
    """At random: limits, where a VM may run, a VM stops and goes on, a hart goes or comes back."""
    harts = len(most)
    hart, name = dice.randrange(harts), dice.choice(("one", "two"))
    machine.command("host files %d %d" % (hart, dice.randrange(most[hart] + 1)))
    if dice.randrange(3) == 0:
        machine.command("vm pause " + name)
        machine.command("vm resume " + name)
    if dice.randrange(3) == 0:
        machine.command("vm affinity %s %s" % (name, dice.choice(
            ["0-%d" % (harts - 1)] + [str(hart) for hart in range(harts)])))
    if dice.randrange(4) == 0:
        machine.command("host hart %s %d" % (dice.choice(("on", "off")),
                                             dice.choice(machine.other_harts(harts))))


def calm(machine, most):
    """All harts are there, with as many files as they had, for all vCPUs."""
    for hart, limit in enumerate(most):
        machine.command("host hart on %d" % hart)
        machine.command("host files %d %d" % (hart, limit))
    for name in ("one", "two"):
        machine.command("vm affinity %s 0-%d" % (name, len(most) - 1))


def storm_while_everything_changes(boot, guests, most, count):
    """`most`: how many files each hart has at most. `count`: interrupts of all vCPUs together."""
    limits = ",".join("%d:%d" % each for each in enumerate(most))
    machine = boot(storm("one", count // 8), storm("two", count // 8), guests=guests,
                   harts=len(most), options="hgei.limit=" + limits)
    machine.expect("two: starts")
    machine.shell()
    dice = random.Random(guests)
    rounds = 0
    while re.search(r" running ", machine.command("vm list")):
        rounds += 1
        disturb(machine, dice, most)
        if rounds % 8 == 0:
            calm(machine, most)
    assert storm_ended(machine, "one") + storm_ended(machine, "two") >= count
    counts = files(machine)
    # Each of them hundreds of times, as long as this many interrupts take.
    for what in (["found", "steals", "wakes", "software"] if guests else []) + \
            (["handovers"] if all(most) else []):
        assert sum(hart[what] for hart in counts) > 20, (what, counts)
    machine.command("vm destroy one")
    machine.command("vm destroy two")
    assert sum(hart["used"] for hart in files(machine)) == 0


@pytest.mark.parametrize("guests, most", [(0, [0, 0]), (1, [1, 0]), (3, [3, 1]), (7, [5, 2])])
def test_storm_while_everything_changes(boot, guests, most):
    """A million interrupts, all four together."""
    storm_while_everything_changes(boot, guests, most, 250000)


@pytest.mark.soak
@pytest.mark.parametrize("guests, most", [(0, [0, 0, 0]), (1, [1, 0, 1]), (3, [3, 1, 2]),
                                          (7, [7, 2, 1])])
def test_long_storm(boot, guests, most):
    """10 million interrupts each."""
    storm_while_everything_changes(boot, guests, most, 10000000)


def where_vcpus_run(machine, vm):
    """The harts of a VM's vCPUs in `vcpu list`, by its id: those where they run, or ran last."""
    return re.findall(r"^ *%d +\d+ +started +\w+ +(\d+) " % vm, machine.command("vcpu list"), re.M)


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
        # Those that insist, of both VMs: 16 and 4.
        for vm, vcpus in ((1, 16), (2, 4)):
            machine.look_until(lambda: where_vcpus_run(machine, vm), lambda seen: len(seen) == vcpus)
        runs = where_vcpus_run(machine, 1) + where_vcpus_run(machine, 2)
        assert all(runs.count(hart) <= 5 for hart in runs)


@pytest.mark.parametrize("waits", [False, True])
def test_vm_that_no_longer_fits_is_paused_and_goes_on(boot, waits):
    """It loses nothing of what its vCPUs send each other meanwhile."""
    more = HARDWARE + "autostart = <0>;" + ('on-no-vsfile = "wait";' if waits else "")
    machine = boot(Vm("keeps", "endless", args="mode=3", vcpus=2, more=HARDWARE),
                   storm("loses", 10000, vcpus=3, more=more),
                   storm("software", 100, more=SOFTWARE), harts=2, guests=3, options="")
    machine.expect("software: starts")
    machine.shell()
    machine.command("vm start loses")
    machine.command("host files 1 2")
    assert machine.wait_state("loses", "running") == ""
    machine.command("host files 0 2")
    assert re.fullmatch(r"no-vsfile: hart [01]", machine.wait_state("loses", "paused").strip())
    machine.wait_state("keeps", "running")
    assert sum(hart["reserved"] for hart in files(machine)) == 2
    machine.command("vm resume loses")
    machine.wait_state("loses", "paused")
    machine.command("host files 0 3")
    if not waits:
        machine.wait_state("loses", "paused")
        machine.command("vm resume loses")
    machine.wait_state("loses", "stopped")
    assert storm_ended(machine, "loses") >= 30000
    counts = vcpu_files(machine)
    assert [vcpu["software"] for vcpu in counts[:5]] == [0] * 5
    assert all(vcpu["found"] > 0 for vcpu in counts[:5])


def test_linux_sends_its_ipis_without_exits(boot):
    # Bound to its hart: while a file moves to another one, stores to it do exit.
    machine = boot(debian("files", args="quiet test=basics", more=HARDWARE),
                   debian("software", args="quiet test=basics", more=SOFTWARE),
                   options="", memory=1024)
    machine.expect_all("files: stopped", "software: stopped")
    machine.shell()
    counts = vcpu_files(machine)
    for name, vcpus in (("files", counts[:2]), ("software", counts[2:])):
        ipis = int(IPIS.search(machine.command("vm log " + name))[1])
        print("%s: %d IPIs between its vCPUs, %d exits of accesses to interrupt files"
              % (name, ipis, sum(vcpu["exits"] for vcpu in vcpus)))
        assert ipis > 100
    # Before the vCPU is loaded for the first time it has no file: nothing was sent to it then.
    assert [vcpu["exits"] for vcpu in counts[:2]] == [0, 0]
    assert [vcpu["handovers"] for vcpu in counts[:2]] == [0, 0]
    assert all(vcpu["exits"] > 100 for vcpu in counts[2:])
    assert all(vcpu["promotions"] >= 1 for vcpu in counts[:2])


@pytest.mark.parametrize("payload, args, more", [
    ("ipi", "be=1", ""), ("ipi", "be=1", "interrupt-identities = <2047>;"), ("mmio", "", ""),
    ("exits", "", ""), ("bench", "rounds=20", "")])
def test_software_file_is_exact(boot, payload, args, more):
    machine = boot(Vm("guest", payload, args=args, vcpus=2, more=SOFTWARE + more))
    machine.expect_end(well=1)


def six_linux_share_four_files(boot, args, timeout):
    machine = boot(*[debian("vm%d" % i, args=args, memory=192) for i in range(6)],
                   options="hgei.limit=0:3,1:1", memory=2048)
    machine.expect_all(*["vm%d: stopped" % i for i in range(6)], timeout=timeout)
    machine.shell()
    for i in range(6):
        assert "ended 0" in machine.command("vm log vm%d" % i)
    counts = files(machine)
    with_file = sum(hart["hits"] + hart["found"] for hart in counts)
    without = sum(hart["software"] for hart in counts)
    print("loads with a file: %.1f %%" % (100 * with_file / (with_file + without)))
    assert with_file / (with_file + without) > 0.9, counts
    for hart in counts:
        assert hart["used"] <= hart["limit"]


def test_six_linux_share_four_files(boot):
    six_linux_share_four_files(boot, "quiet test=clock seconds=5 late=%d" % LATE, 2 * TIMEOUT)


@pytest.mark.soak
def test_six_linux_share_four_files_for_five_minutes(boot):
    six_linux_share_four_files(boot, "quiet test=clock seconds=300 late=%d" % LATE, 3600)

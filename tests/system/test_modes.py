# SPDX-License-Identifier: BSD-2-Clause
"""
Modes of the G-stage, on harts that have them and harts that do not; harts that differ; and VMs whose
harts are changed while they run.
"""

import re

import pytest

from machine import Vm, boot_on, debian
from test_files import HARDWARE, STORM_ENDS, files, storm, vcpu_files

MODES = ("Sv39x4", "Sv48x4", "Sv57x4")
SLEEPS = "mode=1"


def mmu(mode):
    """The property that asks for a mode, by its name in MODES."""
    return 'mmu-type = "riscv,%s";' % mode[:-2].lower()


def on(harts):
    return 'cpu-affinity = "%s";' % harts


def modes_of_harts(machine):
    """By hart id, the modes beside Bare, which all have, that `host info` shows."""
    found = re.findall(r"^hart (\d+): online\n  .*\n  Bare (.*)VMID bits", machine.command("host info"),
                       re.MULTILINE)
    return {int(hart): tuple(modes.split()) for hart, modes in found}


def mode_of(machine, vm):
    return re.search(r"G-stage (\w+),", machine.command("vm show " + vm))[1]


def harts_of(machine, vm):
    return re.search(r"cpu-affinity: (\S+)", machine.command("vm affinity " + vm))[1]


def places(machine, vm):
    """The harts, by their numbers, where vCPUs of a VM run. The others are shown where they were."""
    lines = [line.split() for line in machine.command("vcpu list " + vm).splitlines()[1:]]
    return {int(words[4]) for words in lines if words[3] == "running"}


# ---- what a machine has -------------------------------------------------------------------------


@pytest.mark.parametrize("qemu", ("10", "11"))
@pytest.mark.parametrize("cpu, count", (("rva23s64", 1), ("rv64,sv57=off", 2), ("max", 3)))
def test_vm_gets_a_mode_that_the_harts_have(boot, cpu, count, qemu):
    asking = [Vm(mode.lower(), "endless", args=SLEEPS, more=mmu(mode)) for mode in MODES]
    # Each begins where a smaller mode ends.
    beyond = [Vm("beyond" + bits, "hello", memory=16,
                 more="autostart = <0>; memory-base = /bits/ 64 <%#x>;" % (1 << int(bits)))
              for bits in ("41", "50")]
    machine = boot(Vm("any", "endless", args=SLEEPS), *asking, *beyond, Vm("last", "hello"),
                   cpu=cpu, qemu=qemu, options="")
    machine.expect("last: stopped")
    machine.shell()
    assert modes_of_harts(machine) == {0: MODES[:count], 1: MODES[:count]}
    log = machine.command("host log")
    machine.wait_state("any", "running")
    assert mode_of(machine, "any") == "Sv39x4"
    for level, mode in enumerate(MODES):
        vms = [mode.lower()] + (["beyond41"] if level == 1 else ["beyond50"] if level == 2 else [])
        for vm in vms:
            refused = re.search(r"%s: hart [01] has no %s\r?\n" % (vm, mode), log)
            if level < count:
                assert not refused and mode_of(machine, vm) == mode
            else:
                assert refused and "There is no VM" in machine.command("vm show " + vm)


def test_each_hart_has_the_modes_that_are_not_hidden(boot):
    machine = boot(Vm("one", "endless", args=SLEEPS, more=on("0")), Vm("any", "hello"),
                   Vm("last", "endless", args=SLEEPS, more=on("2")), harts=4,
                   options="hide=sv57x4@1,sv48x4@1+3,sstc@0-2,sv39x4@2")
    machine.expect("last: starts")
    machine.shell()
    assert modes_of_harts(machine) == {0: MODES, 1: MODES[:1], 2: MODES[1:], 3: MODES[::2]}
    text = machine.command("host info")
    features = dict(re.findall(r"hart (\d+): online\n  (.*)\n", text))
    assert [("sstc" in features[str(hart)].split()) for hart in range(4)] == [False] * 3 + [True]
    # No mode that all harts have: the smallest that reaches is missed on one, by name.
    assert "any: hart 2 has no Sv39x4" in machine.command("host log")
    assert (mode_of(machine, "one"), mode_of(machine, "last")) == ("Sv39x4", "Sv48x4")


@pytest.mark.parametrize("hidden, says", (
    ("sv57x4@", '"sv57x4@": not followed by hart ids such as @0-1+4'),
    ("sstc,sv57x4@1,3", '"3": not a feature; hart ids are joined by +'),
    ("sv57x4@3-1", '"sv57x4@3-1": a range that ends before it begins'),
))
def test_malformed_hide_is_refused_as_a_whole(boot, hidden, says):
    machine = boot(Vm("any", "endless", args=SLEEPS, more=mmu("Sv57x4")), options="hide=" + hidden)
    machine.expect("command line: hide: " + says)
    machine.expect("command line: hide=%s: the value should be" % hidden)
    machine.expect("any: starts")
    machine.shell()
    assert modes_of_harts(machine) == {0: MODES, 1: MODES}


def test_hart_without_a_mode_is_left_out(boot):
    machine = boot_on(boot, 0, Vm("any", "hello"),
                      options="poweroff=last-vm hide=sv39x4@1,sv48x4@1,sv57x4@1")
    machine.expect("hart 1: left out: no G-stage mode works")
    machine.expect_end(well=1)


def test_without_a_mode_nothing_runs_with_a_reason(boot):
    machine = boot(Vm("any", "hello"), options="hide=sv39x4,sv48x4,sv57x4")
    machine.expect(re.compile(r"hart \d: no G-stage mode works: nothing can run here"))


@pytest.mark.parametrize("hidden", (
    "sstc@0", "henvcfg@1,vector@0,htinst@1", pytest.param("hstateen0@1", marks=pytest.mark.soak),
    pytest.param("ssaia@1", marks=pytest.mark.soak)))
def test_linux_on_harts_that_differ(boot, hidden):
    machine = boot(debian(args="quiet test=basics"), options="poweroff=last-vm hide=" + hidden)
    machine.expect("guest: test basics ended 0")
    machine.expect_end(well=1)


def test_three_linux_in_three_modes(boot):
    machine = boot(*[debian(mode.lower(), more=mmu(mode), memory=192) for mode in MODES],
                   options="")
    machine.expect_all(*[mode.lower() + ": stopped: powered off" for mode in MODES])
    machine.shell()
    for mode in MODES:
        assert mode_of(machine, mode.lower()) == mode
        assert "guest: test poweroff ended 0" in machine.command("vm log " + mode.lower())


# ---- harts of a VM ------------------------------------------------------------------------------


def test_vm_stays_off_harts_without_its_mode(boot):
    machine = boot(Vm("wide", "endless", args="mode=0", vcpus=2, more=mmu("Sv57x4") + on("0")),
                   Vm("refused", "endless", more=mmu("Sv57x4") + on("0-1")),
                   storm("storm", 60000, more=mmu("Sv39x4")),
                   options="hide=sv57x4@1")
    machine.expect("refused: hart 1 has no Sv57x4")
    machine.expect("storm: starts")
    machine.shell()
    assert modes_of_harts(machine) == {0: MODES, 1: MODES[:2]}
    for harts in ("0-1", "1", "all"):
        assert ("wide: cpu-affinity: hart 1 has no Sv57x4"
                in machine.command("vm affinity wide " + harts))
        assert harts_of(machine, "wide") == "0"
    machine.command("vm pause wide")
    rounds = 0
    while rounds < 60 or re.search(r"storm +running", machine.command("vm list")):
        harts = ("0", "1", "0-1", "all")[rounds % 4]
        # The storm's end may be in the midst of it.
        assert "storm: cpu-affinity: %s\n" % harts in machine.command("vm affinity storm " + harts)
        if len(harts) == 1:
            assert places(machine, "storm") <= {int(harts)}
        rounds += 1
    machine.wait_state("storm", "stopped")
    assert STORM_ENDS.search(machine.command("vm log storm")).groups() == ("1", "0")
    machine.command("vm resume wide")
    machine.command("vm reset wide")
    machine.wait_state("wide", "running")
    assert places(machine, "wide") <= {0} and mode_of(machine, "wide") == "Sv57x4"


def test_affinity_is_checked_before_it_changes(boot):
    machine = boot(Vm("one", "endless", args="mode=3", more=on("0")), Vm("busy", "endless"),
                   harts=5, options="hide=sstc@1,vector@2")
    machine.expect("busy: starts")
    machine.shell()
    other = 4 if machine.boot_hart() == 3 else 3
    for harts, says in (("0-1", "one: cpu-affinity: hart 1 has no sstc"),
                        ("3,2", "one: cpu-affinity: hart 2 has no vector"),
                        ("0,3-4294967295", "one: cpu-affinity: hart 5 is not there"),
                        ("0+3", '"0+3": not a list of hart ids'),
                        ("3-0", '"3-0": a range that ends before it begins')):
        assert says in machine.command("vm affinity one " + harts)
        assert harts_of(machine, "one") == "0"
    machine.command("host hart off %d" % other)
    assert ("one: cpu-affinity: none of these harts is on-line"
            in machine.command("vm affinity one %d" % other))
    assert machine.command("vm affinity one 0,%d" % other) == "one: cpu-affinity: 0,%d\n" % other
    machine.command("host hart on %d" % other)
    machine.command("vm affinity one %d" % other)
    assert places(machine, "one") <= {other}
    assert "stays: one may run nowhere else" in machine.command("host hart off %d" % other)
    machine.command("vm reset one")
    machine.wait_state("one", "running")
    assert harts_of(machine, "one") == str(other) and places(machine, "one") <= {other}
    # The bundle's description counts again when it is made anew.
    machine.command("vm destroy one")
    machine.command("vm create one")
    assert harts_of(machine, "one") == "0"


def test_promised_files_follow_the_affinity(boot):
    machine = boot(storm("moves", 30000, vcpus=3, more=HARDWARE),
                   Vm("stays", "endless", args="mode=3", vcpus=2, more=HARDWARE + on("1")),
                   guests=4, options="")
    machine.expect("stays: starts")
    machine.shell()
    for rounds in range(10):
        machine.command("vm affinity moves 0")
        assert [hart["reserved"] for hart in files(machine)] == [3, 2]
        assert ('moves: interrupt-files: "hardware": 3 files asked for, 2 free, hart 1: 2 of 4'
                in machine.command("vm affinity moves 1"))
        assert harts_of(machine, "moves") == "0"
        assert {vcpu["place"].split(" line")[0] for vcpu in vcpu_files(machine)[:3]} <= {"hart 0",
                                                                                      "software"}
        machine.command("vm affinity moves all")
        machine.command("host files 0 2")
        assert [hart["reserved"] for hart in files(machine)] == [2, 3]
        machine.command("host files 0 4")
    machine.wait_state("moves", "stopped")
    assert STORM_ENDS.search(machine.command("vm log moves")).groups() == ("1", "0")
    machine.command("vm destroy moves")
    assert [hart["reserved"] for hart in files(machine)] == [0, 2]


def test_linux_moves_while_it_works(boot):
    """What sleeps moves, too: its files leave the other hart."""
    machine = boot(debian(args="quiet test=clock seconds=5"), Vm("busy", "endless", args="mode=0"),
                   options="")
    machine.expect("guest: init reached")
    machine.shell()
    while re.search(r"debian +running", machine.command("vm list")):
        for hart in (0, 1):
            machine.command("vm affinity debian %d" % hart)
            assert places(machine, "debian") <= {hart}
            owners = re.findall(r"hart (\d+) line \d+: debian", machine.command("host files"))
            assert set(owners) <= {str(hart)}
    assert "ended 0" in machine.command("vm log debian")

# SPDX-License-Identifier: BSD-2-Clause
"""
Several VMs on one machine: they share harts, do not disturb each other, and give everything back.

Regularity is measured on one hart with `-icount`: time then counts instructions, so that a busy
host does not look like a late timer interrupt, as long as something runs: see filler(). (With more harts QEMU runs one until the next timer
is due before it runs the other.)
"""

import re

import pytest

from machine import Vm, debian, filler

COUNTED = {"harts": 1, "icount": "shift=3", "options": ""}
PERIOD_MS = 50
# Between two beats: the period, a time slice of each of the others, and what the shell's work on
# one VM keeps a hart busy for.
LARGEST_GAP_MS = PERIOD_MS + 40


def watcher():
    return Vm("watcher", "heartbeat", args="period=%d beats=0" % PERIOD_MS)


def test_two_linux_and_two_payloads_on_two_harts(boot):
    machine = boot(debian("one", "quiet test=basics"), debian("two", "quiet test=basics"),
                   Vm("beats", "heartbeat", args="beats=100"),
                   Vm("registers", "fpv", args="seconds=5", vcpus=3),
                   harts=2, memory=2048)
    machine.expect_end(well=4)


def changes_another_vm(machine, rounds):
    """
    All that the shell can do to a VM, again and again while another one beats on. The first beat of
    all that.
    """
    machine.expect("beat 3 ")
    machine.shell()
    first = machine.last_beat("watcher")
    for _ in range(rounds):
        machine.command("vm pause other")
        machine.wait_state("other", "paused")
        machine.command("vm resume other")
        machine.command("vm reset other")
        machine.wait_state("other", "running")
        machine.command("vm destroy other")
        assert "other" not in machine.command("vm list")
        machine.command("vm create other")
        machine.wait_state("other", "running")
        machine.beats_go_on("watcher")
    return first


def test_life_of_one_vm_leaves_another_regular(boot):
    machine = boot(watcher(), Vm("other", "endless", args="mode=0", vcpus=2), filler(), **COUNTED)
    first = changes_another_vm(machine, 10)
    assert max(machine.gaps_ms("watcher", first)) <= LARGEST_GAP_MS


def test_life_of_one_vm_leaves_another_alive_on_two_harts(boot):
    machine = boot(watcher(), Vm("other", "endless", args="mode=3", vcpus=2), options="")
    changes_another_vm(machine, 20)


@pytest.mark.parametrize("mode, what", enumerate((
    "loops", "sleeps", "faults-for-ever", "calls-the-sbi", "reads-a-device", "fences",
    "starts-harts")))
def test_endless_guest_costs_its_own_time_only(boot, mode, what):
    machine = boot(watcher(), Vm("other", "endless", args="mode=%d" % mode, vcpus=4), filler(),
                   **COUNTED)
    machine.expect_all("beat 24 ", "other: starts")
    machine.shell()
    machine.beats_go_on("watcher")
    # Up to there: what an operator types comes before all guests, for a slice each time.
    assert max(machine.gaps_ms("watcher", 1)[:23]) <= LARGEST_GAP_MS
    machine.wait_state("other", "running")
    machine.command("vm destroy other")
    assert "other" not in machine.command("vm list")


def gives_everything_back(boot, rounds):
    machine = boot(Vm("keeps", "heartbeat", args="beats=0 period=1000"),
                   Vm("other", "endless", args="mode=3", vcpus=2), options="")
    machine.expect("other: starts")
    machine.shell()
    machine.command("vm destroy other")
    free = machine.free_pages()
    for count in range(rounds):
        machine.command("vm create other")
        if count % 4 == 1:
            machine.command("vm reset other")
        elif count % 4 == 2:
            machine.command("vm pause other")
        assert free - machine.free_pages() >= 64 * 256
        machine.command("vm destroy other")
        assert machine.free_pages() == free, "round %d" % count
    machine.wait_state("keeps", "running")


def test_destroy_gives_everything_back(boot):
    gives_everything_back(boot, 40)


@pytest.mark.soak
def test_destroy_gives_everything_back_1000_times(boot):
    gives_everything_back(boot, 1000)


def test_linux_can_be_paused_reset_and_destroyed(boot):
    machine = boot(debian(), Vm("neighbour", "heartbeat", args="beats=0"), options="", memory=2048)
    machine.expect_all("--- console of VM 1, debian", "neighbour: starts")
    machine.shell()
    free = machine.free_pages()
    machine.command("vm pause debian")
    machine.command("vm reset debian")
    machine.command("vm pause debian")
    machine.command("vm resume debian")
    machine.key("1")
    machine.expect("guest: init reached")
    machine.shell()
    machine.wait_state("debian", "stopped")
    assert machine.free_pages() == free
    machine.command("vm reset debian")
    machine.wait_state("debian", "stopped")
    assert "resets: 2," in machine.command("vm show debian")
    machine.command("vm destroy debian")
    assert machine.free_pages() >= free + 256 * 256
    machine.wait_state("neighbour", "running")


def test_affinity_is_kept(boot):
    machine = boot(Vm("first", "endless", args="mode=3", vcpus=2, more='cpu-affinity = "0";'),
                   Vm("second", "endless", args="mode=3", vcpus=2, more='cpu-affinity = "1";'),
                   options="")
    machine.expect("second: starts")
    machine.shell()
    for _ in range(5):
        harts = re.findall(r"^ +(\d) +\d started +\w+ +(\d)", machine.command("vcpu list"), re.M)
        assert set(harts) <= {("1", "0"), ("2", "1")}


def test_priority_comes_first(boot):
    machine = boot(watcher(), Vm("low", "endless", args="mode=0", vcpus=2, more="priority = <1>;"),
                   Vm("high", "heartbeat", args="period=10 beats=300", more="priority = <7>;"),
                   **COUNTED)
    machine.expect("high: stopped")
    machine.shell()
    text = machine.command("vm log high")
    assert int(re.search(r"largest gap (\d+) us", text)[1]) <= 20000

# SPDX-License-Identifier: BSD-2-Clause
"""The SBI of guests, as the operator sees it: what a VM has, and what its guest does with it."""

import re
import time

import pytest

from machine import Failure, Vm, debian, pack
from test_dirty import CHECKED
from test_registers import put
from test_save import HSM_SUSPENDED, pause_until, value


def extensions(machine, vm):
    return re.search(r"^SBI: (.*)$", machine.command("vm show " + vm), re.M)[1].split()


def test_extensions_are_switched_off(boot):
    machine = boot(Vm("all", "susp", vcpus=2),
                   Vm("some", "susp", vcpus=2, more='sbi-disable = "susp", "dbcn";'), options="")
    machine.expect_all("all: stopped", "some: stopped")
    machine.shell()
    have = extensions(machine, "all")
    assert have[:4] == ["base", "time", "ipi", "rfence"] and "susp" in have
    assert extensions(machine, "some") == [name for name in have if name not in ("susp", "dbcn")]
    assert "0 failed, 0 skipped" in machine.command("vm log all")
    assert "0 passed, 0 failed, 1 skipped" in machine.command("vm log some")


@pytest.mark.parametrize("words, message", (
    ('"susp", "nothing"', "sbi-disable: 'nothing' is none of: time ipi rfence hsm"),
    ('"base"', "sbi-disable: 'base' cannot be switched off"),
    ("<1>", "sbi-disable: not a list of strings"),
))
def test_packer_refuses_what_cannot_be_switched_off(tmp_path, words, message):
    with pytest.raises(Failure, match=re.escape(message)):
        pack([Vm("guest", "hello", more="sbi-disable = %s;" % words)], str(tmp_path / "bundle"))


@pytest.mark.parametrize("name", ("time", "hsm") + tuple(
    pytest.param(name, marks=pytest.mark.soak) for name in ("ipi", "rfence", "srst")))
def test_linux_without_an_extension_is_its_own_affair(boot, name):
    """Whatever becomes of it: the neighbour and the machine do not notice."""
    machine = boot(debian("odd", "test=poweroff", more='sbi-disable = "%s";' % name),
                   Vm("neighbour", "heartbeat", args="beats=60"), options="", memory=2048)
    machine.expect("neighbour: stopped")
    machine.shell()
    assert name not in extensions(machine, "odd")
    machine.command("vm destroy odd")


HOUR = 3600 * 10000000


def sleeps(boot):
    """A machine whose VM has just suspended itself, the first of two times for an hour."""
    machine = boot(Vm("guest", "susp", args="ms=3600000 rounds=2", vcpus=2), options="")
    machine.expect("suspend 0")
    machine.shell()
    assert machine.wait_state("guest", "suspended") == ""
    return machine


def wakes_and_ends(machine):
    """After two hours, which the operator puts its time on by."""
    for hours in (1, 2):
        machine.wait_state("guest", "suspended")
        machine.command("vm pause guest")
        put(machine, "guest", 0, "time.offset", hours * HOUR)
        machine.command("vm resume guest")
        if hours == 1:
            machine.look_until(lambda: machine.command("vm log guest"),
                               lambda text: "suspend 1" in text)
    machine.wait_state("guest", "stopped")
    assert " 0 failed" in machine.command("vm log guest").split("suspend 1")[-1]


def test_suspended_vm_is_shown(boot):
    machine = sleeps(boot)
    assert "guest: suspended" in machine.command("vm show guest")
    states = re.findall(r"^ +1 +(\d) (\w+)", machine.command("vcpu list guest"), re.M)
    assert states == [("0", "suspended"), ("1", "stopped")]
    wakes_and_ends(machine)


def test_suspended_vm_can_be_paused(boot):
    machine = boot(Vm("guest", "susp", args="ms=2000 rounds=1000000", vcpus=2), options="")
    machine.expect("suspend 1")
    machine.shell()
    pause_until(machine, "guest", lambda: value(machine, "guest", 0, "hsm"), HSM_SUSPENDED)
    assert machine.wait_state("guest", "paused") == "by the operator"
    before = machine.command("vm log guest").count("suspend ")
    time.sleep(2.5)  # its timer expires meanwhile
    assert machine.command("vm log guest").count("suspend ") == before
    machine.command("vm resume guest")
    text = machine.look_until(lambda: machine.command("vm log guest"),
                              lambda text: text.count("suspend ") > before + 1)
    assert "susp.c" not in text, text


def test_suspended_vm_can_be_reset_and_destroyed(boot):
    machine = sleeps(boot)
    machine.command("vm reset guest")
    machine.wait_state("guest", "suspended")
    assert "resets: 1," in machine.command("vm show guest")
    machine.command("vm destroy guest")
    machine.command("vm create guest")
    wakes_and_ends(machine)


@pytest.mark.parametrize("options", ({}, {"cpu": "rv64,h=true"}, {"qemu": "11"},
                                     {"options": "poweroff=last-vm hide=sstc,ssaia"}))
def test_legacy_extension(boot, options):
    machine = boot(Vm("guest", "legacy", vcpus=2, more="sbi-legacy;"), **options)
    machine.expect("by putchar")
    machine.expect(re.compile(r"payload legacy: 8 passed, 0 failed, 0 skipped"))
    machine.expect_end(well=1)


def test_legacy_shutdown_ends_the_vm_well(boot):
    machine = boot(Vm("guest", "legacy", args="shutdown=1", more="sbi-legacy;"), options="")
    machine.expect("guest: stopped: guest shut down")
    machine.shell()
    assert extensions(machine, "guest")[-1] == "legacy"


def test_legacy_extension_of_linux(boot):
    """All that a kernel could use is gone but the legacy extension; it is its affair if it fails."""
    machine = boot(debian("old", "test=poweroff", more='sbi-legacy; sbi-disable = "time", "ipi", '
                          '"rfence", "dbcn", "srst";', vcpus=1),
                   Vm("neighbour", "heartbeat", args="beats=60"), options="", memory=2048)
    machine.expect("neighbour: stopped")
    machine.shell()
    assert extensions(machine, "old")[:2] == ["base", "hsm"]


COUNTED = {"harts": 1, "icount": "shift=3", "options": "poweroff=last-vm"}


def test_time_is_not_stolen_from_who_is_alone(boot):
    machine = boot(Vm("guest", "sta", args="ms=1000 most=1"), **COUNTED)
    machine.expect_end(well=1)


def test_time_is_stolen_by_a_busy_neighbour(boot):
    machine = boot(Vm("guest", "sta", args="ms=1000 least=40 most=60"),
                   Vm("busy", "endless", args="mode=0"), **dict(COUNTED, options=""))
    machine.expect("payload sta")
    machine.expect("guest: stopped")


def test_time_is_stolen_by_a_sibling(boot):
    machine = boot(Vm("guest", "sta", args="ms=300 preempted=95", vcpus=2), **COUNTED)
    machine.expect_end(well=1)


def test_writes_of_stolen_time_are_logged(boot):
    """What the hypervisor writes into a guest is in the log of writes like what the guest writes."""
    machine = boot(Vm("guest", "sta", args="ms=60000"),
                   Vm("busy", "endless", args="mode=0"), harts=1, options="")
    machine.expect("updates")
    machine.shell()
    match = CHECKED.search(machine.command("vm dirty guest check 10"))
    assert match[5] == "0", match[0]


def test_guests_with_stolen_time_can_be_paused_reset_and_destroyed(boot):
    """At any moment of what the hypervisor writes into them."""
    machine = boot(Vm("guest", "sta", args="ms=60000", vcpus=2),
                   Vm("busy", "endless", args="mode=0", vcpus=2), options="")
    machine.expect("updates")
    machine.shell()
    for count in range(12):
        machine.command("vm pause guest")
        machine.command("vm resume guest")
        if count % 3 == 1:
            machine.command("vm reset guest")
        elif count % 3 == 2:
            machine.command("vm destroy guest")
            machine.command("vm create guest")
    machine.wait_state("guest", "running")
    machine.wait_state("busy", "running")


def test_hostile_guest_with_all_extensions_costs_nobody_else(boot):
    machine = boot(Vm("hostile", "hostile", args="seconds=5 seed=7", vcpus=2, more="sbi-legacy;"),
                   Vm("neighbour", "heartbeat", args="beats=40"))
    machine.expect_end(well=2)


def test_warm_reboot_is_told(boot):
    machine = boot(Vm("guest", "ending", args="how=3"), options="")
    machine.expect("guest: reset: guest rebooted (warm)")

# SPDX-License-Identifier: BSD-2-Clause
"""Supervisor software events of guests, by the payload tests/guest/sse.c."""

import re

import pytest

from machine import Vm


def passes(boot, vm, **options):
    machine = boot(vm, **options)
    match = machine.expect(re.compile(r"payload sse: (\d+) passed, (\d+) failed, (\d+) skipped"))
    assert match[2] == "0", "\n".join(re.findall(r"FAIL .*", machine.output()))
    skipped = re.findall(r"SKIP (.*): ", machine.output())
    assert all(name == "double traps" or vm.vcpus == 1 for name in skipped)
    assert "max" not in options.get("cpu", "max") or skipped == [] or vm.vcpus == 1 or vm.args
    machine.expect_end(well=1)


@pytest.mark.parametrize("vcpus, harts", ((1, 1), (2, 2), (3, 1), (3, 2)))
def test_events(boot, vcpus, harts):
    passes(boot, Vm("guest", "sse", vcpus=vcpus), harts=harts)


@pytest.mark.parametrize("options", ({"aia": "none"}, {"cpu": "rva23s64"}, {"cpu": "max,svade=on"},
                                     {"cpu": "rv64,h=true"}))
def test_events_on_other_machines(boot, options):
    passes(boot, Vm("guest", "sse", vcpus=3), **options)


def test_events_on_qemu_11(boot):
    # Its firmware cannot bring a double trap to the hypervisor.
    passes(boot, Vm("guest", "sse", args="double=0", vcpus=3), qemu="11")


@pytest.mark.parametrize("how", (1, 2, 3))
def test_double_trap_that_nobody_takes_ends_the_vm_alone(boot, how):
    machine = boot(Vm("guest", "sse", args="double=%d storm=10" % how, vcpus=2),
                   Vm("neighbour", "heartbeat", args="beats=30"))
    machine.expect(re.compile(r"guest: failed: vCPU 0: double trap at 0x80[0-9a-f]+, cause 3"))
    machine.expect_end(well=1, badly=1)


def test_vm_without_events(boot):
    machine = boot(Vm("guest", "sse", vcpus=2, more='sbi-disable = "sse";'))
    machine.expect("SKIP SSE: there is none")
    machine.expect_end(well=1)


def test_events_in_a_vm_that_starts_again_and_again(boot):
    machine = boot(Vm("guest", "sse", vcpus=3), options="")
    machine.expect("payload sse: 12 passed, 0 failed")
    machine.shell()
    for resets in range(1, 4):
        assert machine.wait_state("guest", "stopped") == "guest shut down"
        machine.command("vm reset guest")
        assert machine.wait_state("guest", "stopped") == "guest shut down"
        assert "resets: %d," % resets in machine.command("vm show guest")


def test_vm_is_reset_and_destroyed_in_a_storm_of_events(boot):
    machine = boot(Vm("guest", "sse", args="storm=100000000", vcpus=3), options="")
    machine.expect("guest: starts")
    machine.shell()

    def storms():
        """How often the test before the storm has ended."""
        return machine.command("vm log guest").count("PASS event that ends a non-retentive suspend")

    for _ in range(5):
        before = storms()
        machine.command("vm reset guest")
        machine.look_until(storms, lambda count: count > before)
    pages = machine.free_pages()
    machine.command("vm destroy guest")
    assert machine.free_pages() > pages

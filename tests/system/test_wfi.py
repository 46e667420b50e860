# SPDX-License-Identifier: BSD-2-Clause
"""The option wfi=native: vCPUs that have a hart for themselves wait in the guest."""

import re

import pytest

from machine import Vm


def wait_alone(machine, vm, count):
    """Until so many vCPUs of the VM are alone on their harts."""
    machine.look_until(lambda: machine.command("vcpu list " + vm),
                       lambda listed: len(re.findall(r"\balone\b", listed)) == count)


@pytest.mark.parametrize("name", ("ipi", "timers", "hsm"))
@pytest.mark.parametrize("harts", (2, 1))
def test_payload_passes(boot, name, harts):
    machine = boot(Vm("guest", name, vcpus=2), harts=harts, options="poweroff=last-vm wfi=native")
    machine.expect_end(well=1)


BEATS = "period=20 beats=1000000"


def test_without_a_hart_for_each_vcpu_none_is_alone(boot):
    machine = boot(Vm("one", "heartbeat", args=BEATS), Vm("two", "heartbeat", args=BEATS, vcpus=2),
                   options="wfi=native")
    machine.expect("beat 3 ")
    machine.shell()
    machine.wait_state("two", "running")
    wait_alone(machine, "one", 0)
    machine.command("vm destroy two")
    wait_alone(machine, "one", 1)
    machine.command("vm create two")
    wait_alone(machine, "one", 0)
    wait_alone(machine, "two", 0)


def test_vcpu_that_waits_in_the_guest_is_paused_and_destroyed(boot):
    machine = boot(Vm("one", "heartbeat", args=BEATS), options="wfi=native")
    machine.expect("beat 3 ")
    machine.shell()
    wait_alone(machine, "one", 1)
    machine.command("vm pause one")
    machine.wait_state("one", "paused")
    machine.command("vm resume one")
    wait_alone(machine, "one", 1)
    machine.command("vm destroy one")
    assert "one" not in machine.command("vm list")

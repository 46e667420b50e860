# SPDX-License-Identifier: BSD-2-Clause
"""Debug triggers of guests: each vCPU has its own, wherever it runs, and nobody else's."""

import re

import pytest

from machine import Vm
from test_payloads import passes


@pytest.mark.parametrize("vcpus, harts", ((1, 1), (2, 1), (2, 2), (4, 2)))
def test_triggers_hit_what_they_are_for(boot, vcpus, harts):
    machine = passes(boot, Vm("guest", "dbtr", vcpus=vcpus), harts=harts)
    assert "PASS triggers hit in the modes that they are for" in machine.output()


@pytest.mark.parametrize("options", ({"qemu": "11"}, {"cpu": "rva23s64"}, {"aia": "none"}))
def test_triggers_on_machine(boot, options):
    passes(boot, Vm("guest", "dbtr", vcpus=2), **options)


@pytest.mark.parametrize("harts", (1, 2))
def test_vms_do_not_see_triggers_of_others(boot, harts):
    """Those that watch an address, and those that touch it, have it at the same place."""
    machine = boot(*(Vm("guest%d" % role, "dbtr", args="seconds=3 role=%d" % role)
                     for role in (0, 1, 2, 3)), harts=harts)
    machine.expect_end(well=4)


def test_triggers_go_with_their_vcpu(boot):
    machine = boot(Vm("guest", "dbtr", args="seconds=3", more='cpu-affinity = "0";'),
                   Vm("other", "dbtr", args="seconds=3 role=2", more='cpu-affinity = "1";'),
                   options="")
    machine.expect("other: starts")
    machine.shell()
    while "running" in machine.command("vm list"):
        for harts in ("1", "0", "all"):
            assert "cpu-affinity: " + harts in machine.command("vm affinity guest " + harts)
            assert "cpu-affinity: " in machine.command("vm affinity other " + harts)
    for vm in ("guest", "other"):
        assert machine.wait_state(vm, "stopped") == "guest shut down"
        assert " 0 failed" in machine.command("vm log " + vm)


def test_registers_show_triggers(boot):
    machine = boot(Vm("guest", "dbtr", args="seconds=600"))
    machine.expect("its own trigger is installed")
    machine.shell()
    machine.command("vm pause guest")
    assert "dbtr.0.tdata1" in machine.command("vcpu regs guest 0 dbtr")
    # Mapped, and for S-mode.
    assert "0x0000000000000005" in machine.command("vcpu get guest 0 dbtr.0.state")


@pytest.mark.parametrize("more, options", (
    ('sbi-disable = "dbtr";', ""), ("", "hide=sdtrig"), ("", "hide=sdtrig@1")))
def test_without_triggers_there_is_no_extension(boot, more, options):
    machine = passes(boot, Vm("guest", "dbtr", vcpus=2, more=more),
                     options="poweroff=last-vm " + options)
    assert "SKIP there are triggers: no DBTR" in machine.output()

# SPDX-License-Identifier: BSD-2-Clause
"""
`vm stat` and `host top`: what exits were for and what they cost, and who has the harts. Costs are
looked at under `-icount shift=0`, where instructions are the same in each run.
"""

import re

import pytest

from machine import Vm

COUNTED = {"harts": 1, "icount": "shift=0", "options": ""}
ROW = re.compile(r"^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+)  (.+)$", re.M)
HART = re.compile(r"^ +(\d+) +([\d.]+)% +([\d.]+)% +([\d.]+)% +(\d+)$", re.M)
VM = re.compile(r"^ +(\d+) +([\d.]+)% +([\d.]+)% +(\d+)  (\S+)$", re.M)


def stat(machine, vm):
    """`vm stat`, by reason: exits, least, mean, most, us."""
    text = machine.command("vm stat " + vm)
    return {row[6]: [int(row[i]) for i in range(1, 6)] for row in ROW.finditer(text)}


def times(machine, vm):
    """`vm stat`, of vCPU 0: microseconds in the guest and in exits, and how many there were."""
    line = re.search(r"^vCPU 0: guest (\d+)\.(\d+) s, exits (\d+)\.(\d+) s \((\d+)\)$",
                     machine.command("vm stat " + vm), re.M)
    seconds, part, exit_seconds, exit_part, count = [int(each) for each in line.groups()]
    return seconds * 1000000 + part, exit_seconds * 1000000 + exit_part, count


def stat_until(machine, vm, reason, exits=1):
    """`vm stat`, once it has so many exits for that reason: the VM has to have its turn first."""
    return machine.look_until(lambda: stat(machine, vm),
                              lambda found: reason in found and found[reason][0] >= exits)


def test_exits_by_reason_and_cost(boot):
    machine = boot(Vm("caller", "endless", args="mode=3"), Vm("reader", "endless", args="mode=4"),
                   **COUNTED)
    machine.expect("reader: starts")
    machine.shell()
    assert not stat(machine, "caller")
    machine.command("vm stat caller on")
    assert "not possible" in machine.command("vm stat caller on")
    calls = stat_until(machine, "caller", "SBI base get_spec_version", exits=1000)
    count, least, mean, most, us = calls["SBI base get_spec_version"]
    assert 10 < least <= mean <= most
    # An instruction is a nanosecond, and a tick 100: rounded up or down, and less so in the sum.
    assert abs(us * 1000 / count - mean) < 50
    assert not stat(machine, "reader")

    machine.command("vm stat caller off")
    assert "not possible" in machine.command("vm stat caller off")
    before = stat(machine, "caller")
    stat_until(machine, "caller", "SBI base get_spec_version")
    assert stat(machine, "caller") == before
    assert times(machine, "caller")[2] > 0
    machine.command("vm stat caller reset")
    assert not stat(machine, "caller")
    assert times(machine, "caller") == (0, 0, 0)

    machine.command("vm stat reader on")
    stat_until(machine, "reader", "load uart")
    machine.command("vm destroy reader")
    assert "no VM" in machine.command("vm stat reader")
    assert "On, off or reset?" in machine.command("vm stat caller maybe")


def top(machine, seconds=1):
    """`host top`: the harts' shares of guests, hypervisor and idle; VMs by name."""
    text = machine.command("host top %d" % seconds)
    harts = [[float(row[i]) for i in (2, 3, 4)] for row in HART.finditer(text)]
    vms = {row[5]: [float(row[2]), float(row[3]), int(row[4])] for row in VM.finditer(text)}
    for shares in harts:
        assert abs(sum(shares) - 100) < 0.15, text
    return harts, vms


def test_who_has_the_hart(boot):
    # A second is 16 million instructions.
    options = {"harts": 1, "icount": "shift=6", "options": ""}
    machine = boot(Vm("busy", "endless", args="mode=0"), Vm("calls", "endless", args="mode=3"),
                   Vm("sleeps", "endless", args="mode=1"), **options)
    machine.expect("sleeps: starts")
    machine.shell()
    harts, vms = top(machine)
    assert len(harts) == 1 and harts[0][2] < 1
    assert 40 < vms["busy"][0] < 60 and vms["busy"][1] < 1
    assert vms["calls"][0] + vms["calls"][1] > 15 and vms["calls"][2] > 1000
    assert "sleeps" not in vms or sum(vms["sleeps"][:2]) < 1

    machine.command("vm stat calls on")
    stat_until(machine, "calls", "SBI base get_spec_version")
    machine.command("vm stat calls off")
    machine.command("vm stat calls reset")
    top(machine)
    assert times(machine, "calls") == (0, 0, 0)

    machine.command("vm pause calls")
    harts, vms = top(machine)
    assert harts[0][0] > 95 and vms["busy"][0] > 95 and "calls" not in vms
    machine.command("vm pause busy")
    harts, vms = top(machine)
    assert harts[0][2] > 95 and "busy" not in vms
    assert machine.command("host top 1 3").count("exits/s") == 6
    for wrong in ("0", "x", "1 0", "100000"):
        assert "makes no sense" in machine.command("host top " + wrong)


@pytest.mark.parametrize("vcpus, harts", ((4, 2), (2, 1)))
def test_switching_it_loses_nothing(boot, vcpus, harts):
    machine = boot(Vm("storm", "storm", args="count=3000", vcpus=vcpus),
                   Vm("other", "endless", args="mode=3", vcpus=2), harts=harts, options="")
    machine.expect("other: starts")
    machine.shell()
    for _ in range(15):
        for line in ("vm stat storm on", "vm stat other on", "vm stat storm reset",
                     "vm stat other off", "vm stat storm off"):
            machine.command(line)
    machine.command("vm stat storm on")
    assert machine.wait_state("storm", "stopped") == "guest shut down"
    machine.command("vm destroy storm")
    machine.wait_state("other", "running")


def bench(machine):
    return re.findall(r"bench (\w+) (\d+)", machine.command("vm log bench"))


def test_costs_nothing_when_it_is_off(boot):
    machine = boot(Vm("bench", "bench"), Vm("other", "endless", args="mode=1"), **COUNTED)
    machine.expect("bench: stopped")
    machine.shell()
    never = [line for line in bench(machine) if line[0] == "sbi_null"]
    for line in ("vm stat bench on", "vm stat bench off", "vm stat other on"):
        machine.command(line)
    machine.command("vm reset bench")
    machine.wait_state("bench", "stopped")
    figures = [line for line in bench(machine) if line[0] == "sbi_null"]
    assert len(figures) == 2 and figures == never * 2

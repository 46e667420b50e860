# SPDX-License-Identifier: BSD-2-Clause
"""
Many harts and many VMs: they boot and run, and what an exit costs does not depend on how many there
are. Costs are the least that `vm stat` saw under `-icount shift=0`: what others did meanwhile is in
the mean, as one clock counts the instructions of all harts.
"""

import re

import pytest

from machine import PATIENCE, Vm

ROW = re.compile(r"^ *\d+ +(\d+) +\d+ +\d+ +\d+  SBI (.+)$", re.M)


@pytest.mark.parametrize("harts, vms", (
    (16, 20), pytest.param(64, 100, marks=pytest.mark.soak)))
def test_small_vms_boot_and_run(boot, harts, vms):
    machine = boot(*(Vm("vm%d" % i, "heartbeat", args="beats=3", memory=8) for i in range(vms)),
                   harts=harts, guests=3, memory=1024 + 16 * vms, options="")
    limit = 1200 * PATIENCE
    machine.expect("harts: %d of %d online" % (harts, harts), limit)
    phases = machine.expect(re.compile(r"boot phases: (.*?, first VM \d+, other VMs \d+)"), limit)
    print(phases[1])
    machine.shell()
    for i in range(vms):
        assert machine.wait_state("vm%d" % i, "stopped", limit) == "guest shut down"
    text = machine.command("host mem")
    pages = int(re.search(r"^ *(\d+) +\d+ +hypervisor$", text, re.M)[1])
    print("%d pages of the hypervisor, %d harts, %d VMs" % (pages, harts, vms))
    assert pages < 64 + 20 * harts + 48 * vms
    assert len(re.findall(r"%$|% +\d+$", machine.command("host top"), re.M)) == harts
    for i in range(vms):
        machine.command("vm destroy vm%d" % i)
    assert machine.command("vm list").count("\n") == 1


def costs(boot, harts, vms):
    """The least instructions of a call that does nothing, and of an IPI to oneself."""
    others = (Vm("vm%d" % i, "endless", args="mode=1", memory=8) for i in range(vms - 1))
    machine = boot(Vm("bench", "bench", args="rounds=200", memory=16), *others, harts=harts,
                   guests=3, icount="shift=0", options="", memory=1024 + 16 * vms)
    limit = 1200 * PATIENCE
    machine.expect_all("boot phases", "bench: stopped", timeout=limit)
    machine.shell()
    machine.command("vm stat bench on")
    machine.command("vm reset bench")
    machine.wait_state("bench", "stopped", limit)
    least = {row[2]: int(row[1]) for row in ROW.finditer(machine.command("vm stat bench"))}
    return least["base get_spec_version"], least["ipi send_ipi"]


@pytest.mark.parametrize("harts, vms", (
    (16, 20), pytest.param(64, 1, marks=pytest.mark.soak),
    pytest.param(1, 100, marks=pytest.mark.soak)))
def test_exits_cost_the_same(boot, harts, vms):
    alone = costs(boot, 1, 1)
    beside = costs(boot, harts, vms)
    print("alone %s, beside %s" % (alone, beside))
    for one, many in zip(alone, beside):
        assert abs(many - one) <= one * 0.05

# SPDX-License-Identifier: BSD-2-Clause
"""Guests count what they do by SBI PMU: payloads against the work done, Linux by its perf events."""

import re

import pytest

from machine import Vm, debian

EXACT = {"harts": 1, "icount": "shift=0"}


def ends_well(boot, *vms, **options):
    machine = boot(*vms, **options)
    machine.expect_end(well=len(vms))
    assert "FAIL" not in machine.output()
    return machine


@pytest.mark.parametrize("cpu", ("max", "rva23s64", "rv64,h=true"))
def test_counts_are_those_of_the_work_done(boot, cpu):
    machine = ends_well(boot, Vm("guest", "counts", args="exact=1", vcpus=2), cpu=cpu, **EXACT)
    skipped = re.findall(r"SKIP ([\w -]+):", machine.output())
    if cpu == "max":
        assert not skipped
    elif cpu == "rva23s64":
        # A message in the midst of a line has it written once more.
        assert set(skipped) == {"overflow", "sampling"}


@pytest.mark.parametrize("cpu", ("max", "rva23s64", "rv64,h=true"))
def test_counts_while_vcpus_move(boot, cpu):
    ends_well(boot, Vm("guest", "counts", args="rounds=200", vcpus=4), cpu=cpu)


@pytest.mark.parametrize("cpu", ("max", "rva23s64"))
def test_two_guests_on_a_hart_see_their_own_counts(boot, cpu):
    args = "exact=1 rounds=400"
    ends_well(boot, Vm("one", "counts", args=args, vcpus=2), Vm("two", "counts", args=args, vcpus=2),
              Vm("none", "heartbeat", args="beats=5 period=20"), cpu=cpu, **EXACT)


@pytest.mark.parametrize("hidden", ("pmu", "sscofpmf", "ssaia", "pmu,sstc,ssaia"))
def test_counts_without_features(boot, hidden):
    machine = ends_well(boot, Vm("guest", "counts", args="exact=1", vcpus=2),
                        options="poweroff=last-vm hide=" + hidden, **EXACT)
    assert "SKIP overflow" in machine.output()


def test_harts_differ(boot):
    """Of two harts, one lends no counters: a guest on both has cycle and instret only."""
    ends_well(boot, Vm("guest", "counts", args="rounds=200", vcpus=3),
              options="poweroff=last-vm hide=pmu@1")


def test_without_pmu_there_are_the_harts_own_counters(boot):
    machine = boot(Vm("guest", "counts", more='sbi-disable = "pmu";'))
    machine.expect("SKIP counts: no PMU")
    machine.expect_end(well=1)


def test_counters_are_free_after_a_guest_that_counts(boot):
    machine = boot(Vm("counting", "counts", args="rounds=1000000"), Vm("next", "counts"))
    machine.expect("PASS sampling")
    machine.shell()
    machine.command("vm pause counting")
    machine.command("vm resume counting")
    machine.send("vm destroy counting\r")  # perhaps the last one: then no prompt comes
    machine.expect_end(well=2)


@pytest.mark.parametrize("cpu, aia", (("max", "aplic-imsic"), ("rva23s64", "aplic-imsic"),
                                      ("rv64,h=true", "none")))
def test_linux_counts_by_perf_events(boot, cpu, aia):
    machine = boot(debian(args="quiet test=perf"), cpu=cpu, aia=aia)
    machine.expect("SBI PMU extension is available")
    for event, least in (("cycles", 1000000), ("instructions", 1000000), ("illegal", 10)):
        value = int(machine.expect(re.compile(r"perf: %s (-?\d+)\s" % event))[1])
        assert value >= least, event
        assert event != "illegal" or value == 10
    samples = int(machine.expect(re.compile(r"perf: samples (-?\d+)\s"))[1])
    assert samples > 0 if cpu == "max" else samples < 0
    machine.expect("guest: test perf ended 0")
    machine.expect_end(well=1)

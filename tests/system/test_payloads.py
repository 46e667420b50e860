# SPDX-License-Identifier: BSD-2-Clause
"""The bare-metal payloads of tests/guest run as guests and find nothing wrong."""

import re

import pytest

from machine import Vm

SUITES = ("hello", "exits", "timers", "mmio", "ipi", "aplic", "aplic-direct", "hsm", "susp", "sta",
          "legacy", "relay", "rfence", "fpv", "isolation", "pmu")


def passes(boot, vm, **options):
    """Runs one VM with a payload to its end. Returns the machine, for its output."""
    machine = boot(vm, **options)
    match = machine.expect(re.compile(r"payload ([\w-]+): (\d+) passed, (\d+) failed, (\d+) skipped"))
    machine.expect_end(well=1 if match[3] == "0" else 0, badly=0 if match[3] == "0" else 1)
    assert match[3] == "0", "\n".join(re.findall(r"FAIL .*", machine.output()))
    assert int(match[2]) + int(match[4]) > 0
    return machine


@pytest.mark.parametrize("name", SUITES)
def test_payload_passes_with_imsic(boot, name):
    passes(boot, Vm("guest", name, vcpus=2))


@pytest.mark.parametrize("name", ("exits", "timers", "ipi", "hsm"))
@pytest.mark.parametrize("aia", ("none", "aplic"))
def test_payload_passes_on_host_without_imsic(boot, name, aia):
    passes(boot, Vm("guest", name, vcpus=2), aia=aia)


@pytest.mark.parametrize("vcpus, harts", ((1, 1), (3, 1), (5, 2)))
def test_fp_and_vector_registers_are_kept_apart(boot, vcpus, harts):
    passes(boot, Vm("guest", "fpv", vcpus=vcpus), harts=harts)


@pytest.mark.parametrize("hidden, name", (
    ("sstc", "timers"),
    ("sstc", "hsm"),
    ("sstc", "susp"),
    ("ssaia", "exits"),
    ("ssaia", "ipi"),
    ("ssaia", "timers"),
    ("htinst", "mmio"),
    ("vector", "fpv"),
    ("fp,vector", "fpv"),
    ("ssaia", "aplic-direct"),
    ("henvcfg", "timers"),
    ("hstateen0,sstateen0", "ipi"),
    ("sstc,ssaia,htinst,vector,henvcfg,hstateen0,sstateen0", "hsm"),
))
def test_payload_passes_without_features(boot, hidden, name):
    passes(boot, Vm("guest", name, vcpus=2), options="poweroff=last-vm hide=" + hidden)


@pytest.mark.parametrize("cpu", ("rv64,h=true", "rva23s64"))
@pytest.mark.parametrize("name", ("exits", "mmio", "timers", "pmu", "isolation"))
def test_payload_passes_on_cpu(boot, cpu, name):
    passes(boot, Vm("guest", name, vcpus=2), cpu=cpu)


@pytest.mark.parametrize("name", ("exits", "mmio", "isolation"))
def test_payload_passes_on_qemu_11(boot, name):
    passes(boot, Vm("guest", name, vcpus=2), qemu="11")


def test_hostile_guest_ends_and_neighbour_keeps_its_beat(boot):
    machine = boot(Vm("hostile", "hostile", args="seconds=8", vcpus=2),
                   Vm("neighbour", "heartbeat", args="beats=70"))
    machine.expect_end(well=2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", (2, 3))
def test_hostile_guest_for_ten_minutes(boot, seed):
    machine = boot(Vm("hostile", "hostile", args="seconds=600 seed=%d" % seed, vcpus=2),
                   Vm("neighbour", "heartbeat", args="period=200 beats=3000"))
    machine.expect_end(well=2, timeout=1800)


@pytest.mark.soak
@pytest.mark.parametrize("qemu", ("10", "11"))
@pytest.mark.parametrize("cpu", ("max", "rv64,h=true", "rva23s64"))
@pytest.mark.parametrize("aia", ("none", "aplic", "aplic-imsic"))
@pytest.mark.parametrize("name", SUITES)
def test_payload_passes_on_machine(boot, name, aia, cpu, qemu):
    passes(boot, Vm("guest", name, vcpus=2), aia=aia, cpu=cpu, qemu=qemu)

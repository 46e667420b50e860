# SPDX-License-Identifier: BSD-2-Clause
"""Debian's own kernel boots as a guest, reaches its init, and powers off."""

import itertools
import re

import pytest

from machine import debian

AIAS = ("none", "aplic", "aplic-imsic")
CPUS = ("max", "rv64,h=true", "rva23s64")
COUNTS = (1, 2, 4)

# All pairs: any two values of two dimensions meet at least once.
PAIRS = (
    # harts, vcpus, aia, cpu, qemu
    (1, 1, "aplic-imsic", "rv64,h=true", "11"),
    (1, 2, "none", "max", "10"),
    (1, 4, "aplic", "rva23s64", "11"),
    (2, 1, "aplic", "max", "11"),
    (2, 1, "aplic-imsic", "rva23s64", "10"),
    (2, 2, "aplic-imsic", "rva23s64", "11"),
    (2, 4, "none", "rv64,h=true", "10"),
    (4, 1, "none", "rva23s64", "11"),
    (4, 2, "aplic", "rv64,h=true", "10"),
    (4, 4, "aplic-imsic", "max", "10"),
)


def test_pairs_are_all_pairs():
    dimensions = (COUNTS, COUNTS, AIAS, CPUS, ("10", "11"))
    for one, other in itertools.combinations(range(len(dimensions)), 2):
        missing = (set(itertools.product(dimensions[one], dimensions[other]))
                   - {(row[one], row[other]) for row in PAIRS})
        assert not missing


def boots(boot, harts, vcpus, **options):
    machine = boot(debian(vcpus=vcpus, args="test=basics"), harts=harts, **options)
    machine.expect("guest: init reached")
    assert machine.expect(re.compile(r"basics: (\d+) cpus"))[1] == str(vcpus)
    machine.expect("guest: test basics ended 0")
    machine.expect_end(well=1)


@pytest.mark.parametrize("harts, vcpus, aia, cpu, qemu", PAIRS)
def test_debian_boots_and_powers_off(boot, harts, vcpus, aia, cpu, qemu):
    boots(boot, harts, vcpus, aia=aia, cpu=cpu, qemu=qemu)


@pytest.mark.parametrize("hidden", (
    "sstc", pytest.param("ssaia", marks=pytest.mark.soak), "sstc,ssaia,vector,htinst"))
def test_debian_boots_without_features(boot, hidden):
    boots(boot, 2, 2, options="poweroff=last-vm hide=" + hidden)


@pytest.mark.soak
@pytest.mark.parametrize("harts, vcpus, aia, cpu, qemu", (
    values for values in itertools.product(COUNTS, COUNTS, AIAS, CPUS, ("10", "11"))
    if values not in PAIRS))
def test_debian_boots_on_machine(boot, harts, vcpus, aia, cpu, qemu):
    boots(boot, harts, vcpus, aia=aia, cpu=cpu, qemu=qemu)


@pytest.mark.soak
@pytest.mark.parametrize("mode", ("sv39", "sv48", "sv57"))
def test_debian_boots_in_gstage_mode(boot, mode):
    machine = boot(debian(more='mmu-type = "riscv,%s";' % mode))
    machine.expect("guest: init reached")
    machine.expect_end(well=1)

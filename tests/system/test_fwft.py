# SPDX-License-Identifier: BSD-2-Clause
"""SBI FWFT of guests: what is offered on which machine, and that it does what it says."""

import re

import pytest

from machine import RICH, Vm, debian
from test_profile import stat

# Without sv57=on, harts other than the first have Sv39 only.
PAYLOAD = re.compile(r"payload fwft: (\d+) passed, (\d+) failed, (\d+) skipped")


def passes(boot, args="", skipped=0, vcpus=2, more="", qemu="10", **options):
    """Runs the payload to its end. QEMU 10 takes PMLEN for VS-mode, but masks nothing."""
    args += " masks=%d" % (qemu != "10")
    machine = boot(Vm("guest", "fwft", args=args, vcpus=vcpus, more=more), qemu=qemu, **options)
    match = machine.expect(PAYLOAD)
    machine.expect_end()
    assert match[2] == "0", "\n".join(re.findall(r"FAIL .*", machine.output()))
    assert int(match[3]) == skipped
    return machine


@pytest.mark.parametrize("qemu", ("10", "11"))
@pytest.mark.parametrize("cpu, offered, skipped", (
    ("max", 0x3f, 0),
    (RICH, 0x3f, 0),
    ("rva23s64", 0x21, 4),
    ("rv64,h=true", 0x11, 4),
))
def test_exactly_what_the_harts_can_do_is_offered(boot, cpu, offered, skipped, qemu):
    passes(boot, "offered=%d" % offered, skipped, cpu=cpu, qemu=qemu)


@pytest.mark.parametrize("hidden, offered, skipped", (
    ("misaligned", 0x3e, 1),
    ("landing-pad", 0x3d, 1),
    ("shadow-stack", 0x3b, 1),
    ("double-trap", 0x37, 1),
    ("ad-updating", 0x2f, 1),
    ("pmlen-7,pmlen-16", 0x1f, 1),
    ("shadow-stack@1,double-trap@0", 0x33, 2),
    ("henvcfg", 0x01, 5),
    ("misaligned,landing-pad,shadow-stack,double-trap,ad-updating,pmlen-7,pmlen-16", 0, 6),
))
def test_what_a_hart_lacks_is_not_offered(boot, hidden, offered, skipped):
    passes(boot, "offered=%d" % offered, skipped, cpu=RICH,
           options="poweroff=last-vm hide=" + hidden)


@pytest.mark.parametrize("qemu", ("10", "11"))
@pytest.mark.parametrize("vcpus", (2, 3))
def test_siblings_on_one_hart_keep_their_own(boot, vcpus, qemu):
    passes(boot, "ms=3000", vcpus=vcpus, harts=1, cpu=RICH, qemu=qemu)


@pytest.mark.parametrize("sv", ("sv48", "sv57"))
def test_masked_addresses_of_larger_modes_are_fenced(boot, sv):
    passes(boot, "ms=1000", harts=1, cpu=RICH, qemu="11", more='mmu-type = "riscv,%s";' % sv)


def test_payload_passes_with_redirected_misaligned_accesses(boot):
    passes(boot, "redirect=1", cpu=RICH, more='misaligned-accesses = "redirect";')


def test_what_isa_disable_takes_is_not_offered(boot):
    """The sixth of them, sscofpmf, belongs to PMU."""
    passes(boot, "offered=1", 5, cpu=RICH, more="isa-disable = %s;" % ", ".join(
        '"%s"' % name for name in ("zicfilp", "zicfiss", "ssdbltrp", "svadu", "smnpm")))


@pytest.mark.parametrize("value, exits", ((0, 10), (1, 0)))
def test_delegated_misaligned_accesses_are_no_exits(boot, value, exits):
    machine = boot(Vm("guest", "fwft", args="misaligned=%d" % value, more="autostart = <0>;"),
                   options="")
    machine.expect("boot phases")
    machine.shell()
    machine.command("vm stat guest on")
    machine.command("vm start guest")
    machine.wait_state("guest", "stopped")
    assert "1 passed, 0 failed" in machine.command("vm log guest")
    rows = stat(machine, "guest")
    assert "SBI fwft set" in rows, rows
    assert rows.get("exception 4", [0])[0] == exits, rows


def test_without_the_extension_nothing_of_it_is_there(boot):
    machine = boot(Vm("guest", "fwft", more='sbi-disable = "fwft";'), cpu=RICH)
    machine.expect("SKIP FWFT")
    machine.expect_end(well=1)


@pytest.mark.parametrize("double, cause", ((1, 3), (2, 2)))
def test_double_trap_ends_the_vm(boot, double, cause):
    machine = boot(Vm("guest", "fwft", args="masks=0 double=%d" % double, vcpus=2), cpu=RICH)
    machine.expect("double trap follows")
    machine.expect(re.compile(r"guest: failed: vCPU 0: double trap at 0x802[0-9a-f]+, cause %d"
                              % cause))
    machine.expect_end(well=0, badly=1)
    assert "no double trap" not in machine.output()


def test_hart_that_comes_back_is_asked_again(boot):
    machine = boot(Vm("guest", "fwft", args="masks=0", vcpus=2, more='autostart = <0>;'), cpu=RICH,
                   options="")
    machine.shell()
    machine.wait_state("guest", "created")
    hart = machine.other_harts(2)[0]
    assert "hart %d: off-line" % hart in machine.command("host hart off %d" % hart)
    assert "hart %d: on-line" % hart in machine.command("host hart on %d" % hart)
    assert ("double-trap ad-updating"
            in machine.command("host info").split("hart %d: online" % hart)[1].split("hart ")[0])
    machine.command("vm affinity guest %d" % hart)
    machine.command("vm start guest")
    machine.wait_state("guest", "stopped")


def test_hart_that_lacks_a_feature_is_refused_later(boot):
    machine = boot(Vm("guest", "heartbeat", args="beats=0", more='cpu-affinity = "0";'), cpu=RICH,
                   options="hide=shadow-stack@1")
    machine.shell()
    machine.wait_state("guest", "running")
    assert "hart 1 has no shadow-stack" in machine.command("vm affinity guest 0-1")


@pytest.mark.parametrize("qemu", ("10", "11"))
def test_debian_boots_with_all_of_it_offered(boot, qemu):
    machine = boot(debian(), cpu=RICH, qemu=qemu)
    machine.expect_end(well=1)

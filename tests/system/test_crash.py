# SPDX-License-Identifier: BSD-2-Clause
"""A rule that the hypervisor breaks itself (boot option `crash`) is noticed and ends the machine."""

import re

import pytest

from machine import Failure, Vm

# What the compilers make of what the C standard leaves undefined: ebreak, or an illegal instruction.
TRAP = r"exception [23] in the hypervisor"
IMAGE = "ffffffff00[0-9a-f]{6}"


def fault(cause, address):
    return r"exception %d in the hypervisor: sepc [0-9a-f]+ stval %s " % (cause, address)


def fetch(address):
    return r"exception 12 in the hypervisor: sepc (%s) stval \1 " % address


MESSAGES = {
    "stack": r"a stack ran over: sepc %s stval fffffff0[0-9a-f]{8}\b" % IMAGE,
    "protector": r"a stack was overwritten",
    "text": fault(15, IMAGE),
    "rodata": fault(15, IMAGE),
    "alias": fault(15, "ffffffc0[0-9a-f]{8}"),
    "exec-rodata": fetch(IMAGE),
    "exec-data": fetch(IMAGE),
    "exec-ram": fetch("ffffffc0[0-9a-f]{8}"),
    "null": fault(15, "0"),
    "check": r"core/crash\.c:\d+: CHECK\(false\) failed",
    "lock-rank": r"core/lock\.c:\d+: CHECK\(\(hart->lock_ranks >> lock->rank\) == 0\) failed",
    "ubsan": TRAP,
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_broken_rule_ends_the_machine(boot, kind):
    machine = boot(Vm("guest", "endless"), options="crash=" + kind)
    match = machine.expect(re.compile("crash=%s: (this build|the hypervisor)" % kind))
    if match[1] == "this build" and kind in ("lock-rank", "ubsan"):
        pytest.skip("only debug builds check that")
    machine.expect(re.compile(r"panic: " + MESSAGES[kind]))
    machine.expect(re.compile(r"hart \d+, locks held 0x"))
    with pytest.raises(Failure, match="the machine ended"):
        machine.expect("nothing noticed it")


def test_unknown_kind_breaks_nothing(boot):
    machine = boot(Vm("guest", "hello"), options="poweroff=last-vm crash=frobnicate")
    machine.expect_all("crash=frobnicate: this build does not know how to",
                       "payload hello: 1 passed")
    machine.expect_end(well=1)

# SPDX-License-Identifier: BSD-2-Clause
"""
A kernel that knows masked pointers, landing pads and the shadow stack of programs, and programs that
use them. The shadow stack is there only since the kernel asked for it by FWFT.
"""

import os
import re

import pytest

from machine import DEPS, RICH, debian

KERNEL = os.path.join(DEPS, "guest", "Image-7")
# Without sv57=on, harts other than the first have Sv39 only.
SAID = re.compile(r"^cfi: (?:WRONG: )?(\w[^:\r\n]+): (\d+)\r?$", re.M)
REFUSED = 101

pytestmark = pytest.mark.skipif(not os.path.exists(KERNEL),
                                reason="there is no kernel 7: tools/setup could not get it")


def program_runs(boot, more="", qemu="10"):
    """What the program says of each of its tests; and the machine, with the VM as it was left."""
    vm = debian("guest", "quiet test=cfi", memory=384, more=more)
    vm.kernel = KERNEL
    machine = boot(vm, cpu=RICH, qemu=qemu, options="")
    machine.expect(re.compile(r"cfi: \d+ of \d+ as they should"))
    said = {name: int(status) for name, status in SAID.findall(machine.output())}
    machine.expect("guest: stopped: powered off by the guest")
    machine.shell()
    return said, machine


def shadow_stacks(machine):
    """What FWFT has of it, for each of the vCPUs: value and flags (locked)."""
    return [[int(value, 16) for value in re.findall(
        r"fwft\.shadow-stack\.(?:value|flags) +(\w+)",
        machine.command("vcpu regs guest %d fwft.shadow-stack" % vcpu))] for vcpu in range(2)]


@pytest.mark.parametrize("qemu", ("10", pytest.param("11", marks=pytest.mark.soak)))
def test_programs_have_all_of_it(boot, qemu):
    said, machine = program_runs(boot, qemu=qemu)
    assert "cfi: 11 of 11 as they should" in machine.output(), said
    assert shadow_stacks(machine) == [[1, 1], [1, 1]]


@pytest.mark.soak
def test_without_fwft_there_is_no_shadow_stack(boot):
    said, machine = program_runs(boot, 'sbi-disable = "fwft";')
    assert said["jump, not tracked"] == said["no shadow stack"] == 0
    assert all(said[name] == REFUSED for name in said if name.startswith("shadow")), said
    assert shadow_stacks(machine) == [[], []]

# SPDX-License-Identifier: BSD-2-Clause
"""U-Boot in S-mode, at its prompt: on a machine, or as a guest of the hypervisor."""

import os

import pytest

from machine import DEPS

UBOOT = os.path.join(DEPS, "guest", "u-boot.bin")

needs_uboot = pytest.mark.skipif(not os.path.exists(UBOOT), reason="there is no U-Boot")


class UBoot:
    """Stops U-Boot of a machine at its prompt and types commands. `bootargs` are for what it boots."""

    def __init__(self, machine, bootargs=None):
        self.machine = machine
        machine.send_until("\r", "=> ")
        if bootargs is not None:
            self.command("setenv bootargs " + bootargs)
            # There is no room behind U-Boot's own tree for what is added to it.
            self.command("fdt move $fdtcontroladdr $fdt_addr_r 10000")

    def command(self, line, expected=None):
        """Types a line and waits for its echo, for what it has to write, and for the prompt."""
        self.machine.send("\x15" + line + "\r")
        self.machine.expect(line)
        if expected:
            self.machine.expect(expected)
        self.machine.expect("=> ")

    def start(self, line):
        """The last command: what it boots starts. Returns the machine."""
        self.machine.send("\x15" + line + "\r")
        self.machine.expect("Starting kernel ...")
        return self.machine

# SPDX-License-Identifier: BSD-2-Clause
"""
Where the payload `bench` and Debian run: on the hypervisor, or bare on the firmware. Each platform
has the same methods, so that common.py measures all of them alike; kvm.py is the third.
"""

import os
import re
import subprocess

from counting import Elf, counts, machine, plugin
from machine import BUILD, DEPS, Vm, debian, payload, qemu_command

# No delay while everything sleeps: virtual time goes on to the next event.
ICOUNT = "shift=0,sleep=off"
# rdinit= makes the mark that the first program runs; Linux tests its ciphers while it boots, as
# long as the boot itself takes, unless it is told not to.
DEBIAN_ARGS = "rdinit=/tests/mark-program cryptomgr.notests=1 "

# Runs of the payload: its arguments, vCPUs, and the policy for their interrupt files.
RUNS = {
    "swfile": ("parts=1", 1, "software"),
    "vsfile": ("parts=1", 1, "auto"),
    "switch": ("parts=18", 2, "auto"),
    "ipi": ("parts=4", 2, "auto"),
}


class Hartvisor:
    name = "hartvisor"
    kinds = ("swfile", "switch", "vsfile")
    # What is written right before Debian's kernel runs.
    starts = re.compile(r"debian: starts, ")

    def __init__(self):
        self.elf = Elf(os.path.join(BUILD, "hartvisor.elf"))

    def payloads(self, kinds, harts=1, cpu="max", counting=()):
        """Runs the payload for each kind. Returns what it and the plugin have written, by kind."""
        outputs = {}
        for kind in kinds:
            args, vcpus, files = RUNS[kind]
            vm = Vm("bench", "bench", args, vcpus, more='interrupt-files = "%s";' % files)
            run = machine("operations-" + kind, vm, harts=harts, cpu=cpu, extra=counting)
            try:
                run.expect_end(well=1)
                outputs[kind] = run.output()
            finally:
                run.close()
        return outputs

    def plugin(self):
        return self.elf.plugin()

    def debian(self, kind, args, counting=(), icount=ICOUNT):
        """A machine that boots Debian with 1 vCPU and 256 MiB."""
        return machine("debian-" + kind, debian(args=DEBIAN_ARGS + args, vcpus=1), icount=icount,
                       extra=counting)

    def debian_begin(self, run):
        """The counts when the first instruction of Debian's kernel is executed."""
        return counts(run, "guest")


class Bare:
    name = "bare"
    kinds = ("vsfile",)
    starts = re.compile(r"Boot HART MEDELEG")

    def payloads(self, kinds, harts=1, cpu="max", counting=()):
        outputs = {}
        for kind in kinds:
            run = machine("bare-operations-" + kind, bundle="", kernel=payload("bench"),
                          append=RUNS[kind][0], harts=harts, cpu=cpu, memory=512, extra=counting)
            try:
                run.expect(re.compile(r"payload bench: \d+ passed, 0 failed"))
                outputs[kind] = run.output()
            finally:
                run.close()
        return outputs

    def plugin(self):
        return plugin()

    def debian(self, kind, args, counting=(), icount=ICOUNT):
        """With a device tree that has the devices of a guest, and no others."""
        return machine("bare-debian-" + kind, bundle=os.path.join(BUILD, "guest", "initrd.gz"),
                       kernel=os.path.join(DEPS, "guest", "Image"),
                       append="console=ttyS0 " + DEBIAN_ARGS + args, memory=256, icount=icount,
                       extra=["-dtb", self._device_tree(), *counting])

    def debian_begin(self, run):
        return counts(run, "guest")

    @staticmethod
    def _device_tree():
        """QEMU's own tree without PCI, virtio, flash, fw-cfg and the counters."""
        path = os.path.join(BUILD, "bench", "bare.dtb")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        command = qemu_command(None, harts=1, memory=256)
        command[command.index("-M") + 1] += ",dumpdtb=" + path
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for folder in ("/", "/soc"):
            listed = subprocess.run(["fdtget", "-l", path, folder], check=True, text=True,
                                    stdout=subprocess.PIPE).stdout
            for node in listed.split():
                if re.match(r"pci|virtio_mmio|flash|fw-cfg|pmu|platform-bus", node):
                    subprocess.run(["fdtput", "-r", path, folder.rstrip("/") + "/" + node],
                                   check=True)
        return path

# SPDX-License-Identifier: BSD-2-Clause
"""`host doctor`: what a user pastes into a bug report says what the machine has and what not."""

import re

from machine import Vm

END = "--- end of host doctor ---"


def test_doctor_tells_harts_apart_and_why(boot):
    machine = boot(Vm("guest", "hello"), harts=3, aia="none",
                   options="hide=sstc@1,sv57x4@1 doctor=boot")
    machine.expect(re.compile(r"--- host doctor: Hartvisor "))
    machine.expect(END)
    machine.expect("guest: stopped")
    machine.shell()
    text = machine.command("host doctor")
    for part in ("machine: riscv-virtio,qemu", "hide=sstc@1,sv57x4@1", "interrupts: PLIC, IPIs by SBI",
                 "SBI 3.0, OpenSBI (1)", "power-off: SBI SRST, reboot: SBI SRST",
                 "console: ns16550 at /soc/serial@10000000", "PLIC, 95 sources, context ",
                 "quirks that apply: none", END):
        assert part in text, part
    first, second = re.search(r"^harts 0,2:$(.*)^hart 1:$(.*)^devices in use:", text,
                              re.M | re.S).groups()
    assert "sstc         yes (henvcfg.STCE, stimecmp)" in first
    assert "G-stage: Bare Sv39x4 Sv48x4 Sv57x4, VMID bits 14" in first
    assert "sstc         no  (henvcfg.STCE, stimecmp, hidden by an option; " \
        "the device tree says yes)" in second
    assert "G-stage: Bare Sv39x4 Sv48x4, VMID bits 14" in second


def test_guests_are_offered_less_and_why(boot):
    machine = boot(Vm("guest", "hello"), harts=2, options="hide=sstc@1,henvcfg@1")
    machine.expect("guest: stopped")
    machine.shell()
    text = machine.command("host isa")
    offered, missing = text.split("not offered:")
    assert offered.startswith("offered to guests of all harts:")
    names = offered.split(":")[1].split()
    assert {"i", "m", "a", "ssaia", "svade"} <= set(names) and "sstc" not in names
    for line in ("  sstc of hart 1: hidden by the option hide=sstc",
                 "  svpbmt of hart 1: hidden by the option hide=henvcfg",
                 "  h: guests have no guests of their own",
                 "  smstateen: it is of M-mode"):
        assert line + "\n" in missing, line
    # Each that is known is there once.
    told = names + re.findall(r"^  (\w+)(?: of hart .*)?: ", missing, re.M)
    nowhere = missing.split("in the device tree of no hart:")[1].split()
    assert not set(nowhere) & set(told)


def test_doctor_is_told_when_nothing_can_run(boot):
    machine = boot(cpu="rv64,h=false", bundle="")
    machine.expect("has no hypervisor extension (H): nothing can run here")
    machine.expect(END)

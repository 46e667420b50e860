# SPDX-License-Identifier: BSD-2-Clause
"""
What bundles, machines and guests can do wrong: it is named, with file, node and property, and the
other VMs run.
"""

import os
import re

import pytest

from machine import Vm, pack

GOOD = Vm("good", "hello")


def packed(tmp_path, *vms):
    path = str(tmp_path / "bundle.cpio")
    pack(vms, path)
    with open(path, "rb") as file:
        return path, file.read()


def replaced(tmp_path, old, new, *vms):
    """A bundle in which some bytes of the description are others. The packer would refuse it."""
    assert len(old) == len(new)
    path, data = packed(tmp_path, *vms)
    assert old in data
    with open(path, "wb") as file:
        file.write(data.replace(old, new, 1))
    return path


def test_missing_bundle_is_named(boot):
    machine = boot(bundle="")
    machine.expect("error: bundle: there is none: no initrd, no hartvisor,bundle in /chosen, "
                   "and none attached to the image")
    machine.expect_end(well=0, badly=1)


@pytest.mark.parametrize("size", (1, 100, 4096 + 100, -200))
def test_truncated_bundle_is_named(boot, tmp_path, size):
    path, data = packed(tmp_path, GOOD)
    with open(path, "wb") as file:
        file.write(data[:size])
    machine = boot(bundle=path)
    machine.expect(re.compile(r"error: bundle: .*(cut short|no trailer|no newc header)"))
    machine.expect_end(well=0, badly=1)


def test_other_initrd_is_no_bundle(boot, tmp_path):
    path = str(tmp_path / "initrd")
    with open(path, "wb") as file:
        file.write(b"\x1f\x8b" + bytes(1000))
    machine = boot(bundle=path)
    machine.expect("compressed with gzip")
    machine.expect_end(well=0, badly=1)


def test_broken_description_is_named(boot, tmp_path):
    path = replaced(tmp_path, b"\xd0\x0d\xfe\xed", b"\xd0\x0d\xfe\xee", GOOD)
    machine = boot(bundle=path)
    machine.expect("error: bundle: description.dtb: is not a device tree")
    machine.expect_end(well=0, badly=1)


def test_unknown_property_is_a_warning(boot):
    machine = boot(Vm("odd", "hello", more="frobnicate = <1>;"), GOOD)
    machine.expect("warning: bundle: description.dtb: /odd: frobnicate: ignored: unknown property")
    machine.expect_end(well=2)


def test_missing_kernel_file_is_named(boot, tmp_path):
    name = Vm("bad", "exits").kernel.lstrip("/").encode()
    other = name.replace(b"exits", b"exist")
    # The description is the first file, and its names begin with a slash.
    path = replaced(tmp_path, b"/" + name, b"/" + other, Vm("bad", "exits"), GOOD)
    machine = boot(bundle=path)
    machine.expect(re.compile(r"error: bundle: description.dtb: /bad/kernel: file: '.*exist.bin' is not"))
    machine.expect_end(well=1, badly=1)


@pytest.mark.parametrize("old, new, message", (
    (b"hartvisor,vm\0", b"hartvisor,wm\0", "/bad: compatible: 'hartvisor,wm' is not"),
    (b"riscv,sv39\0", b"riscv,sv32\0", "/bad: mmu-type: 'riscv,sv32' is none of"),
    (b"\0\0\0\x2a", b"\0\0\0\xff", "/bad: cpus: 255 (0xff) is not within 1 to"),
))
def test_wrong_value_is_named(boot, tmp_path, old, new, message):
    path = replaced(tmp_path, old, new, Vm("bad", "hello", vcpus=42,
                                           more='mmu-type = "riscv,sv39";'), GOOD)
    machine = boot(bundle=path)
    machine.expect("error: bundle: description.dtb: " + message)
    machine.expect_end(well=1, badly=1)


@pytest.mark.parametrize("vm, message", (
    (Vm("bad", "hello", memory=1 << 20), "bad: memory-size: 1073741824 KiB asked for"),
    (Vm("bad", "hello", more='cpu-affinity = "7";'), "bad: cpu-affinity:"),
    (Vm("bad", "hello", more='mmu-type = "riscv,sv57";'), "bad: hart 0 has no Sv57x4"),
))
def test_what_the_machine_lacks_is_named(boot, vm, message):
    options = {"cpu": "max,sv57=off"} if "sv57" in vm.more else {}
    machine = boot(vm, GOOD, **options)
    machine.expect(re.compile(r"error: .*" + re.escape(message)))
    machine.expect_end(well=1, badly=1)


def test_packer_refuses_what_the_target_would_refuse(tmp_path):
    for vm, message in ((Vm("bad", str(tmp_path / "nothing.bin")), "nothing.bin"),
                        (Vm("bad", "hello", more='mmu-type = "riscv,sv32";'), "mmu-type"),
                        (Vm("bad", "hello", vcpus=1000), "cpus"),
                        (Vm("bad", "hello", memory=1), "memory-size")):
        with pytest.raises(AssertionError, match=message):
            pack([vm, GOOD], str(tmp_path / "bundle.cpio"))
        assert not os.path.exists(str(tmp_path / "bundle.cpio"))


def test_machine_without_hypervisor_extension_says_so(boot):
    machine = boot(GOOD, cpu="rv64,h=off", aia="none")
    machine.expect("no hypervisor extension (H)")


@pytest.mark.parametrize("options, message", (
    ("colour=blue", 'no option "colour" is known'),
    ("loglevel=loud", "loglevel=loud: the value should be"),
))
def test_wrong_option_is_a_warning(boot, options, message):
    machine = boot(GOOD, options=options + " poweroff=last-vm")
    machine.expect("warning: command line: ")
    machine.expect(message)
    machine.expect_end(well=1)


@pytest.mark.parametrize("how, state, reason", (
    (0, "stopped", "shut down"),
    (1, "failed", "system failure"),
    (4, "stopped", "powered off"),
    (5, "failed", "failure 42"),
))
def test_end_is_kept_with_its_reason(boot, how, state, reason):
    machine = boot(Vm("guest", "ending", args="how=%d code=42" % how), options="")
    machine.expect("guest: " + state)
    machine.shell()
    assert reason in machine.wait_state("guest", state)
    text = machine.command("vm show guest")
    assert state in text and reason in text


@pytest.mark.parametrize("how", (2, 3, 6))
def test_guest_reset_starts_again_and_counts(boot, how):
    machine = boot(Vm("guest", "ending", args="how=%d after=300" % how), options="")
    for _ in range(3):
        machine.expect("ending %d" % how)
    machine.shell()
    assert int(re.search(r"resets: (\d+),", machine.command("vm show guest"))[1]) >= 2
    machine.command("vm destroy guest")
    assert "guest" not in machine.command("vm list")


def test_reset_may_stop_instead(boot):
    machine = boot(Vm("guest", "ending", args="how=2", more='on-reboot = "stop";'))
    machine.expect("guest: stopped")
    machine.expect_end(well=1)


def test_failure_may_reset_instead(boot):
    machine = boot(Vm("guest", "ending", args="how=1 after=300", more='on-failure = "reset";'),
                   options="")
    for _ in range(3):
        machine.expect("ending 1")


def test_failed_vm_keeps_its_memory_until_destroyed(boot):
    machine = boot(Vm("guest", "ending", args="how=1"), options="")
    machine.expect("guest: failed")
    machine.shell()
    free = machine.free_pages()
    machine.command("vm destroy guest")
    assert machine.free_pages() >= free + 64 * 256

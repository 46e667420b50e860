# SPDX-License-Identifier: BSD-2-Clause
"""
Harts that have little besides H, as the first boards that can be bought: a PLIC, no Sstc, no
Svpbmt, no state enables; and harts that have no henvcfg or that tell nothing about a trap.
"""

import random
import re
import struct
import subprocess

import pytest

from machine import PATIENCE, Failure, Vm, boot_on, debian, qemu_command

PLAIN = "rv64,h=true," + ",".join(name + "=false" for name in (
    "sstc", "svpbmt", "svinval", "svnapot", "svadu", "smstateen", "zicbom", "zicboz", "zihpm",
    "sscofpmf", "zicond", "zawrs", "zfa"))


@pytest.mark.parametrize("hidden", ("", "henvcfg,htinst,senvcfg", "htval"))
def test_debian_on_harts_that_have_little_but_h(boot, hidden):
    machine = boot(debian(args="quiet test=basics"), aia="none", cpu=PLAIN,
                   options="poweroff=last-vm" + (" hide=" + hidden if hidden else ""))
    machine.expect("harts: 2 of 2 online")
    machine.expect("guest: test basics ended 0")
    machine.expect_end(well=1)


def test_hart_without_h_is_left_out(boot):
    machine = boot_on(boot, 0, Vm("guest", "hello", vcpus=2), harts=3, options="hide=h@1-2")
    machine.expect("hart 1: left out: it has no hypervisor extension (H)")
    machine.expect("hart 2: left out: it has no hypervisor extension (H)")
    machine.expect("harts: 1 of 3 online")
    machine.expect("guest: stopped")
    machine.shell()
    assert re.search(r"^ +1 absent +it has no hypervisor", machine.command("host harts"), re.M)
    assert "Hart 1 is absent." in machine.command("host hart on 1")


@pytest.mark.parametrize("hidden, successor", (("0", 1), ("0-1", 2)))
def test_another_hart_boots_where_the_first_has_no_h(boot, hidden, successor):
    machine = boot_on(boot, 0, Vm("guest", "hello", vcpus=2), harts=3, options="hide=h@" + hidden)
    machine.expect("hart 0: it has no hypervisor extension (H): hart %d boots in its place"
                   % successor)
    machine.expect("boot hart %d" % successor)
    machine.expect("hart 0: left out: it has no hypervisor extension (H)")
    machine.expect("harts: %d of 3 online" % (3 - successor))
    machine.expect("guest: stopped")
    machine.shell()
    assert re.search(r"^ +0 absent +it has no hypervisor", machine.command("host harts"), re.M)


def test_without_h_nothing_runs_with_a_reason(boot):
    machine = boot(Vm("guest", "hello"), options="hide=h")
    machine.expect("it has no hypervisor extension (H): nothing can run here")
    assert "in its place" not in machine.output()


@pytest.fixture(scope="module")
def good_tree(tmp_path_factory):
    """The device tree that QEMU has for a machine of two harts, as it is handed to the firmware."""
    path = str(tmp_path_factory.mktemp("tree") / "virt.dtb")
    command = qemu_command("", machine="virt,aia=aplic-imsic,aia-guests=5,dumpdtb=" + path)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path, "rb") as file:
        return file.read()


def damaged(tree, dice):
    """Some values of properties that firmware does not need are others."""
    tree = bytearray(tree)
    start, strings = struct.unpack_from(">II", tree, 8)
    at, places = start, []
    while True:
        token = struct.unpack_from(">I", tree, at)[0]
        at += 4
        if token == 1:
            at = (tree.index(0, at) + 4) & ~3
        elif token == 3:
            length, name = struct.unpack_from(">II", tree, at)
            name = bytes(tree[strings + name:tree.index(0, strings + name)])
            if length and name not in FIRMWARE_NEEDS:
                places.append((at + 8, length))
            at += 8 + (length + 3 & ~3)
        elif token == 9:
            break
    for _ in range(dice.choice((1, 3, 10))):
        place, length = dice.choice(places)
        kind = dice.randrange(3)
        for i in range(place, place + length):
            if kind != 2 or dice.randrange(8) == 0:
                tree[i] = (dice.randrange(256), 0xff, tree[i] ^ 1 << dice.randrange(8))[kind]
    return bytes(tree)


FIRMWARE_NEEDS = (b"compatible", b"device_type", b"stdout-path")


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(36))
def test_damaged_device_tree_costs_what_it_says(boot, good_tree, tmp_path, seed):
    """A message and a stop, or a boot with less; where firmware itself gives up is no matter."""
    path = str(tmp_path / "damaged.dtb")
    with open(path, "wb") as file:
        file.write(damaged(good_tree, random.Random(seed)))
    machine = boot(Vm("guest", "hello"), harts=2, extra=["-dtb", path],
                   options="poweroff=last-vm")
    try:
        machine.expect("hart ", timeout=30 * PATIENCE)
    except Failure:
        assert "Hartvisor " not in machine.output()
        return
    end = machine.expect(re.compile(r"nothing can run here|all VMs ended|bundle: |panic: .*|guest: \w.*"))
    assert "panic" not in end[0], end[0]

# SPDX-License-Identifier: BSD-2-Clause
"""Memory beside a VM's RAM: at the end of what each mode reaches, read-only, shared, with holes."""

import re

import pytest

from machine import MIB, Vm, debian
from test_payloads import passes

KIB = 1 << 10
PAGE = 4 * KIB
HIGH = 0x10000000000

BITS = {"riscv,sv39": 41, "riscv,sv48": 50, "riscv,sv57": 59}
MODES = [(mode, mode[-4:]) for mode in BITS]


def memory_range(name, base, size, more=""):
    return ("%s { base = /bits/ 64 <%#x>; size = /bits/ 64 <%#x>; %s };" % (name, base, size, more))


def ranges(*children, more=""):
    return more + " ranges { %s };" % " ".join(children)


def memory_vm(*children, name="guest", kernel="memory", more="", **options):
    return Vm(name, kernel, more=ranges(*children, more=more), **options)


def shell_after_boot(machine):
    """The first VM takes the focus when it is created."""
    machine.expect("console of VM 1")
    machine.shell()


def passed(machine, test):
    assert re.search(r"PASS %s\s*\n" % test, machine.output()), test


def table(path, size):
    """The file that the payload expects in a read-only range: code that returns 42, then bytes."""
    content = bytearray((at * 7 + (at >> 8)) & 0xff for at in range(size))
    content[:8] = bytes.fromhex("1305a002" "67800000")
    path.write_bytes(content)
    return 'file = "%s";' % path


# ---- the ends of what a mode reaches ------------------------------------------------------------


@pytest.mark.parametrize("mode, name", MODES)
def test_range_ends_where_mode_does(boot, mode, name):
    end = 1 << BITS[mode]
    machine = passes(boot, memory_vm(memory_range("top", end - 5 * PAGE, 5 * PAGE),
                                     more='mmu-type = "%s";' % mode))
    assert "%d G-stage levels" % (3 + MODES.index((mode, name))) in machine.output()
    assert "1 ranges, 5 pages" in machine.output()
    passed(machine, "each page is its own")
    passed(machine, "nothing is around")


@pytest.mark.parametrize("mode, name", MODES)
def test_ram_ends_where_mode_does(boot, mode, name):
    base = (1 << BITS[mode]) - 64 * MIB
    machine = passes(boot, Vm("guest", "memory-" + name,
                              more='mmu-type = "%s"; memory-base = /bits/ 64 <%#x>;' % (mode, base)))
    assert "from %#x to %#x" % (base, 1 << BITS[mode]) in machine.output()
    passed(machine, "nothing is around")


@pytest.mark.parametrize("top, levels", ((1 << 41, 3), ((1 << 41) + PAGE, 4), (1 << 50, 4),
                                         ((1 << 50) + PAGE, 5), (1 << 59, 5)))
def test_smallest_mode_reaches_the_highest_range(boot, top, levels):
    machine = passes(boot, memory_vm(memory_range("top", top - PAGE, PAGE)))
    assert "%d G-stage levels" % levels in machine.output()


def test_range_beyond_what_harts_have_is_refused(boot):
    machine = boot(memory_vm(memory_range("top", (1 << 50) - PAGE, 2 * PAGE)),
                   options="poweroff=last-vm hide=sv57x4")
    machine.expect("guest: hart 0 has no Sv57x4")
    machine.expect_end(well=0, badly=1)


# ---- read-only ranges ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", ({}, {"options": "poweroff=last-vm hide=htinst"},
                                     {"cpu": "rva23s64"}, {"qemu": "11"}),
                         ids=("max", "htinst", "rva23s64", "qemu-11"))
def test_read_only_ranges_do_not_change(boot, tmp_path, options):
    one = table(tmp_path / "table.bin", 4 * PAGE - 100)
    machine = passes(boot, memory_vm(
        memory_range("rom", HIGH, 4 * PAGE, one + " read-only;"),
        memory_range("far", HIGH + 1024 * MIB, 2 * MIB, one + " read-only;"),
        args="file=%d" % (4 * PAGE - 100)), **options)
    passed(machine, "read-only ranges do not change")


def test_file_is_put_into_plain_range_at_each_reset(boot, tmp_path):
    one = table(tmp_path / "table.bin", PAGE)
    machine = boot(memory_vm(memory_range("data", HIGH, 2 * PAGE, one),
                             memory_range("rom", HIGH + 16 * PAGE, PAGE, one + " read-only;"),
                             args="file=%d data=%d" % (PAGE, PAGE)), options="")
    shell_after_boot(machine)
    for _ in range(3):
        assert machine.wait_state("guest", "stopped") == "guest shut down"
        text = machine.command("vm log guest")
        assert "PASS a plain range begins with its file" in text
        assert "PASS each page is its own" in text
        machine.command("vm reset guest")


# ---- shared regions -----------------------------------------------------------------------------


def sharing(role, base, more="", size=33 * PAGE):
    return memory_vm(memory_range("mail", base, size, 'shared = "mailbox"; ' + more),
                     name="role%d" % role, args="role=%d" % role)


def shared_vms():
    """One that writes, one that answers, and one that may only look."""
    return (sharing(1, HIGH), sharing(2, HIGH + 3 * PAGE),
            sharing(3, (1 << 33) + 511 * PAGE, "read-only;"))


def test_region_shows_what_others_write(boot):
    machine = boot(*shared_vms(), options="poweroff=last-vm console.show=all")
    machine.expect_end(well=3)
    for begin in (r"^", r"^role2\| ", r"^role3\| "):
        assert re.search(begin + r"PASS shared regions\s*$", machine.output(), re.M), begin


def test_region_goes_with_its_last_vm(boot):
    names = ("role1", "role2", "role3")
    free = []
    machine = boot(*shared_vms(), options="")
    shell_after_boot(machine)
    for _ in range(3):
        for name in names:
            assert machine.wait_state(name, "stopped") == "guest shut down"
        assert re.search(r"  mail +0x010000000000 \+ 0x21000, shared 'mailbox', users 3\n",
                         machine.command("vm show role1"))
        assert "read-only, shared 'mailbox', users 3\n" in machine.command("vm show role3")
        machine.command("vm destroy role2")
        machine.command("vm destroy role1")
        assert "users 1\n" in machine.command("vm show role3")
        held = machine.free_pages()
        machine.command("vm destroy role3")
        free.append(machine.free_pages())
        # RAM of 64 MiB, the region, and tables.
        assert free[-1] - held >= 64 * MIB // PAGE + 33
        # A region that is made again is empty: role 1 looks.
        for name in names:
            machine.command("vm create " + name)
    assert free[0] == free[1] == free[2]


def test_region_of_another_size_is_refused(boot):
    machine = boot(sharing(3, HIGH, "read-only;"), sharing(1, HIGH, size=34 * PAGE),
                   sharing(2, HIGH + PAGE))
    machine.expect("role1: ranges/mail: size: 136 KiB, but the region 'mailbox' has 132 KiB")
    machine.expect("role1: not created")


def test_ranges_that_do_not_fit_give_everything_back(boot):
    big = memory_vm(memory_range("some", HIGH, 16 * MIB),
                    memory_range("big", 2 * HIGH, 2048 * MIB), name="big")
    region = memory_vm(memory_range("big", HIGH, 2048 * MIB, 'shared = "big";'), name="region")
    machine = boot(big, region, Vm("idle", "endless", more="autostart = <0>;"), options="")
    shell_after_boot(machine)
    free = machine.free_pages()
    for name in ("big", "region"):
        text = machine.command("vm create " + name)
        assert re.search(r"%s: ranges/big: 2097152 KiB asked for, \d+ KiB free\n" % name, text)
        assert machine.free_pages() == free


# ---- many ranges --------------------------------------------------------------------------------


def test_sixteen_odd_ranges_have_holes_between(boot):
    children, at, pages = [], HIGH - 7 * PAGE, 0
    for i in range(16):
        size = ((2 * i + 1) * 37 % 131 + (513 if i % 5 == 0 else 1)) * PAGE
        children.append(memory_range("r%d" % i, at, size))
        at += size + (i % 3 + 1) * PAGE
        pages += size // PAGE
    machine = passes(boot, memory_vm(*reversed(children), vcpus=2))
    assert "16 ranges, %d pages" % pages in machine.output()
    passed(machine, "each page is its own")
    passed(machine, "nothing is around")


def test_linux_uses_a_range_and_leaves_others(boot, tmp_path):
    more = ranges(memory_range("high", HIGH, 64 * MIB),
                  memory_range("mail", HIGH * 2, 64 * KIB, 'shared = "mailbox";'),
                  memory_range("rom", HIGH * 3, 64 * KIB,
                               table(tmp_path / "t", PAGE) + " read-only;"))
    machine = boot(debian(args="test=poweroff loglevel=7", more=more))
    machine.expect("node   0: [mem 0x0000010000000000-0x0000010003ffffff]")
    machine.expect_end(well=1)

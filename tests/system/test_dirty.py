# SPDX-License-Identifier: BSD-2-Clause
"""
The log of the pages that a guest writes: a copy that is kept up by it is the same in the end.
"""

import re

import pytest

from machine import Vm

CHECKED = re.compile(r"(\w+): copied (\d+) pages, in \d+ rounds (\d+) more, while paused (\d+); "
                     r"(\d+) differ")


def written(machine, vm):
    return int(re.search(r"(\d+) pages written", machine.command("vm dirty " + vm))[1])


# With Svadu, on `max` and `rv64`, hardware sets D. QEMU does so rightly only on one thread (CAVEATS.md).
@pytest.mark.parametrize("cpu, options", [
    ("max", ""), ("rv64", ""), ("max,svnapot=off,svinval=off", ""), ("max", "dirty=hardware"),
    ("rva23s64", "dirty=hardware"), pytest.param("rva23s64", "", marks=pytest.mark.soak)])
def test_no_write_of_four_vcpus_is_missed(boot, cpu, options):
    single = options and cpu == "max"
    machine = boot(Vm("writer", "scribble", args="key=1", vcpus=4),
                   harts=2, cpu=cpu, options=options, icount="shift=1" if single else None)
    machine.expect("scribble on")
    machine.shell()
    checks = later = 0
    while checks < 3 or later <= 1000:
        match = CHECKED.search(machine.command("vm dirty writer check 20"))
        assert match[5] == "0", match[0]
        checks += 1
        later += int(match[3])
    machine.key("1")
    machine.send("x")
    machine.shell()
    assert machine.wait_state("writer", "stopped") == "guest shut down"
    assert "PASS scribble" in machine.command("vm log writer")
    assert re.search(r", [57] table pages", machine.command("vm show writer"))


def test_writes_without_a_fault_in_between_are_not_missed(boot):
    """Harts that stay in the guest must be told that a page is to fault again."""
    machine = boot(Vm("writer", "scribble", args="count=0 dwell=1000000", vcpus=2), harts=2, options="")
    machine.expect("scribble on")
    machine.shell()

    def check():
        match = CHECKED.search(machine.command("vm dirty writer check 40"))
        assert match[5] == "0", match[0]
        return int(match[3])

    for _ in range(10):
        machine.look_until(check, lambda later: later > 5)  # the guest need not run in each round


def test_log_has_what_was_written_since(boot):
    machine = boot(Vm("quiet", "endless", args="mode=0"), options="")
    machine.expect("endless mode")
    machine.shell()
    assert "its writes are not logged" in machine.command("vm dirty quiet")
    tables = re.search(r"\d+ table pages", machine.command("vm show quiet"))[0]
    machine.command("vm dirty quiet on")
    # It may still be on its way out of the call that wrote that.
    machine.look_until(lambda: written(machine, "quiet"), lambda pages: pages == 0)
    assert "logged already" in machine.command("vm dirty quiet on")
    assert "logged already" in machine.command("vm dirty quiet check")
    assert written(machine, "quiet") == 0
    machine.command("vm reset quiet")  # its image and device tree are written again
    assert written(machine, "quiet") > 2
    # The guest begins anew, and clears its variables.
    machine.look_until(lambda: written(machine, "quiet"), lambda pages: pages == 0)
    machine.command("vm dirty quiet off")
    assert tables in machine.command("vm show quiet")
    assert "Rounds: 0 to 10000" in machine.command("vm dirty quiet check 10001")
    assert "vm dirty <vm>" in machine.command("vm dirty quiet maybe")
    assert 'There is no VM "nobody"' in machine.command("vm dirty nobody on")


def test_tracked_vm_can_be_destroyed(boot):
    machine = boot(Vm("writer", "scribble", args="count=0", vcpus=2), options="", harts=2)
    machine.expect("scribble on")
    machine.shell()
    before = machine.free_pages()
    for _ in range(3):
        machine.command("vm dirty writer on")
        pages = 0
        while pages < 1000:
            pages += written(machine, "writer")
        machine.command("vm destroy writer")
        machine.command("vm create writer")
    assert machine.free_pages() == before

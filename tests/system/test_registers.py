# SPDX-License-Identifier: BSD-2-Clause
"""
Registers of vCPUs in the shell: what a guest has in them is read, what is set is what the guest finds,
wherever it goes on; the time goes on from where it was put, and timers come when they should.
"""

import os
import re
import time

import pytest

from machine import PREFIX, RICH, TREE, Vm

MASK = (1 << 64) - 1
LOADED, SET = 0, 1
DEADLINE_LOADED, DEADLINE_SET = 0x0123456789abcdef, 0x1234
STARTS = re.compile(r"hart (\d+): here 0x(\w+) end 0x(\w+) area 0x(\w+) satp 0x(\w+)\s")
OFFSET = 0x123456789abc


def pattern(hart, what, number, word=0):
    """As tests/guest/registers.c."""
    z = number ^ word << 32 ^ what << 56 ^ hart << 60
    z = (z + 0x9e3779b97f4a7c15) & MASK
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & MASK
    z = (z ^ z >> 27) * 0x94d049bb133111eb & MASK
    return z ^ z >> 31


def registers(machine, vm, vcpu, prefix=""):
    """Name to (number, value, bytes)."""
    text = machine.command("vcpu regs %s %d %s" % (vm, vcpu, prefix))
    rows = re.findall(r"^0x(\w{8}) ([\w.-]+) +0x(\w+)$", text, re.M)
    assert len(rows) == text.strip().count("\n") + 1, text
    numbers = [int(row[0], 16) for row in rows]
    assert numbers == sorted(set(numbers))
    assert len({row[1] for row in rows}) == len(rows)
    return {row[1]: (int(row[0], 16), int(row[2], 16), len(row[2]) // 2) for row in rows}


def value(machine, vm, vcpu, name):
    return int(machine.command("vcpu get %s %d %s" % (vm, vcpu, name)).split()[-1], 16)


def put(machine, vm, vcpu, name, number):
    text = machine.command("vcpu set %s %d %s 0x%x" % (vm, vcpu, name, number))
    assert int(text.split()[-1], 16) == number, text


def wide(hart, what, number, size):
    """The value of a register of some words."""
    return sum(pattern(hart, what, number, word) << 64 * word for word in range(size // 8))


def sstatus(what, present):
    units = (0x6000 if "f0" in present else 0) | (0x600 if "v0" in present else 0)
    return 2 << 32 | units | (1 << 63 if units else 0) | \
        (0x40020 if what == LOADED else 0x80100)


def with_patterns(hart, what, fixed, present):
    """The values of `fixed`, and those of the other registers that have a pattern."""
    values = {}
    for name, (number, _, size) in present.items():
        if name in fixed:
            values[name] = fixed[name]
        elif re.fullmatch(r"[xfv]\d+|eip\d+|eie\d+|sepc|stval|sscratch", name):
            values[name] = wide(hart, what, number, size)
            if name in ("sepc", "eip0", "eie0"):
                values[name] &= ~1
    return values


def loaded(start, present):
    """What the payload has in its registers while it stands still."""
    fixed = {
        "pc": start["here"], "privilege": 1, "hsm": 0, "sstatus": sstatus(LOADED, present),
        "sie": 0x202, "sip": 2, "scounteren": 5, "senvcfg": 1, "sstateen0": 0, "scause": 5,
        "satp": 0, "stimecmp": DEADLINE_LOADED, "time.deadline": DEADLINE_LOADED,
        "siselect": 0x72, "eidelivery": 1, "eithreshold": 40, "fcsr": 0x5f,
        "vtype": 9, "vl": 5, "vstart": 3, "vcsr": 5,
    }
    return with_patterns(start["hart"], LOADED, fixed, present)


def to_set(start, present):
    """What the payload has to find."""
    fixed = {
        "pc": start["end"], "sstatus": sstatus(SET, present), "sie": 0x20, "sip": 0,
        "stvec": 0xffffffff80001001, "scounteren": 2, "senvcfg": 0xf0, "scause": 1 << 63 | 9,
        "satp": start["satp"], "sscratch": start["area"], "stimecmp": DEADLINE_SET,
        "time.deadline": DEADLINE_SET, "siselect": 0xc0, "eidelivery": 1, "eithreshold": 0,
        "fcsr": 0x23, "vtype": 0x18, "vl": 2, "vstart": 1, "vcsr": 2,
    }
    return with_patterns(start["hart"], SET, fixed, present)


def stand_still(machine, vcpus, vm="guest"):
    """Waits until all vCPUs do and pauses the VM, the shell having the focus. Their addresses."""
    starts = {}
    while len(starts) < vcpus:
        match = machine.expect(STARTS)
        numbers = [int(match[1])] + [int(match[i], 16) for i in range(2, 6)]
        starts[numbers[0]] = dict(zip(("hart", "here", "end", "area", "satp"), numbers))
    machine.shell()

    def pause():
        machine.command("vm resume " + vm)
        time.sleep(0.1)
        machine.command("vm pause " + vm)
        return [value(machine, vm, i, "pc") for i in sorted(starts)]

    machine.look_until(pause, lambda pcs: pcs == [starts[i]["here"] for i in sorted(starts)])
    return [starts[i] for i in sorted(starts)]


def read_and_set(machine, start, vm="guest"):
    vcpu = start["hart"]
    present = registers(machine, vm, vcpu)
    for name, wanted in loaded(start, present).items():
        assert present[name][1] == wanted, "%s of vCPU %d is %#x, not %#x" % (
            name, vcpu, present[name][1], wanted)
    for name, wanted in to_set(start, present).items():
        put(machine, vm, vcpu, name, wanted)
    again = registers(machine, vm, vcpu)
    assert list(again) == list(present)
    for name, wanted in to_set(start, present).items():
        assert again[name][1] == wanted, name
    return present


def go_on(machine, vm="guest"):
    machine.send("vm resume %s\r%s1" % (vm, PREFIX))  # it may end, and the machine, within 100 ms
    machine.expect("payload registers: 1 passed, 0 failed")
    machine.expect_end(well=1)


@pytest.mark.parametrize("files", ("auto", "software", "hardware"))
@pytest.mark.parametrize("vcpus, harts", ((1, 1), (1, 2), (2, 2), (2, 1), (3, 2)))
def test_guest_has_what_is_read_and_finds_what_is_set(boot, files, vcpus, harts):
    machine = boot(Vm("guest", "registers", vcpus=vcpus, more='interrupt-files = "%s";' % files),
                   cpu="max,svade=on", harts=harts)
    for start in stand_still(machine, vcpus):
        present = read_and_set(machine, start)
        for name in ("stimecmp", "siselect", "eip6", "senvcfg", "sstateen0", "f31", "v31"):
            assert name in present
        assert "time.deadline" not in present and "eip8" not in present
    go_on(machine)


@pytest.mark.parametrize("hidden, missing", (
    ("sstc", ("stimecmp",)),
    ("vector", ("v0", "vlenb")),
    ("fp,vector", ("f0", "fcsr", "v0")),
    ("ssaia", ("siselect", "eidelivery", "eie0")),
    ("sstc,ssaia,vector", ("stimecmp", "siselect", "v0")),
))
def test_hidden_features_take_their_registers_away(boot, hidden, missing):
    machine = boot(Vm("guest", "registers", vcpus=2), cpu="max,svade=on",
                   options="poweroff=last-vm hide=" + hidden)
    for start in stand_still(machine, 2):
        present = read_and_set(machine, start)
        for name in missing:
            assert name not in present
        assert ("time.deadline" in present) == ("sstc" in hidden)
    go_on(machine)


@pytest.mark.parametrize("cpu", ("rv64,h=true", "rva23s64"))
def test_registers_on_cpu(boot, cpu):
    machine = boot(Vm("guest", "registers", vcpus=2), cpu=cpu)
    for start in stand_still(machine, 2):
        read_and_set(machine, start)
    go_on(machine)


@pytest.mark.parametrize("identities", (63, 127))
def test_file_has_the_identities_that_the_guest_was_told_of(boot, identities):
    machine = boot(Vm("guest", "registers", vcpus=1,
                      more="interrupt-identities = <%d>;" % identities))
    start = stand_still(machine, 1)[0]
    present = read_and_set(machine, start)
    assert sum(name.startswith("eie") for name in present) == (identities + 1) // 64
    go_on(machine)


@pytest.mark.parametrize("hidden", ("", "sstc"))
def test_vcpus_that_move_take_what_was_set_with_them(boot, hidden):
    """Each hart has run each vCPU before, so that it holds registers that are old."""
    machine = boot(Vm("guest", "registers", vcpus=2, more='cpu-affinity = "0";'), harts=3, cpu=RICH,
                   options="poweroff=last-vm" + (" hide=" + hidden if hidden else ""))
    starts = stand_still(machine, 2)
    for hart in (1, 2, 0, 1):
        machine.command("vm resume guest")
        assert "cpu-affinity: %d\n" % hart in machine.command("vm affinity guest %d" % hart)
        for vcpu in range(2):
            runs = re.compile(r"^ +\d+ +%d started +running +%d\b" % (vcpu, hart), re.M)
            machine.look_until(lambda: machine.command("vcpu list guest"), runs.search)
        machine.command("vm pause guest")
    for start in starts:
        read_and_set(machine, start)
    assert "cpu-affinity: 2\n" in machine.command("vm affinity guest 2")
    go_on(machine)


# ---- time ----

@pytest.mark.parametrize("hidden", ("", "sstc"))
@pytest.mark.parametrize("vcpus, harts", ((1, 1), (2, 1), (2, 2)))
def test_time_goes_on_from_where_it_was_put(boot, hidden, vcpus, harts):
    machine = boot(Vm("guest", "registers", vcpus=vcpus, args="offset=%d" % OFFSET), harts=harts,
                   options="poweroff=last-vm" + (" hide=" + hidden if hidden else ""))
    starts = stand_still(machine, vcpus)
    assert value(machine, "guest", 0, "time.frequency") == 10000000
    put(machine, "guest", vcpus - 1, "time.offset", OFFSET)
    for start in starts:
        assert value(machine, "guest", start["hart"], "time.offset") == OFFSET
        read_and_set(machine, start)
    go_on(machine)


def time_put(machine, offset):
    """Sets the guest's time offset; the number of its last beat before that, and its deadline."""
    machine.command("vm pause guest")
    put(machine, "guest", 0, "time.offset", offset % (1 << 64))
    last = machine.last_beat("guest")
    found = re.search(r"(?:stimecmp|time\.deadline) +0x(\w+)", machine.command("vcpu regs guest 0"))
    machine.command("vm resume guest")
    return last, int(found[1], 16)


def time_of_beat(machine, vm, number):
    """Waits for a beat and the next one, so that its line is whole; the time that it tells."""
    beat = re.compile(r"^beat %d t=(\d+)\s+beat " % number, re.M)
    return int(beat.search(machine.look_until(lambda: machine.command("vm log " + vm),
                                              beat.search))[1])


@pytest.mark.parametrize("hidden", ("", "sstc"))
def test_sleeping_guest_wakes_by_its_own_time(boot, hidden):
    """Its timer is armed while the time is put back; forward, it is due at once."""
    machine = boot(Vm("guest", "heartbeat", args="beats=0 period=500"),
                   options="hide=" + hidden if hidden else "")
    machine.expect("beat 6 ")  # two seconds back are not before the beginning of time
    machine.shell()
    last, deadline = time_put(machine, -20000000)
    # It may have been paused between an interrupt and the line about it.
    assert time_of_beat(machine, "guest", last + 2) >= deadline
    last, _ = time_put(machine, 300 * 10000000)
    assert time_of_beat(machine, "guest", last + 2) > 300 * 10000000
    # Five minutes of beats come in a row.
    time_of_beat(machine, "guest", last + 580)


def test_neighbour_keeps_the_time_of_the_host(boot):
    machine = boot(Vm("guest", "heartbeat", args="beats=0 period=100"),
                   Vm("neighbour", "heartbeat", args="beats=0 period=100"), harts=1, options="")
    machine.expect("beat 2 ")
    machine.shell()
    hour = 3600 * 10000000
    time_put(machine, hour)
    for vm, large in (("neighbour", False), ("guest", True), ("neighbour", False)):
        last = machine.last_beat(vm)
        machine.look_until(lambda: machine.last_beat(vm), lambda beat: beat >= last + 3)
        beats = re.findall(r"^beat \d+ t=(\d+)\s", machine.command("vm log " + vm), re.M)
        # The last line may be one that it is just writing.
        assert (int(beats[-2]) > hour) == large


# ---- the rest of the life of a VM ----

def test_registers_are_to_be_had_only_while_nothing_runs(boot):
    machine = boot(Vm("guest", "heartbeat", args="beats=0"), options="")
    machine.expect("beat 1")
    machine.shell()
    refusal = "guest is running: its registers are to be had while it is paused."
    for line in ("vcpu regs guest 0", "vcpu get guest 0 pc", "vcpu set guest 0 pc 0"):
        assert refusal in machine.command(line)
    machine.command("vm pause guest")
    assert "\"7\"" in machine.command("vcpu get 7 0 pc")
    assert "guest has no vCPU \"1\"." in machine.command("vcpu get guest 1 pc")
    assert "is no register" in machine.command("vcpu get guest 0 pcs")
    assert "is no register" in machine.command("vcpu set guest 0 0x01000023 0")
    assert "pc has 8 bytes." in machine.command("vcpu set guest 0 pc 0x10000000000000000")
    assert "v0 has 16 bytes." in machine.command("vcpu set guest 0 v0 0x1%032x" % 0)
    assert "is no number" in machine.command("vcpu set guest 0 pc here")
    for name, refused in (("pc", 1), ("privilege", 2), ("hsm", 3), ("satp", 5 << 60),
                          ("sstatus", 0), ("sie", 1), ("vlenb", 32), ("time.frequency", 1),
                          ("sepc", 1), ("siselect", 1 << 40), ("eidelivery", 2), ("vcsr", 8),
                          ("eip0", 1), ("fcsr", 256), ("vl", 1), ("vtype", 256)):
        before = value(machine, "guest", 0, name)
        text = machine.command("vcpu set guest 0 %s 0x%x" % (name, refused))
        assert "%s cannot be" % name in text
        assert value(machine, "guest", 0, name) == before
    machine.command("vm resume guest")
    machine.beats_go_on("guest")


def test_failed_guest_can_be_looked_at_and_a_reset_makes_all_new(boot):
    machine = boot(Vm("guest", "ending", args="how=1"), options="")
    machine.expect("guest: failed")
    machine.shell()
    assert value(machine, "guest", 0, "x17") == 0x53525354  # SRST
    put(machine, "guest", 0, "time.offset", OFFSET)
    machine.command("vm reset guest")
    machine.wait_state("guest", "failed")
    assert value(machine, "guest", 0, "time.offset") == OFFSET


def test_stopped_vcpu_is_started_by_its_registers(boot):
    """A vCPU that the guest never started begins to beat where it was put."""
    machine = boot(Vm("guest", "registers", vcpus=2), cpu="max,svade=on", options="")
    starts = stand_still(machine, 2)
    put(machine, "guest", 1, "hsm", 1)
    machine.command("vm resume guest")
    machine.look_until(lambda: machine.command("vcpu list guest"),
                       re.compile(r"^ +\d+ +1 stopped +parked", re.M).search)
    machine.command("vm pause guest")
    assert value(machine, "guest", 1, "hsm") == 1
    put(machine, "guest", 1, "hsm", 0)
    for start in starts:
        read_and_set(machine, start)
    machine.command("vm resume guest")
    machine.key("1")
    machine.expect("payload registers: 1 passed, 0 failed")


@pytest.mark.parametrize("cpu", (RICH, "rva23s64", "rv64,h=true"))
def test_each_bit_of_sstatus_is_held(boot, cpu):
    """On a hart with Ssdbltrp a write of SDT clears SIE, which is no reason to be without it."""
    machine = boot(Vm("guest", "endless", args="mode=0"), cpu=cpu)
    machine.expect("endless mode")
    machine.shell()
    machine.command("vm pause guest")
    before = value(machine, "guest", 0, "sstatus")
    for bit in (1, 5, 8, 18, 19):  # SIE, SPIE, SPP, SUM, MXR
        put(machine, "guest", 0, "sstatus", before | 1 << bit)
        assert value(machine, "guest", 0, "sstatus") == before | 1 << bit, "bit %d" % bit


# ---- docs/registers.md ----

def span(first, last):
    """All from one text to another one, which differ in one decimal number."""
    parts, others = [re.split(r"(\d+)", text) for text in (first, last)]
    at = [i for i, (part, other) in enumerate(zip(parts, others)) if part != other][0]
    return ["".join(parts[:at] + [str(number)] + parts[at + 1:])
            for number in range(int(parts[at]), int(others[at]) + 1)]


def items(text, before):
    """What a cell of the table stands for: "a", "a to b", "a to b, even", "x.a", ".b", likewise."""
    found = []
    text = re.sub(r"\b0x\w+", lambda match: str(int(match[0], 16)), text)
    for item in text.replace("`", "").split(", "):
        if item == "even":
            del found[1::2]
        elif item == "likewise":
            head = found[0].rpartition(".")[0]
            found += [head + "." + name.rpartition(".")[2] for name in before[1:]]
        elif " to " in item:
            found += span(*item.split(" to "))
        else:
            found.append(found[0].rpartition(".")[0] + item if item[0] == "." else item)
    return found


def documented():
    """Number to name, by row of the table."""
    with open(os.path.join(TREE, "docs", "registers.md")) as file:
        text = file.read()
    rows, last, names = [], 0, []
    for line in re.findall(r"^\| (.*)\|$", text.split("| Class |")[1], re.M):
        cells = [cell.strip() for cell in line.split("|")]
        last = int(cells[0].split()[0]) if cells[0] else last
        if not cells[2]:
            continue
        numbers = [int(number) for number in items(cells[1], [])]
        names = items(cells[2], names)
        assert len(numbers) == len(names), (line, numbers, names)
        rows.append({last << 24 | number: name for number, name in zip(numbers, names)})
    return rows


def test_all_registers_are_documented(boot):
    """By number and name; and each row of the table is one of a register that there is."""
    rows = documented()
    names = {number: name for row in rows for number, name in row.items()}
    assert len(names) == sum(len(row) for row in rows)
    machine = boot(Vm("all", "heartbeat", args="beats=0", more="interrupt-identities = <2047>;"),
                   Vm("few", "heartbeat", args="beats=0", more='isa-disable = "sstc";'),
                   cpu=RICH, options="")
    machine.expect("few: starts")
    machine.shell()
    seen = set()
    for vm in "all", "few":
        machine.command("vm pause " + vm)
        for name, (number, _, _) in registers(machine, vm, 0).items():
            assert names.get(number) == name, "0x%08x %s is not in docs/registers.md" % (number, name)
            seen.add(number)
    lacking = [row for row in rows if not seen & set(row)]
    assert not lacking

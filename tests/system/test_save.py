# SPDX-License-Identifier: BSD-2-Clause
"""
Saved and restored VMs: what runs in them does not notice, on this machine or on another one, and an
image that is damaged changes nothing.
"""

import mmap
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import time

import pytest

from machine import (BUILD, LOGS, TIMEOUT, TREE, Failure, Machine, Vm, debian, filler, pack,
                     qemu_command)
from test_dirty import written

BEAT = re.compile(r"checkpoint (\d+) t=(\d+) rounds=(\d+) errors=(\d+)")
SUSPENDS = re.compile(r"^suspend \d+", re.M)
SAVE_NAME_AT, SAVE_SIZE_AT = 64 + 12, 64 + 24 + 8  # in a file: docs/save-format.md
HSM_SUSPENDED = 4
SSIP = 1 << 1
IDENTITY = 1 << 5
HVSAVE = os.path.join(TREE, "tools", "hvsave")


def checkpoint(name="work", vcpus=2, more="", args=""):
    return Vm(name, "checkpoint", vcpus=vcpus, memory=16, more=more, args=args)


def look(machine, number, beats=2, beat=BEAT):
    """
    Waits in a VM's console for new beats, which have to be without errors. The last one. There is no
    second one when interrupts do not come.
    """
    machine.shell()
    old = len(beat.findall(machine.command("vm log %d" % number)))
    machine.key(str(number))
    machine.expect("--- console of VM %d" % number)
    for _ in range(old + beats):  # the old ones are shown again
        match = machine.expect(re.compile("WRONG|" + beat.pattern))
        assert match[0] != "WRONG" and match[4] == "0", match[0]
    return match


def value(machine, vm, vcpu, register):
    """Of a register of a paused VM; 0 of one that there is not."""
    text = machine.command("vcpu get %s %d %s" % (vm, vcpu, register))
    return int(text.split()[-1], 16) if " 0x" in text else 0


def pause_until(machine, vm, look_at, wanted):
    """Lets a VM run, and pauses it, until what is seen of it is what is wanted."""
    def pause():
        machine.command("vm resume " + vm)
        machine.command("vm pause " + vm)
        return look_at()

    machine.look_until(pause, lambda seen: seen == wanted)


def pause_with_pending(machine, vcpus, msis):
    """Pauses `checkpoint` while it has IPIs, and MSIs if `msis`, that no vCPU has taken yet."""
    def pending():
        return tuple(any(value(machine, "work", vcpu, register) & bit for vcpu in range(vcpus))
                     for register, bit in (("sip", SSIP), ("eip0", IDENTITY)))

    pause_until(machine, "work", pending, (True, msis))


def save(machine, vm="work", what=""):
    text = machine.command("vm save %s %s" % (vm, what))
    assert re.search(r"^%s: saved, \d+ KiB in \d+ ms$" % vm, text, re.M), text


def restore(machine, vm="work", more=""):
    text = machine.command("vm restore %s %s" % (vm, more))
    assert re.search(r"^%s: restored in \d+ ms$" % vm, text, re.M), text
    return text


# How often a VM that was saved goes on; in make check, and in make soak.
TURNS = pytest.mark.parametrize("turns", (3, pytest.param(10, marks=pytest.mark.soak)))


@TURNS
@pytest.mark.parametrize("files, vcpus, options", [
    ("auto", 2, {}), ("software", 2, {}), ("hardware", 2, {}), ("auto", 3, {"harts": 1}),
    ("auto", 2, {"guests": 1}), ("auto", 2, {"cpu": "rva23s64"}),
    ("auto", 2, {"aia": "none"}), ("auto", 2, {"aia": "aplic"}), ("plic", 2, {}),
    ("auto", 2, {"qemu": "11"})])
def test_work_goes_on_many_times(boot, files, vcpus, options, turns):
    more = 'irqchip = "plic";' if files == "plic" else 'interrupt-files = "%s";' % files
    machine = boot(checkpoint(vcpus=vcpus, more=more), options="save.size=64M", **options)
    machine.expect(BEAT)
    machine.expect(BEAT)
    machine.shell()
    pause_with_pending(machine, vcpus, files != "plic" and "aia" not in options)
    save(machine)
    for turn in range(turns):
        restore(machine)
        look(machine, 1)
        machine.shell()
        if turn % 2:
            save(machine)  # of what was restored


def test_time_does_not_jump(boot):
    """By not more than passed before it was saved and after it was restored."""
    machine = boot(checkpoint(), options="save.size=64M")
    machine.expect(BEAT)
    began = time.monotonic()
    before = int(look(machine, 1, beats=1)[2])
    machine.shell()
    save(machine)
    away = time.monotonic()
    time.sleep(4)
    away = time.monotonic() - away
    restore(machine)
    after = int(look(machine, 1, beats=1)[2])
    most = time.monotonic() - began - away + 0.1
    assert before <= after < before + most * 10000000, "from %d to %d" % (before, after)


def test_vm_goes_on_after_it_was_saved(boot):
    machine = boot(checkpoint(), options="save.size=64M")
    machine.expect(BEAT)
    machine.shell()
    for _ in range(5):
        save(machine, what="resume")
        look(machine, 1, beats=1)
        machine.shell()
    assert "running" in machine.command("vm list")
    save(machine)
    assert "saved" in machine.wait_state("work", "paused")
    machine.command("vm resume work")
    look(machine, 1)


@pytest.mark.parametrize("gone", (False, True))
def test_what_is_typed_waits(boot, gone):
    """More than the UART takes; each byte makes the guest say something, once."""
    machine = boot(Vm("guest", "scribble", args="sweep=1"), options="save.size=64M")
    machine.expect("scribble on")
    machine.shell()
    machine.command("vm pause guest")
    machine.key("1")
    machine.expect("--- console of VM 1")
    machine.send("x" * 40)
    machine.shell()
    save(machine, "guest")
    if gone:
        machine.command("vm destroy guest")
    restore(machine, "guest")
    machine.key("1")
    machine.expect("sweep 40 of")
    machine.shell()
    assert "sweep 41 of" not in machine.command("vm log guest")
    machine.key("1")
    machine.send("y")
    machine.expect("sweep 41 of")
    machine.shell()
    assert "sweep 42 of" not in machine.command("vm log guest")


def log_until(machine, vm, wanted):
    """The log of a VM, once a condition of it holds."""
    return machine.look_until(lambda: machine.command("vm log " + vm), wanted)


@pytest.mark.parametrize("cpu", ("max", "max,sstc=off"))
def test_suspended_vm_is_still_so_and_wakes(boot, cpu):
    """By SBI SUSP, with a timer that wakes it; the guest checks that it is not early, and how."""
    machine = boot(Vm("guest", "susp", args="ms=2000 rounds=1000000", vcpus=2), cpu=cpu,
                   options="save.size=64M")
    machine.expect("suspend 1")
    machine.shell()
    for gone in (False, True):
        pause_until(machine, "guest", lambda: value(machine, "guest", 0, "hsm"), HSM_SUSPENDED)
        save(machine, "guest")
        if gone:
            machine.command("vm destroy guest")
        before = len(SUSPENDS.findall("" if gone else machine.command("vm log guest")))
        restore(machine, "guest")
        text = log_until(machine, "guest", lambda text: len(SUSPENDS.findall(text)) > before + 1)
        assert "susp.c" not in text, text


def steal_of(text):
    """What both harts of `checkpoint` say: their stolen time in ns, and how often it was told."""
    return [(int(steal), int(updates)) for steal, updates in
            re.findall(r"steal=(\d+) updates=(\d+)", text)]


def test_stolen_time_goes_on(boot):
    """Of a VM that shares a hart with another one. It checks itself that none is taken back."""
    machine = boot(checkpoint(), Vm("busy", "endless", args="mode=0"), harts=1,
                   options="save.size=64M")
    machine.expect(BEAT)
    machine.shell()
    for gone in (False, True):
        log_until(machine, "work", lambda text: steal_of(text)[-1][0] > 0)
        save(machine)
        steal, updates = steal_of(machine.command("vm log work"))[-1]
        assert steal > 0
        if gone:
            machine.command("vm destroy work")
        beats = len(BEAT.findall("" if gone else machine.command("vm log work")))
        restore(machine)
        text = log_until(machine, "work", lambda text: len(BEAT.findall(text)) > beats + 2 and
                         steal_of(text)[-1][0] > steal and steal_of(text)[-1][1] > updates + 2)
        assert "WRONG" not in text
        after = steal_of(text)[beats:]
        assert all(then[0] >= steal and then[1] >= updates for then in after), (steal, after)


def test_log_of_writes_goes_on_and_has_what_was_restored(boot):
    machine = boot(checkpoint(), options="save.size=64M")
    machine.expect(BEAT)
    machine.shell()
    save(machine)
    machine.command("vm dirty work on")
    assert written(machine, "work") == 0  # it is paused
    restore(machine)
    machine.command("vm pause work")
    assert written(machine, "work") > 10  # all that the image has
    assert written(machine, "work") == 0
    machine.command("vm resume work")
    look(machine, 1)
    machine.shell()
    assert written(machine, "work") > 0
    machine.command("vm dirty work off")
    assert "; 0 differ" in machine.command("vm dirty work check 5")
    machine.command("vm dirty work on")
    save(machine)
    machine.command("vm destroy work")
    restore(machine)
    assert "its writes are not logged" in machine.command("vm dirty work")
    look(machine, 1)


def test_vm_that_is_gone_is_made_again(boot):
    machine = boot(checkpoint("one"), checkpoint("two"), options="save.size=64M")
    machine.expect_all(BEAT, "two: starts")
    look(machine, 2)
    machine.shell()
    free = machine.free_pages()
    save(machine, "two")
    machine.command("vm destroy two")
    restore(machine, "two")  # by the bundle's description
    assert abs(machine.free_pages() - free) < 64
    machine.command("vm destroy two")
    machine.command("vm destroy one")
    restore(machine, "two")
    look(machine, 1)
    machine.shell()
    text = machine.command("vm saved")
    assert re.search(r"^two +\d+$", text, re.M), text
    machine.command("vm saved two drop")
    assert "No VM \"two\" was saved" in machine.command("vm restore two")
    look(machine, 1)


def test_neighbour_keeps_its_beat(boot):
    """While 128 MiB are saved and restored, in the machine's own time: a beat each 20 ms."""
    machine = boot(Vm("big", "residue", args="stay=1", memory=128),
                   Vm("beat", "heartbeat", args="beats=0 period=20"), filler(),
                   options="save.size=160M", icount="shift=0", harts=1)
    machine.expect_all("residue ready", "beat: starts")
    machine.shell()
    machine.beats_go_on("beat")
    first = machine.last_beat("beat")
    took = [int(re.search(r" in (\d+) ms", machine.command(command))[1])
            for command in ("vm save big", "vm restore big")]
    machine.beats_go_on("beat")
    gaps = machine.gaps_ms("beat", first)
    assert len(gaps) * 20 > sum(took), "%d beats in %s ms" % (len(gaps), took)
    assert max(gaps) < 40, "%f; %s ms" % (max(gaps), took)


def test_what_does_not_fit_is_refused(boot):
    machine = boot(checkpoint(), checkpoint("other", vcpus=3), options="save.size=20K")
    machine.expect(BEAT)
    machine.shell()
    assert "does not fit in 20 KiB" in machine.command("vm save work")
    assert re.search(r"work +running", machine.command("vm list"))
    assert "No VM \"work\" was saved" in machine.command("vm restore work")
    assert "There is no VM \"nobody\"" in machine.command("vm save nobody")
    assert "The bundle has no file" in machine.command("vm restore work file no.core")
    assert "cannot be the name" in machine.command("vm restore a/b")
    assert "[file <file" in machine.command("vm restore work nonsense")
    assert "[resume|console]" in machine.command("vm save work nonsense")


def test_without_memory_for_it_nothing_is_saved(boot):
    machine = boot(checkpoint(), options="")
    machine.expect(BEAT)
    machine.shell()
    assert "see the option save.size" in machine.command("vm save work")
    assert re.search(r"work +running", machine.command("vm list"))


# ---- files ----

def fetch(machine, path, vm="work", command="vm save %s console"):
    """Saves a VM over the console to a file."""
    machine.skip()
    text = machine.command(command % vm)
    log = path + ".log"
    with open(log, "w") as file:
        file.write(text)
    result = subprocess.run([HVSAVE, "--log", log, vm, path], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    os.unlink(log)
    return result


@pytest.fixture(scope="module")
def core():
    """An image of `checkpoint` with two vCPUs, made on two harts of `max`."""
    path = os.path.join(LOGS, "work.core")
    machine = Machine("core-of-work", [checkpoint()], options="save.size=64M")
    try:
        machine.expect(BEAT)
        machine.shell()
        result = fetch(machine, path)
        assert result.returncode == 0, result.stdout
    finally:
        machine.close()
    yield path
    os.unlink(path)


@pytest.mark.parametrize("options", [
    {}, {"harts": 1}, {"harts": 4, "guests": 1}, {"qemu": "11"}, {"guests": 0}])
def test_another_machine_goes_on_with_a_file(boot, core, options):
    machine = boot(checkpoint(more='restore { file = "%s"; };' % core), options="", **options)
    assert int(machine.expect(BEAT)[1]) > 1
    assert look(machine, 1)[4] == "0"
    machine.shell()
    text = machine.command("vm list")
    assert re.search(r"work +running", text), text
    restore(machine, "work", "file " + core.lstrip("/"))
    look(machine, 1)
    machine.shell()
    restore(machine, "clone", "file " + core.lstrip("/"))  # described by nothing but the image
    look(machine, 2)
    look(machine, 1)


def test_vm_without_a_kernel_is_its_image(boot, core):
    vm = checkpoint()
    vm.description = lambda: (
        '\twork {\n\t\tcompatible = "hartvisor,vm";\n\t\tmemory-size = <0x1000000>;\n'
        '\t\tcpus = <2>;\n\t\trestore { file = "%s"; };\n\t};\n' % core)
    machine = boot(vm, options="")
    machine.expect(BEAT)
    machine.shell()
    machine.command("vm reset work")
    look(machine, 1)


def pack_refused(vm, path):
    try:
        Machine("refused", [vm]).close()
    except Failure as failure:
        return str(failure)
    raise AssertionError("%s was packed" % path)


def test_packer_refuses_what_cannot_be(core):
    def described(vcpus=2, memory=16, path=core):
        return Vm("work", "checkpoint", vcpus=vcpus, memory=memory,
                  more='restore { file = "%s"; };' % path)

    assert "cpus: it has 2 (0x2), the description 3 (0x3)" in pack_refused(described(3), core)
    assert "memory-size: it has 16777216" in pack_refused(described(memory=32), core)
    with open(core, "rb") as file:
        data = bytearray(file.read())
    damaged = os.path.join(LOGS, "damaged.core")
    data[5000] ^= 1
    with open(damaged, "wb") as file:
        file.write(data)
    text = pack_refused(described(path=damaged), damaged)
    assert re.search(r"restore: file: '.*damaged.core': saved VM: its memory 0x\w+ \+ 0x\w+ is damaged",
                     text), text
    os.unlink(damaged)


@pytest.mark.parametrize("options, message", [
    ({"options": "hide=vector"}, "ISA: it has v( z\\w+)*, which the harts here"),
    ({"cpu": "max,vlen=256"}, r"VLEN\): it has 128, here it is 256"),
    ({"options": "hide=sstc"}, "ISA: it has sstc"),
    ({"options": "hide=ssaia"}, "interrupts: it has an IMSIC, here there is an APLIC in direct mode"),
])
def test_machine_that_lacks_something_refuses(boot, core, options, message):
    options = {"options": "", **options}
    machine = boot(checkpoint("idle"), Vm("carrier", "hello", more='ranges { r { base = /bits/ 64 '
                   '<0x100000000>; size = <0x1000000>; read-only; file = "%s"; }; };' % core),
                   **options)
    machine.expect(BEAT)
    machine.shell()
    for vm in ("idle", "new"):
        text = machine.command("vm restore %s file %s" % (vm, core.lstrip("/")))
        assert re.search(message, text), text
    assert re.search(r"idle +running", machine.command("vm list"))
    assert "new" not in machine.command("vm list")
    look(machine, 1)


def test_damaged_files_change_nothing(boot, core):
    """A hundred images with a byte that is another one; each is refused, and the VM goes on."""
    chance = random.Random(1)
    with open(core, "rb") as file:
        data = file.read()
    paths = []
    for index in range(100):
        damaged = bytearray(data)
        at = chance.randrange(len(data)) if index % 3 else chance.randrange(4096)
        damaged[at] ^= chance.randrange(1, 256)
        paths.append(os.path.join(LOGS, "d%d.core" % index))
        with open(paths[-1], "wb") as file:
            file.write(damaged)
    carriers = []  # VMs whose only use is that their ranges name the files
    for first in range(0, 100, 16):
        text = "".join("r%d { base = /bits/ 64 <%#x>; size = <%#x>; read-only; file = \"%s\"; };" % (
            index, 0x100000000 + index * 0x2000000, len(data) + 4095 & ~4095, path)
            for index, path in enumerate(paths[first:first + 16]))
        carriers.append(Vm("c%d" % first, "hello", more="ranges { %s };" % text))
    machine = boot(checkpoint(), *carriers, options="", memory=2048)
    machine.expect(BEAT)
    machine.shell()
    for path in paths:
        text = machine.command("vm restore work file " + path.lstrip("/"))
        assert "restored" not in text and "saved VM: " in text, path + text
        os.unlink(path)
    look(machine, 1)


def test_debugger_opens_an_image(core):
    gdb = shutil.which("gdb-multiarch")
    if not gdb:
        pytest.skip("there is no gdb-multiarch")
    result = subprocess.run(
        [gdb, "-nx", "-batch", "-ex", "set architecture riscv:rv64", "-ex", "core-file " + core,
         "-ex", "info threads", "-ex", "thread apply all info registers pc sp tp",
         "-ex", "x/2wx 0x80200000"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert len(re.findall(r"^pc +0x\w+", result.stdout, re.M)) == 2, result.stdout
    with open(os.path.join(BUILD, "guest", "checkpoint.bin"), "rb") as file:
        words = struct.unpack("<2I", file.read(8))
    assert "0x%08x\t0x%08x" % words in result.stdout, result.stdout


# ---- over the console ----

def connect(path):
    """A socket that a machine makes and then listens at."""
    end = time.monotonic() + TIMEOUT
    while True:
        file = socket.socket(socket.AF_UNIX)
        try:
            file.connect(path)
            return file
        except OSError:
            file.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_tool_fetches_an_image_from_a_socket(boot):
    """And once more what was saved, which is the same; and the shell goes on after it."""
    paths = [os.path.join(LOGS, "socket%d.core" % index) for index in range(2)]
    console, bundle = os.path.join(LOGS, "console.socket"), os.path.join(LOGS, "socket.cpio")
    pack([checkpoint()], bundle)
    command = qemu_command(bundle, options="save.size=64M")
    command[command.index("stdio")] = "unix:%s,server=on,wait=on" % console
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(console) as file:
            text = b""
            while len(BEAT.findall(text.decode("latin-1"))) < 2:
                received = file.recv(4096)
                assert received, "the machine ended"
                text += received
        for path, more in zip(paths, ([], ["--saved"])):
            result = subprocess.run([HVSAVE, *more, console, "work", path], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            assert result.returncode == 0, result.stdout
        result = subprocess.run([HVSAVE, "--saved", console, "nobody", paths[0]], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert result.returncode == 1 and 'No VM "nobody" was saved' in result.stdout
        with open(paths[0], "rb") as one, open(paths[1], "rb") as other:
            assert one.read() == other.read()
    finally:
        process.kill()
        process.wait()
        for name in paths + [path + ".part" for path in paths] + [console, bundle]:
            if os.path.exists(name):
                os.unlink(name)


def test_recorded_lines_that_are_torn_are_found(core, tmp_path):
    """What is missing in one record comes from another; nothing else is taken."""
    with open(HVSAVE) as file:
        namespace = {"__name__": "hvsave"}
        exec(compile(file.read(), HVSAVE, "exec"), namespace)  # the tool has no suffix to import
    with open(core, "rb") as file:
        data = file.read()
    image = namespace["Image"]()
    image.name, image.size = "work", len(data)
    image.sum = struct.unpack_from("<Q", data, namespace["SUM_AT"])[0]
    image.frames = {at: data[at:at + 72] for at in range(0, len(data), 72)}
    whole = str(tmp_path / "whole")
    namespace["part_write"](whole, image)
    chance = random.Random(2)
    with open(whole) as file:
        lines = file.readlines()
    for index in range(1, len(lines)):
        if index % 7 == 0:
            at = chance.randrange(len(lines[index]) - 1)
            lines[index] = lines[index][:at] + chance.choice("Aaf0 \n") + lines[index][at + 1:]
    torn, out = str(tmp_path / "torn"), str(tmp_path / "out.core")
    with open(torn, "w") as file:
        file.writelines(lines)
    first = subprocess.run([HVSAVE, "--log", torn, "work", out], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    assert first.returncode == 1 and "parts are missing" in first.stdout
    second = subprocess.run([HVSAVE, "--log", whole, "work", out], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    assert second.returncode == 0, second.stdout
    with open(out, "rb") as file:
        assert file.read() == data


# ---- Linux ----

# The letters show that the console loses nothing of what is being written.
LOAD = re.compile(r"load (\d+) clock=(\d+) sums=\d+ wakes=(\d+) errors=(\d+) " +
                  re.escape("".join(chr(letter) for letter in range(ord("A"), ord("z") + 1))))


def loaded(policy):
    """Debian with two vCPUs that compute, wake one another, and write."""
    return debian(args="quiet test=load", memory=192, more='interrupt-files = "%s";' % policy)


def ram_image(path):
    """The image of the VM that a machine saved last, out of a file that is the machine's RAM."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ram:
        at = ram.find(b"HARTVISOR\0")
        while at >= 0:
            start = at - SAVE_NAME_AT
            if start % 4096 == 0 and ram[start:start + 4] == b"\x7fELF":
                return ram[start:start + struct.unpack_from("<Q", ram, start + SAVE_SIZE_AT)[0]]
            at = ram.find(b"HARTVISOR\0", at + 1)
    raise AssertionError("there is no image in %s" % path)


@TURNS
@pytest.mark.parametrize("policy, harts", [("software", 1), ("hardware", 3)])
def test_debian_goes_on_many_times(boot, policy, harts, turns):
    """What it computes, its clock, timers, IPIs and console; at last from a file elsewhere."""
    ram, core = [os.path.join(LOGS, "debian-%s.%s" % (policy, name)) for name in ("ram", "core")]
    machine = boot(loaded(policy), options="save.size=256M", extra=(
        "-object", "memory-backend-file,id=ram,share=on,size=1024M,mem-path=" + ram,
        "-machine", "memory-backend=ram"))
    try:
        machine.expect("load: floating point and vectors")
        look(machine, 1, beat=LOAD)
        for turn in range(turns):
            machine.shell()
            save(machine, "debian")  # from the second one on of what was restored
            before = int(LOAD.findall(machine.command("vm log debian"))[-1][1])
            restore(machine, "debian")
            assert int(look(machine, 1, beat=LOAD)[2]) > before
        machine.shell()
        log = machine.command("vm log debian")
        assert "rcu" not in log and "lockup" not in log and "stall" not in log
        machine.close()
        with open(core, "wb") as file:
            file.write(ram_image(ram))
        vm = loaded(policy)
        vm.more += 'restore { file = "%s"; };' % core
        machine = boot(vm, options="", harts=harts)
        assert int(machine.expect(LOAD)[2]) > before
        look(machine, 1, beat=LOAD)
        assert "Linux version" not in machine.output()
    finally:
        for path in ram, core:
            if os.path.exists(path):
                os.unlink(path)

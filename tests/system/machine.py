# SPDX-License-Identifier: BSD-2-Clause
"""
A machine in QEMU with the hypervisor and a bundle of VMs, and its console.

All waits are for text (Machine.expect()), with limits that only a machine that hangs reaches.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import threading
import time

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("HV_BUILD", os.path.join(TREE, "build")))
DEPS = os.path.abspath(os.environ.get("HV_DEPS", os.path.join(BUILD, "deps")))
LOGS = os.path.join(BUILD, "test-logs")

# HV_PATIENCE=3 makes all limits three times as long.
PATIENCE = float(os.environ.get("HV_PATIENCE", "1"))
TIMEOUT = 600 * PATIENCE
MIB = 1 << 20

# The processor with the most: all modes, and what SBI FWFT can turn on.
RICH = "max,svade=on,sv57=on"
PROMPT = "hartvisor> "
SUMMARY = re.compile(r"hartvisor: all VMs ended: (\d+) well, (\d+) badly")
MESSAGES = re.compile(r"(\[ *\d+\.\d+\] .*\r\n)+")
PREFIX = "\x14"  # Ctrl-t
# Commands that end when something is typed. Each has something to say.
ENDED_BY_KEYS = ("host top", "vm save")

_prctl = ctypes.CDLL(None).prctl


class Failure(AssertionError):
    """Something expected did not come."""


class Vm:
    """A VM of a bundle: what its description says."""

    def __init__(self, name, kernel, args="", vcpus=1, memory=64, ramdisk=None, more=""):
        """`kernel`: a payload of tests/guest or a path. `memory` in MiB. `more`: properties."""
        self.name = name
        self.kernel = kernel if os.sep in kernel else payload(kernel)
        self.args = args
        self.vcpus = vcpus
        self.memory = memory
        self.ramdisk = ramdisk
        self.more = more

    def description(self):
        text = '\t%s {\n\t\tcompatible = "hartvisor,vm";\n' % self.name
        text += "\t\tmemory-size = /bits/ 64 <%#x>;\n" % (self.memory * MIB)
        text += "\t\tcpus = <%d>;\n\t\t%s\n" % (self.vcpus, self.more)
        text += '\t\tkernel { file = "%s"; bootargs = "%s"; };\n' % (self.kernel, self.args)
        if self.ramdisk:
            text += '\t\tramdisk { file = "%s"; };\n' % self.ramdisk
        return text + "\t};\n"


def payload(name):
    return os.path.join(BUILD, "guest", name + ".bin")


def filler():
    """
    For machines with `icount` on which a gap is measured: a VM that runs whenever no other does.
    While all sleep QEMU adds the time that passes on the computer.
    """
    return Vm("filler", "endless", args="mode=0", more="priority = <0>;")


def debian(name="debian", args="quiet test=poweroff", vcpus=2, memory=256, more=""):
    """Debian's kernel with BusyBox; without test= in `args` it starts a shell."""
    return Vm(name, os.path.join(DEPS, "guest", "Image"), "console=ttyS0 " + args, vcpus, memory,
              os.path.join(BUILD, "guest", "initrd.gz"), more)


def pack(vms, path):
    """Packs the bundle. Returns what the packer wrote."""
    description = path + ".dts"
    with open(description, "w") as file:
        file.write("/dts-v1/;\n/ {\n%s};\n" % "".join(vm.description() for vm in vms))
    result = subprocess.run([os.path.join(BUILD, "host", "hvpack"), "-o", path, description],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.unlink(description)
    if result.returncode != 0:
        raise Failure("hvpack: " + result.stdout)
    return result.stdout


def _die_with_parent():
    _prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def qemu_command(bundle, harts=2, aia="aplic-imsic", guests=5, cpu="max", memory=1024, qemu="10",
                 options="poweroff=last-vm", icount=None, kernel=None, machine=None, bios=None,
                 append=None, extra=()):
    """
    The command line that starts QEMU. `options` are the hypervisor's, `memory` in MiB. `machine`:
    another than `virt`; `aia` and `guests` mean nothing then. `kernel`: what the firmware starts, by
    default the hypervisor; "" for nothing. `append`: the command line of another kernel. `bios`:
    the firmware, by default OpenSBI's fw_dynamic; "" for none.
    """
    if not machine:
        machine = "virt,aia=" + aia
        if aia == "aplic-imsic":
            machine += ",aia-guests=%d" % guests
    command = [os.path.join(DEPS, "bin", "qemu-" + qemu), "-M", machine, "-cpu", cpu,
               "-smp", str(harts), "-m", "%dM" % memory, "-display", "none", "-monitor", "none",
               "-serial", "stdio", "-no-reboot"]
    if bios is None:
        bios = os.path.join(DEPS, "opensbi", "fw_dynamic.bin")
    if bios:
        command += ["-bios", bios]
    if kernel is None:
        kernel = os.path.join(BUILD, "hartvisor.bin")
    if append is None:
        append = (options + " panic=poweroff").strip()
    if kernel:
        command += ["-kernel", kernel, "-append", append]
    if bundle:
        command += ["-initrd", bundle]
    if icount:
        command += ["-icount", icount]
    return command + list(extra)


class Machine:
    """A running machine. Must be closed."""

    def __init__(self, name, vms, bundle=None, **options):
        """`vms` are packed, unless `bundle` is a path ("" for none). Others: qemu_command()."""
        os.makedirs(LOGS, exist_ok=True)
        self.log_path = os.path.join(LOGS, name + ".log")
        self._bundle = None
        if bundle is None:
            bundle = self._bundle = os.path.join(LOGS, name + ".cpio")
            pack(vms, bundle)
        command = qemu_command(bundle, **options)
        self._log = open(self.log_path, "wb")
        self._log.write((" ".join(command) + "\n\n").encode())
        self._text = ""
        self._at = 0
        self._syncs = 0
        self._ended = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            data = os.read(self._process.stdout.fileno(), 65536)
            self._log.write(data)
            self._log.flush()
            with self._changed:
                self._text += data.decode("latin-1")
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return

    def pid(self):
        return self._process.pid

    def close(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        if self._bundle and os.path.exists(self._bundle):
            os.unlink(self._bundle)

    # ---- output ----

    def expect(self, pattern, timeout=TIMEOUT):
        """
        Waits for text, or for a compiled pattern, behind what was expected last. Returns the match.
        """
        if isinstance(pattern, str):
            pattern = re.compile(re.escape(pattern))
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                match = pattern.search(self._text, self._at)
                if match:
                    self._at = match.end()
                    return match
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    raise Failure("%s before %r came" % (
                        "the machine ended" if self._ended else "%d seconds passed" % timeout,
                        pattern.pattern))
                self._changed.wait(left)

    def expect_all(self, *patterns, timeout=TIMEOUT):
        """Waits for all of them, in any order."""
        start = latest = self._at
        matches = []
        for pattern in patterns:
            self._at = start
            matches.append(self.expect(pattern, timeout))
            latest = max(latest, self._at)
        self._at = latest
        return matches

    def expect_end(self, well=None, badly=0, timeout=TIMEOUT):
        """Waits for the end of the last VM and of the machine. Checks how many VMs ended how."""
        match = self.expect(SUMMARY, timeout)
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, 60 * PATIENCE):
                raise Failure("the machine goes on after the last VM has ended")
        assert int(match[2]) == badly, "%s VMs ended badly, not %d" % (match[2], badly)
        assert well is None or int(match[1]) == well, \
            "%s VMs ended well, not %d" % (match[1], well)

    def output(self):
        """All output so far."""
        with self._changed:
            return self._text

    def skip(self):
        """Further calls of expect() look only at what comes from now on."""
        with self._changed:
            self._at = len(self._text)

    # ---- input ----

    def send(self, text):
        self._process.stdin.write(text.encode("latin-1"))
        self._process.stdin.flush()

    def send_until(self, text, pattern, timeout=TIMEOUT):
        """Types text again and again until something comes. For inputs that may get lost."""
        end = time.monotonic() + timeout
        while True:
            self.send(text)
            try:
                return self.expect(pattern, 3)
            except Failure:
                if self._ended or time.monotonic() > end:
                    raise

    def key(self, name):
        """Ctrl-t and another key."""
        self.send(PREFIX + name)

    def shell(self):
        """
        Goes to the hypervisor's shell. What it wrote before is shown again then, so this waits for
        the answer to something new. What is typed too early is lost; if it was late only, all that
        was typed is answered before this returns.
        """
        first = not self._syncs
        end = time.monotonic() + TIMEOUT
        words = []
        while True:
            words.append(self._new_word())
            self.send(PREFIX + "q\x15" + words[-1] + "\r")
            try:
                answer = self.expect(re.compile('"(%s)" is no command' % "|".join(words)), 3)
                break
            except Failure:
                if self._ended or time.monotonic() > end:
                    raise
        if first:  # the key may be lost of what was typed early: the first VM takes the focus then
            self.shell()
            return
        if answer[1] != words[-1]:
            self.expect('"%s" is no command' % words[-1])
        self.expect(PROMPT)

    def _new_word(self):
        """Nothing that was typed before."""
        self._syncs += 1
        return "sync%d" % self._syncs

    def command(self, line, timeout=TIMEOUT):
        """Runs a command in the shell, which has the focus. Returns what it wrote."""
        self.skip()
        self.send(line + "\r")
        while True:
            start = self.expect(re.compile(re.escape(line) + r"\r\n"), timeout).end()
            end = self.expect(PROMPT, timeout).start()
            text = self._text[start:end]
            if not MESSAGES.fullmatch(text) or not self._shown_again(line):
                return text.replace("\r\n", "\n")

    def _shown_again(self, line):
        """
        Whether messages came while the line was typed: then it is shown once more behind them, and
        not what is typed next.
        """
        if line.startswith(ENDED_BY_KEYS):
            return True
        at = self._at
        word = self._new_word()
        self.send(word + "\r")
        self.expect('"%s" is no command' % word)
        self.expect(PROMPT)
        if not self._text.startswith(line, at):
            return False
        self._at = at
        return True

    def free_pages(self):
        """Pages of the host that nobody uses, by the shell."""
        return int(re.search(r"\((\d+) of \d+ pages\)", self.command("host mem"))[1])

    def last_beat(self, vm):
        """The number of the last beat in the console of a VM that runs `heartbeat`, or 0."""
        beats = re.findall(r"^beat (\d+) t=", self.command("vm log " + vm), re.M)
        return int(beats[-1]) if beats else 0

    def beats_go_on(self, vm, timeout=TIMEOUT):
        """Waits in the shell for two more beats of a VM."""
        last = self.last_beat(vm)
        self.look_until(lambda: self.last_beat(vm), lambda beat: beat >= last + 2, timeout)

    def gaps_ms(self, vm, first):
        """Between the beats of a VM from the one with that number on, by its own clock of 10 MHz."""
        beats = re.findall(r"^beat (\d+) t=(\d+)\s", self.command("vm log " + vm), re.M)
        times = [int(ticks) for number, ticks in beats if int(number) >= first]
        return [(after - before) / 10000 for before, after in zip(times, times[1:])]

    def boot_hart(self):
        """The id of the hart that booted, which QEMU chooses at random. Devices interrupt it."""
        return int(re.findall(r"boot hart (\d+)", self.output())[-1])

    def other_harts(self, count):
        """The ids of the harts but the one that booted, of a machine with ids below `count`."""
        return [hart for hart in range(count) if hart != self.boot_hart()]

    def wait_state(self, vm, state, timeout=TIMEOUT):
        """Waits until `vm list` shows a VM in a state; returns its reason."""
        row = re.compile(r"^ *\d+ +%s +%s .* MiB *(.*)$" % (re.escape(vm), state), re.M)
        return row.search(self.look_until(lambda: self.command("vm list"), row.search, timeout))[1]

    def look_until(self, look, condition, timeout=TIMEOUT):
        """Looks again and again until a condition of what is seen holds; returns that."""
        end = time.monotonic() + timeout
        while True:
            seen = look()
            if condition(seen):
                return seen
            if time.monotonic() > end:
                raise Failure("what was waited for did not come; seen last: %s" % (seen,))
            time.sleep(0.05)


def boot_on(boot, hart, *vms, **options):
    """Starts machines until one boots on that hart."""
    for _ in range(40):
        machine = boot(*vms, **options)
        if int(machine.expect(re.compile(r"boot hart (\d+)\s"))[1]) == hart:
            return machine
        machine.close()
    raise Failure("no machine has booted on hart %d" % hart)


def log_tail(machine, lines=60):
    """The last lines of a machine's output, for a report."""
    with open(machine.log_path, "rb") as file:
        text = file.read().decode("utf-8", "replace").replace("\r", "")
    return "\n".join(text.split("\n")[-lines:])


def have_qemu(version):
    return shutil.which(os.path.join(DEPS, "bin", "qemu-" + version)) is not None

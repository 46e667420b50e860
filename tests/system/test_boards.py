# SPDX-License-Identifier: BSD-2-Clause
"""
One image on all machines of QEMU's that have a folder in boards/: each boots a guest as `make run
BOARD=` does. Which machine has what is said by their READMEs.
"""

import glob
import os
import re
import subprocess

import pytest

from machine import BUILD, DEPS, LOGS, TIMEOUT, TREE, Vm, have_qemu, pack, payload


def facts(interrupts, console, files, image="0x80200000", *more):
    """What the hypervisor's log and its `host doctor` say; `files`: guest interrupt files."""
    return ("interrupts: %s\n" % interrupts, "console: %s\n" % console,
            "guest interrupt files: %d in use of %d " % (files, files),
            "image at %s\n" % image) + more


# board, further options, and what is found there
MACHINES = (
    ("qemu-virt", ("--aia=none",),
     facts("PLIC, IPIs by SBI", "ns16550 at /soc/serial@10000000", 0)),
    ("qemu-virt", ("--aia=aplic",),
     facts("APLIC, IPIs by SBI", "ns16550 at /soc/serial@10000000", 0)),
    ("qemu-virt", ("--aia=aplic-imsic",),
     facts("IMSIC, APLIC by MSIs, IPIs by IMSIC", "ns16550 at /soc/serial@10000000", 5)),
    # RAM begins at 0: OpenSBI has the first 2 MiB.
    ("qemu-atlantis", (),
     facts("IMSIC, APLIC by MSIs, IPIs by IMSIC", "ns16550 at /soc/serial@D4110000", 63,
           "0x200000")),
    ("qemu-kunminghu", (),
     facts("IMSIC, APLIC by MSIs, IPIs by IMSIC", "ns16550 at /soc/serial@310b0000", 3)),
    # The E51 is left out.
    ("qemu-sifive-u", (),
     facts("PLIC, IPIs by SBI", "sifive-uart at /soc/serial@10010000", 0, "0x80200000",
           "hart 0: left out: disabled in the device tree\n", "harts 1,2:\n")),
    ("qemu-spike", (),
     facts("no wired interrupts, IPIs by SBI", "the firmware's console", 0, "0x80200000",
           "no controller of devices' interrupts can be used: devices are polled\n")),
    ("qemu-boston", (),
     facts("APLIC, IPIs by SBI", "ns16550 at /soc/serial@17ffe000", 0, "0x80200000",
           "harts 0,16:\n")),
)
# Each reading of the time goes by way of the firmware: Linux finds stalls when the host is busy.
SLOW = ("qemu-spike", "qemu-boston")
TROUBLE = re.compile(r"^.*(?:WARNING:|BUG:|Oops|panic|stall|lockup).*$", re.M)
STALL = re.compile(r"rcu:.*stall|soft lockup|workqueue lockup")
NAMES = [" ".join((board,) + options) for board, options, _ in MACHINES]


def needs(board):
    with open(os.path.join(TREE, "boards", board, "board.ini")) as file:
        version = re.search(r"^version = (\d+)", file.read(), re.M)
    if version and not have_qemu(version[1]):
        pytest.skip("QEMU %s is not there" % version[1])


def run(board, *options):
    """Returns what the machine wrote; its VMs have to end well."""
    needs(board)
    options += ("--hvargs=doctor=boot",)
    os.makedirs(LOGS, exist_ok=True)
    command = [os.path.join(TREE, "tools", "run"), "--board=" + board, "--build=" + BUILD,
               "--deps=" + DEPS, "--batch", "--timeout=%d" % (2 * TIMEOUT), "--vcpus=2", *options]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace")
    assert result.returncode == 0, result.stdout[-4000:]
    return result.stdout.replace("\r\n", "\n")


def check_facts(output, expected):
    for fact in expected:
        assert fact in output, fact
    assert re.search(r"harts: (\d) of \1 online", output)


def check_basics(board, output):
    """The guest's test found nothing, or, where the time is slow, nothing but stalls."""
    if board in SLOW and "guest: test basics ended 0" not in output:
        trouble = TROUBLE.findall(output)
        assert trouble and "guest: test basics ended 1" in output
        assert all(STALL.search(line) for line in trouble), trouble
    else:
        assert "guest: test basics ended 0" in output


def test_each_machine_of_qemu_is_tested():
    found = {os.path.basename(os.path.dirname(path))
             for path in glob.glob(os.path.join(TREE, "boards", "qemu-*", "board.ini"))}
    assert found == {board for board, _, _ in MACHINES}


# The machines of qemu-virt have tests enough elsewhere.
@pytest.mark.parametrize("board, options, expected", MACHINES[3:], ids=NAMES[3:])
def test_payload_runs_on(board, options, expected):
    output = run(board, "--kernel=" + payload("hello"), "--mem=64M", *options)
    check_facts(output, expected)
    assert "payload hello: 1 passed" in output


@pytest.mark.boards
@pytest.mark.parametrize("board, options, expected", MACHINES, ids=NAMES)
def test_debian_boots_on(board, options, expected):
    output = run(board, "--mem=256M", "--append=console=ttyS0 quiet test=basics", *options)
    check_facts(output, expected)
    assert "basics: 2 cpus" in output
    check_basics(board, output)


def test_only_stalls_of_a_slow_machine_are_borne():
    stalls = "rcu: INFO: rcu_sched detected stalls\nguest: test basics ended 1\n"
    check_basics("qemu-spike", "guest: test basics ended 0\n")
    check_basics("qemu-spike", stalls)
    for board, output in (("qemu-virt", stalls), ("qemu-spike", "guest: test basics ended 1\n"),
                          ("qemu-spike", "Oops [#1]\n" + stalls), ("qemu-spike", "")):
        with pytest.raises(AssertionError):
            check_basics(board, output)


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(TREE, "boards", "*", "vms.dts"))),
                         ids=lambda path: os.path.basename(os.path.dirname(path)))
def test_description_for_a_board_can_be_packed(tmp_path, path):
    result = subprocess.run([os.path.join(BUILD, "host", "hvpack"), "-d",
                             os.path.join(BUILD, "guest"), "-d", os.path.join(DEPS, "guest"),
                             "-o", str(tmp_path / "bundle.cpio"), path],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout
    assert "warning" not in result.stdout


def test_board_that_is_none_of_qemu_is_refused():
    result = subprocess.run([os.path.join(TREE, "tools", "run"), "--board=p550"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 1
    assert "p550 is no machine of QEMU's; boards/p550/README.md says" in result.stdout


SPARSE = (0, 1, 2, 3, 0x10, 0x11, 0x12, 0x13)
HART = """	cpu@%x {
		device_type = "cpu";
		reg = <%#x>;
		compatible = "riscv";
		riscv,isa-base = "rv64i";
		riscv,isa-extensions = "i", "m", "a", "f", "d", "c", "h", "zicntr", "zicsr", "zifencei";
		mmu-type = "riscv,sv39";

		intc%x: interrupt-controller {
			compatible = "riscv,cpu-intc";
			#interrupt-cells = <1>;
			interrupt-controller;
		};
	};
"""


def interrupts(*causes):
    return ", ".join("<&intc%x %d>" % (hart, cause) for hart in SPARSE for cause in causes)


def sparse_tree(path):
    """The device tree of qemu-boston with the hart ids of UltraRISC's DP1000."""
    indexes = "riscv,hart-indexes = <%s>;" % " ".join("%d" % hart for hart in SPARSE)
    source = '/include/ "machine.dts"\n&{/cpus} {\n%s};\n' % "".join(
        HART % (hart, hart, hart) for hart in SPARSE if hart % 16)
    source += "&aplic_m { interrupts-extended = %s; %s };\n" % (interrupts(11), indexes)
    source += "&aplic_s { interrupts-extended = %s; %s };\n" % (interrupts(9), indexes)
    source += "&{/soc/clint@16150000} { interrupts-extended = %s; };\n" % interrupts(3, 7)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path,
                    "-i", os.path.join(TREE, "boards", "qemu-boston")],
                   input=source, text=True, check=True)


def test_harts_with_sparse_ids(boot, tmp_path):
    """Two cores of four threads each: ids 0 to 3 and 0x10 to 0x13, for the firmware as well."""
    needs("qemu-boston")
    tree, bundle, firmware = (str(tmp_path / name) for name in ("tree.dtb", "bundle", "firmware"))
    sparse_tree(tree)
    pack([Vm("guest", "ipi", vcpus=8)], bundle)
    subprocess.run([os.path.join(TREE, "tools", "mkboot"), "--board=qemu-boston",
                    "--build=" + BUILD, "--deps=" + DEPS, "--bundle=" + bundle, "--dtb=" + tree,
                    "--append=loglevel=info", "-o", firmware, "fw-payload"], check=True)
    machine = boot(bundle="", bios="", kernel=firmware, machine="boston-aia", qemu="11", memory=2048,
                   harts="8,cores=2,threads=4", cpu="max,sstc=off,resetvec=0x80000000",
                   extra=("-global", "xmips-cpc.vps-start-running-mask=0xff"))
    machine.expect("harts: 8 of 8 online")
    machine.expect(re.compile(r"payload ipi: [1-9]\d* passed, 0 failed"))
    machine.expect("guest: stopped")
    machine.shell()
    online = re.findall(r"^ +(\d+) online", machine.command("host harts"), re.M)
    assert tuple(int(hart) for hart in online) == SPARSE
    assert "hart number %d of the boot hart" % machine.boot_hart() in machine.command("host doctor")
    assert "Hart 4 is" not in machine.command("host hart off 4")
    other = next(hart for hart in SPARSE[4:] if hart != machine.boot_hart())
    assert "hart %d: off-line" % other in machine.command("host hart off %#x" % other)
    assert "hart %d: on-line" % other in machine.command("host hart on %#x" % other)

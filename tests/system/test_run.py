# SPDX-License-Identifier: BSD-2-Clause
"""What `make run` does without a terminal: its exit status says how the VMs ended."""

import os
import subprocess

import pytest

from machine import BUILD, DEPS, TIMEOUT, TREE, Vm, payload


def run(*options):
    """Runs tools/run. Returns its exit status and output."""
    result = subprocess.run([os.path.join(TREE, "tools", "run"), "--build", BUILD, "--deps", DEPS,
                             "--batch", "--timeout", str(int(TIMEOUT)), *options],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace")
    return result.returncode, result.stdout


def test_good_end_is_success():
    status, output = run("--kernel", payload("hello"), "--mem", "64M", "--append", "seven=7")
    assert status == 0, output
    assert 'hello from hart 0 of 2, arguments "seven=7"' in output


def test_bad_end_is_failure():
    status, output = run("--kernel", payload("ending"), "--mem", "64M", "--append", "how=1")
    assert status == 1, output
    assert "1 of 1 VMs ended badly" in output


def test_description_of_several_vms(tmp_path):
    path = tmp_path / "two.dts"
    path.write_text("/dts-v1/;\n/ {\n%s%s};\n" % (Vm("one", "hello").description(),
                                                  Vm("two", "hello", vcpus=2).description()))
    status, output = run("--vm", str(path))
    assert status == 0, output
    assert "2 well, 0 badly" in output


def test_missing_kernel_is_an_error(tmp_path):
    status, output = run("--kernel", str(tmp_path / "nothing"))
    assert status == 1
    assert "nothing: no such file" in output


def test_vm_that_never_starts_is_a_failure():
    status, output = run("--kernel", payload("hello"), "--mem", "64M", "--machine-mem", "64M")
    assert status == 1, output


# ---- boards -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, message", (
    ("", "there is no section [board]"),
    ("image = 0x80200000\n", "File contains no section headers."),
    ("[board]\nimage = 1\nimage = 2\n", "option 'image' in section 'board' already exists"),
    ("[board]\n", "[board] wants 'image'"),
    ("[board]\nimage = high\n", "image = high: it is an address"),
    ("[board]\nimage = 1\ncolour = red\n", "[board] has no key 'colour'"),
    ("[board]\nimage = 1\n[qemu]\n", "[qemu] wants 'machine'"),
    ("[board]\nimage = 1\n[qemu]\nmachine = virt\nharts = 0\n", "harts = 0: it is a positive"),
    ("[board]\nimage = 1\n[qemu]\nmachine = virt\nmemory = 2X\n", "memory = 2X: it is a size"),
    ("[board]\nimage = 1\n[qemu]\nmachine = virt\nstart = now\n", "start = now: it is one of"),
    ("[board]\nimage = 1\n[qemu]\nmachine = virt\npower-off = 1\n", "power-off = 1: it is yes"),
))
def test_board_ini_that_makes_no_sense_is_told(tmp_path, text, message):
    path = tmp_path / "board.ini"
    path.write_text(text)
    for tool, rest in (("run", ()), ("mkboot", ("--bundle=b", "-o", "o", "fit"))):
        result = subprocess.run([os.path.join(TREE, "tools", tool), "--board", str(tmp_path), *rest],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert result.returncode == 1
        assert result.stdout.startswith("%s: %s: " % (tool, path)), result.stdout
        assert message in result.stdout and result.stdout.count("\n") == 1, result.stdout


@pytest.mark.soak  # it is given a minute
def test_machine_that_does_not_power_off_is_a_failure(tmp_path):
    with open(os.path.join(TREE, "boards", "qemu-sifive-u", "board.ini")) as file:
        (tmp_path / "board.ini").write_text(file.read().replace("power-off = no\n", ""))
    status, output = run("--board", str(tmp_path), "--kernel", payload("hello"), "--mem", "64M")
    assert status == 1, output
    assert "1 well, 0 badly" in output
    assert "run: the machine did not power off" in output

# SPDX-License-Identifier: BSD-2-Clause
"""What `make run` does without a terminal: its exit status says how the VMs ended."""

import os
import subprocess

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

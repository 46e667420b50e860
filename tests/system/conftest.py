# SPDX-License-Identifier: BSD-2-Clause
"""
What all system tests share: the fixture `boot` starts machines and ends them with the test; a
failed test shows the end of their output. All of it is kept in test-logs in the build folder.
"""

import re

import pytest

from machine import Machine, have_qemu, log_tail


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: takes long; not part of make check")
    config.addinivalue_line("markers", "boards: of make check-boards")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for machine in getattr(item, "machines", ()):
            report.sections.append((machine.log_path, log_tail(machine)))


@pytest.fixture
def boot(request):
    """
    boot(vm, …, option=value, …) starts a machine; see machine.Machine. Skips the test when that
    version of QEMU, which need not be there, is not.
    """
    machines = request.node.machines = []
    name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")

    def start(*vms, **options):
        if not have_qemu(options.get("qemu", "10")):
            pytest.skip("QEMU %s is not there" % options["qemu"])
        suffix = "-%d" % len(machines) if machines else ""
        machine = Machine(name + suffix, vms, **options)
        machines.append(machine)
        return machine

    yield start
    for machine in machines:
        machine.close()

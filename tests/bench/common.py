# SPDX-License-Identifier: BSD-2-Clause
"""
What is measured alike on each platform of platforms.py and kvm.py. Each function adds to a
dictionary of figures what the platform has of them.
"""

import os
import re
import time

from counting import mark_counts, plugin

FORKS = 200  # of tests/system/programs/forkexec.c
TIMEBASE = 10000000
IDLE_SECONDS = 10  # of tests/system/guest/idle


def lines(output):
    """The figures that the payload writes."""
    return {name: int(number) for name, number in
            re.findall(r"^bench (\w+) (\d+)\r?$", output, re.M)}


def operations(platform, figures):
    for kind, output in platform.payloads(platform.kinds).items():
        for name, number in lines(output).items():
            if name.startswith("file_"):
                name = kind + name[len("file"):]
            if name not in ("boot_time", "timebase"):
                figures.setdefault(name, number)


def set_timer_no_sstc(platform, figures):
    output = platform.payloads(("vsfile",), cpu="max,sstc=off")["vsfile"]
    figures["sbi_set_timer_no_sstc"] = lines(output)["sbi_set_timer"]


def ipi_other(platform, figures):
    """By the plugin: instructions of one of two harts cannot be told from inside."""
    output = platform.payloads(("ipi",), harts=2, counting=plugin("spans=on"))["ipi"]
    figures["sbi_ipi_other"] = int(re.search(r"count: \d+ spans of (\d+)", output)[1])


def debian_boot(platform, figures, name, args):
    """From the first instruction of Debian's kernel to the first in user mode."""
    run = platform.debian(name, args, platform.plugin())
    try:
        before = platform.debian_begin(run)
        after = mark_counts(run, "USER")
    finally:
        run.close()
    firmware, hypervisor, guest = (a - b for a, b in zip(after, before))
    total = firmware + hypervisor + guest
    figures[name + "_instructions"] = total
    if platform.name == "hartvisor":
        figures[name + "_share_ppm"] = round((firmware + hypervisor) * 1e6 / total)


def debian(platform, figures):
    debian_boot(platform, figures, "debian", "quiet")
    debian_boot(platform, figures, "debian_serial", "")


def fork_exec(platform, figures):
    run = platform.debian("fork", "quiet test=forkexec")
    try:
        ticks = int(run.expect(re.compile(r"forkexec: ticks (\d+)\s"))[1])
        run.expect("forkexec: failed 0")
    finally:
        run.close()
    figures["fork_exec_instructions"] = round(ticks * 1e9 / TIMEBASE / FORKS)


def idle_counts(run):
    """Of a second in which the guests of a machine sleep: the firmware's, the hypervisor's, theirs."""
    try:
        mark_counts(run, "IDLE_END")  # to have it in the cache
        before = mark_counts(run, "IDLE")
        after = mark_counts(run, "IDLE_END")
    finally:
        run.close()
    return [round((a - b) / IDLE_SECONDS) for a, b in zip(after, before)]


def idle(platform, figures):
    firmware, hypervisor, guest = idle_counts(
        platform.debian("idle", "quiet test=idle", platform.plugin()))
    figures["idle_per_second"] = firmware + hypervisor + guest
    if platform.name == "hartvisor":
        figures["idle_share_per_second"] = firmware + hypervisor


def processor_time(run):
    """Seconds that QEMU has used."""
    with open("/proc/%d/stat" % run.pid()) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wall_once(platform):
    """Boots Debian at full speed and runs fork+exec in it."""
    found = {}
    run = platform.debian("wall", "quiet test=forkexec", icount=None)
    try:
        run.expect(platform.starts)
        begin, used = time.monotonic(), processor_time(run)
        run.expect("guest: init reached")
        found["debian_wall_ms"] = round((time.monotonic() - begin) * 1000)
        found["debian_cpu_ms"] = round((processor_time(run) - used) * 1000)
        run.expect("forkexec: begins")
        used = processor_time(run)
        ticks = int(run.expect(re.compile(r"forkexec: ticks (\d+)\s"))[1])
        found["fork_exec_cpu_us"] = round((processor_time(run) - used) * 1e6 / FORKS)
        found["fork_exec_wall_us"] = round(ticks * 1e6 / TIMEBASE / FORKS)
    finally:
        run.close()
    return found


def wall(platform, bare, figures, repeats):
    """
    The least of several runs, by turns with as many of the bare machine, so that both see the same
    load of the machine that all of this runs on.
    """
    least = {platform: {}, bare: {}}
    for _ in range(repeats):
        for each in least:
            for name, number in wall_once(each).items():
                least[each][name] = min(number, least[each].get(name, number))
    figures.update(least[platform])
    for name, of in (("debian_ratio", "debian_wall_ms"), ("fork_exec_ratio", "fork_exec_wall_us")):
        if platform is not bare:
            figures[name] = round(least[platform][of] / least[bare][of], 3)


MEASURES = (operations, set_timer_no_sstc, ipi_other, debian, fork_exec, idle)

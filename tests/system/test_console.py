# SPDX-License-Identifier: BSD-2-Clause
"""The console multiplexer and the shell, as an operator at the terminal uses them."""

import re

import pytest

from machine import PREFIX, PROMPT, Failure, Vm, debian

STAY = ""  # no poweroff=last-vm: the machine stays when its VMs have ended


def beats(name, beats=0, period=200):
    return Vm(name, "heartbeat", args="period=%d beats=%d" % (period, beats))


def test_debian_shell_takes_commands_and_powers_off(boot):
    machine = boot(debian(args="quiet", vcpus=2))
    machine.expect("guest# ")
    machine.send("nproc\r")
    assert machine.expect(re.compile(r"nproc\r+\n(\d+)\r"))[1] == "2"
    machine.expect("guest# ")
    machine.send("echo $((6 * 7)) >/tmp/x; rev /tmp/x; uname -m\r")
    machine.expect("24\r")
    machine.expect("riscv64")
    machine.expect("guest# ")
    machine.send("poweroff\r")
    machine.expect_end(well=1)


def test_first_vm_has_focus_and_keys_switch(boot):
    machine = boot(beats("alpha"), beats("beta"))
    machine.expect("--- console of VM 1, alpha (Ctrl-t ? for help) ---")
    machine.expect_all("beat 1 ", "beta: starts")
    machine.key("2")
    machine.expect("--- console of VM 2, beta")
    machine.expect("beat 1 ")
    machine.key("n")
    machine.expect("--- console of VM 1, alpha")
    machine.key("p")
    machine.expect("--- console of VM 2, beta")
    machine.key("7")
    machine.expect("--- there is no VM 7 ---")
    machine.key("q")
    machine.expect("--- shell ---")
    machine.expect(PROMPT)
    machine.key("1")
    machine.expect("--- console of VM 1, alpha")


def test_switching_replays_what_was_written(boot):
    machine = boot(beats("alpha"), Vm("beta", "hello"), options=STAY)
    machine.expect("--- console of VM 1, alpha")
    machine.expect("beta: stopped")
    machine.key("2")
    machine.expect("--- console of VM 2, beta")
    machine.expect("hello from hart 0 of 1")
    machine.expect("payload hello: 1 passed")
    machine.key("1")
    machine.expect("--- console of VM 1, alpha")
    machine.expect("beat 1 ")
    machine.expect("beat 2 ")


def test_ring_keeps_the_end_of_long_output(boot):
    machine = boot(Vm("endless", "endless", args="mode=1"), beats("long", 6000, period=1),
                   options=STAY)
    machine.expect("long: stopped")
    machine.key("2")
    machine.expect("--- console of VM 2, long")
    first = int(machine.expect(re.compile(r"\nbeat (\d+) t="))[1])
    assert first > 1, "the ring should hold 64 KiB"
    for beat in range(first + 1, 6001, 500):
        machine.expect("\nbeat %d t=" % beat)
    machine.expect("payload heartbeat: 1 passed")


def test_help_key_names_the_keys(boot):
    machine = boot(beats("alpha"))
    machine.expect("beat 1 ")
    machine.key("?")
    machine.expect("Ctrl-t and then:")
    machine.expect("the shell")
    machine.expect("Ctrl-t  Ctrl-t itself")


def test_prefix_twice_types_it(boot):
    machine = boot(debian(args="quiet"))
    machine.expect("guest# ")
    machine.send("od -An -tx1 -N2\r")
    machine.expect("N2\r")
    machine.send("x")
    machine.key(PREFIX)
    machine.send("\r\r\r")
    machine.expect("78 14")


def test_shell_commands(boot):
    machine = boot(beats("alpha"), Vm("beta", "endless", args="mode=1", vcpus=2), options=STAY)
    machine.expect_all("beat 1 ", "beta: starts")
    machine.shell()
    text = machine.command("help")
    for command in ("vm list", "vm show <vm>", "vm console <vm>", "vm pause <vm>", "vm resume <vm>",
                    "vm reset <vm>", "vm destroy <vm>", "vcpu list", "host info"):
        assert command in text
    text = machine.command("vm list")
    assert re.search(r" 1 alpha +running +1 +64 MiB", text)
    assert re.search(r" 2 beta +running +2 +64 MiB", text)
    text = machine.command("vm show beta")
    assert "VM 2 beta: running" in text
    assert "vCPUs: 2" in text
    assert "G-stage Sv39x4" in text
    # The guest starts its second hart.
    text = machine.look_until(lambda: machine.command("vcpu list"),
                              lambda text: len(re.findall(r"^ +2 +[01] started", text, re.M)) == 2)
    assert len(re.findall(r"^ +1 +0 started", text, re.M)) == 1
    text = machine.command("host info")
    assert "Hartvisor" in text
    assert "OpenSBI" in text
    assert "hart 1: online" in text
    assert "memory: 1023 MiB" in text
    assert "no command" in machine.command("nonsense")
    assert 'There is no VM "gamma"' in machine.command("vm show gamma")
    assert "Usage: vm show <vm>" in machine.command("vm show")


def test_shell_changes_states(boot):
    machine = boot(beats("alpha"), options=STAY)
    machine.expect("beat 1 ")
    machine.shell()
    assert "not possible" in machine.command("vm resume alpha")
    machine.command("vm pause alpha")
    assert machine.wait_state("alpha", "paused") == "by the operator"
    assert "not possible" in machine.command("vm pause alpha")
    machine.command("vm resume alpha")
    machine.wait_state("alpha", "running")
    machine.command("vm reset alpha")
    machine.wait_state("alpha", "running")
    assert "resets: 1," in machine.command("vm show alpha")
    machine.command("vm destroy alpha")
    assert "alpha" not in machine.command("vm list")
    machine.command("vm create alpha")
    machine.wait_state("alpha", "running")
    machine.send("vm console alpha\r")
    machine.expect("--- console of VM 1, alpha")
    machine.expect("beat 1 ")


def test_shell_survives_garbage(boot):
    machine = boot(beats("alpha"), options=STAY)
    machine.expect("beat 1 ")
    machine.shell()
    garbage = "".join(chr(1 + (i * 37) % 255) for i in range(4000))
    machine.send(garbage.replace(PREFIX, "").replace("\r", "x").replace("\n", "y"))
    machine.send("z" * 5000 + "\r")
    machine.shell()
    assert "Too many words" in machine.command(" ".join("abcdefghijkl"))
    assert "alpha" in machine.command("vm list")


def test_guest_survives_garbage_on_its_console(boot):
    machine = boot(debian(args="quiet"))
    machine.expect("guest# ")
    machine.send("sed /^end$/q >/dev/null\r")
    machine.expect("/dev/null\r")
    for _ in range(100):
        machine.send("x" * 200 + "\r")
    machine.send_until("\rend\r", "guest# ")
    machine.send("echo 4$((1 + 1))\r")
    machine.expect("\n42")


def test_lines_of_all_consoles_are_shown_on_request(boot):
    machine = boot(beats("alpha"), beats("beta", 3), options="poweroff=last-vm console.show=all")
    machine.expect("beta| beat 1 ")
    machine.expect("beta| payload heartbeat: 1 passed")


def test_another_prefix_can_be_chosen(boot):
    machine = boot(beats("alpha"), options="console.escape=^y")
    machine.expect("(Ctrl-y ? for help)")
    machine.send("\x19q")
    machine.expect("--- shell ---")


def test_keys_go_to_the_shell_when_nobody_has_the_focus(boot):
    machine = boot(bundle="", options=STAY)
    machine.expect("there is none")
    machine.send_until("\r", PROMPT)  # the shell may begin later
    machine.send("host poweroff\r")
    machine.expect("the operator powers the machine off")
    with pytest.raises(Failure, match="the machine ended"):
        machine.expect("never written")

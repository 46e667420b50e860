# SPDX-License-Identifier: BSD-2-Clause
"""The ways in: how firmware and boot loaders start the hypervisor and hand it its bundle."""

import os
import re
import shutil
import subprocess

import pytest

from machine import BUILD, DEPS, TREE, Failure, Vm, debian, pack, payload
from uboot import UBOOT, UBoot, needs_uboot

IMAGE = os.path.join(BUILD, "hartvisor.bin")
OPTIONS = "poweroff=last-vm panic=poweroff"
# Where tests put files into the machine's memory, above what boot loaders use.
IMAGE_AT, BUNDLE_AT = 0x88000000, 0x8a000000

needs_mkimage = pytest.mark.skipif(not shutil.which("mkimage"), reason="there is no mkimage")
needs_mtools = pytest.mark.skipif(not shutil.which("mformat"), reason="there are no mtools")


def hello():
    return Vm("guest", "hello", vcpus=2)


def runs(machine):
    machine.expect("payload hello: 1 passed")
    machine.expect_end(well=1)


def loaded(path, address):
    """QEMU options that put a file into memory."""
    return ["-device", "loader,file=%s,addr=%#x,force-raw=on" % (path, address)]


@pytest.fixture
def bundle(tmp_path):
    path = str(tmp_path / "bundle.cpio")
    pack([hello()], path)
    return path


def mkboot(tmp_path, kind, bundle, *options, board="qemu-virt"):
    """Returns the path of the file that tools/mkboot has made."""
    path = str(tmp_path / kind)
    result = subprocess.run([os.path.join(TREE, "tools", "mkboot"), "--board=" + board,
                             "--build=" + BUILD, "--deps=" + DEPS, "--bundle=" + bundle,
                             "-o", path, *options, kind],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise Failure(result.stdout)
    return path


# ---- firmware -----------------------------------------------------------------------------------


def test_fw_jump_with_the_bundle_attached_to_the_image(boot, tmp_path, bundle):
    path = mkboot(tmp_path, "attached", bundle)
    runs(boot(bundle="", kernel=path, bios=os.path.join(DEPS, "opensbi", "fw_jump.bin")))


def test_fw_jump_with_an_initrd(boot):
    runs(boot(hello(), bios=os.path.join(DEPS, "opensbi", "fw_jump.bin")))


@pytest.mark.parametrize("aia", ("none", "aplic-imsic"))
def test_fw_payload_is_all_in_one_file(boot, tmp_path, bundle, aia):
    # Nobody gives the hypervisor a command line, so it does not power off.
    machine = boot(bundle="", kernel="", bios=mkboot(tmp_path, "fw-payload", bundle), harts=4,
                   aia=aia)
    machine.expect("harts: 4 of 4 online")
    machine.expect_all("payload hello: 1 passed", "guest: stopped: guest shut down")


def tree_of_half_a_gibibyte(tmp_path, aia):
    """QEMU's device tree of a machine with less memory than tests have, which tells them apart."""
    dtb = str(tmp_path / "virt.dtb")
    subprocess.run([os.path.join(DEPS, "bin", "qemu-10"), "-M",
                    "virt,aia=%s,dumpdtb=%s" % (aia, dtb), "-cpu", "max", "-smp", "2", "-m", "512M",
                    "-display", "none"], check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT)
    return dtb


def test_fw_payload_with_a_device_tree_and_a_command_line(boot, tmp_path, bundle):
    dtb = tree_of_half_a_gibibyte(tmp_path, "aplic")
    path = mkboot(tmp_path, "fw-payload", bundle, "--dtb=" + dtb, "--append=" + OPTIONS)
    # The machine's own device tree says 1 GiB.
    machine = boot(bundle="", kernel="", bios=path, aia="aplic")
    machine.expect(re.compile(r"memory: 5\d\d MiB, image at 0x80200000"))
    runs(machine)


def test_attached_bundle_that_cannot_be_is_told(boot, tmp_path, bundle):
    with open(mkboot(tmp_path, "attached", bundle), "rb") as file:
        image = bytearray(file.read())
    image[72:80] = (0x7000000000).to_bytes(8, "little")
    path = tmp_path / "broken"
    path.write_bytes(image)
    machine = boot(bundle="", kernel=str(path))
    machine.expect(re.compile(r"bundle: attached to the image: 0x70\w+ to 0x70\w+ does not lie in "
                              r"RAM"))
    machine.expect("bundle: there is none")


def test_mkboot_refuses_what_is_no_image(tmp_path, bundle):
    with pytest.raises(Failure, match="the image is not Hartvisor's"):
        mkboot(tmp_path, "attached", bundle, "--image=" + payload("hello"))
    path = mkboot(tmp_path, "attached", bundle)
    with pytest.raises(Failure, match="the image has a bundle already"):
        mkboot(tmp_path, "fw-payload", bundle, "--image=" + path)
    with pytest.raises(Failure, match="no board 'nothing'; there are: .*qemu-virt"):
        mkboot(tmp_path, "attached", bundle, board="nothing")


def test_mkboot_refuses_what_has_no_place(tmp_path, bundle):
    for kind, option, name in (("attached", "--append=x", "HVARGS"), ("attached", "--dtb=x", "DTB"),
                               ("attached", "--key=k/k", "KEY"), ("fw-payload", "--key=k/k", "KEY")):
        message = r"mkboot: %s \(%s=\) has no place in %s\n" % (option.split("=")[0], name, kind)
        with pytest.raises(Failure, match=message):
            mkboot(tmp_path, kind, bundle, option)
    with pytest.raises(Failure, match="^mkboot: .*/nowhere/fw-payload: No such file or directory\n$"):
        mkboot(tmp_path / "nowhere", "fw-payload", bundle)


@needs_mkimage
def test_names_of_files_in_a_fit_may_be_odd(tmp_path, bundle):
    odd = tmp_path / 'a "b" \\c'
    odd.mkdir()
    shutil.copy(bundle, odd / "x.cpio")
    mkboot(odd, "fit", str(odd / "x.cpio"))


# ---- U-Boot -------------------------------------------------------------------------------------


def uboot_with(boot, *extra):
    """U-Boot in S-mode on a machine with files in its memory or on a disk."""
    return UBoot(boot(bundle="", kernel=UBOOT, extra=extra), OPTIONS)


@needs_uboot
def test_uboot_booti(boot, bundle):
    uboot = uboot_with(boot, *loaded(IMAGE, IMAGE_AT), *loaded(bundle, BUNDLE_AT))
    machine = uboot.start("booti %#x %#x:%x $fdt_addr_r" % (IMAGE_AT, BUNDLE_AT,
                                                               os.path.getsize(bundle)))
    machine.expect("image at 0x80200000")
    runs(machine)


@needs_uboot
def test_uboot_booti_with_the_bundle_in_chosen(boot, bundle):
    uboot = uboot_with(boot, *loaded(IMAGE, IMAGE_AT), *loaded(bundle, BUNDLE_AT))
    uboot.command("fdt set /chosen hartvisor,bundle <0 %#x 0 %#x>" % (BUNDLE_AT,
                                                                     os.path.getsize(bundle)))
    runs(uboot.start("booti %#x - $fdt_addr_r" % IMAGE_AT))


@needs_uboot
@needs_mkimage
def test_uboot_bootm_of_a_fit(boot, tmp_path, bundle):
    """Without a device tree in the FIT: U-Boot's own is used."""
    uboot = uboot_with(boot, *loaded(mkboot(tmp_path, "fit", bundle), IMAGE_AT))
    machine = uboot.start("bootm %#x %#x $fdt_addr_r" % (IMAGE_AT, IMAGE_AT))
    assert machine.output().count("sha256+ OK") == 2
    runs(machine)


@needs_uboot
@needs_mkimage
def test_uboot_bootm_of_a_fit_with_a_device_tree(boot, tmp_path, bundle):
    """All comes from the FIT: also the command line."""
    dtb = tree_of_half_a_gibibyte(tmp_path, "aplic")
    path = mkboot(tmp_path, "fit", bundle, "--dtb=" + dtb, "--append=" + OPTIONS)
    machine = boot(bundle="", kernel=UBOOT, extra=loaded(path, IMAGE_AT), aia="aplic")
    machine = UBoot(machine).start("bootm %#x" % IMAGE_AT)
    assert machine.output().count("sha256+ OK") == 3
    machine.expect(re.compile(r"memory: 5\d\d MiB, image at 0x80200000"))
    runs(machine)


@needs_mkimage
@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl")
def test_fit_can_be_signed(tmp_path, bundle):
    key = str(tmp_path / "board")
    subprocess.run(["openssl", "req", "-batch", "-new", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=board", "-keyout", key + ".key", "-out", key + ".crt"], check=True,
                   stderr=subprocess.DEVNULL)
    listing = subprocess.run(["mkimage", "-l", mkboot(tmp_path, "fit", bundle, "--key=" + key)],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    assert "Sign algo:    sha256,rsa2048:board" in listing
    assert re.search(r"Sign value: +[0-9a-f]{512}\b", listing)
    with pytest.raises(Failure, match="not-there.key: No such file"):
        mkboot(tmp_path, "fit", bundle, "--key=" + key + "-that-is-not-there")


@needs_uboot
def test_bundle_may_lie_at_any_multiple_of_4(boot, bundle):
    uboot = uboot_with(boot, *loaded(IMAGE, IMAGE_AT), *loaded(bundle, BUNDLE_AT + 4))
    runs(uboot.start("booti %#x %#x:%x $fdt_addr_r" % (IMAGE_AT, BUNDLE_AT + 4,
                                                           os.path.getsize(bundle))))


@needs_uboot
@needs_mtools
def test_uboot_extlinux(boot, tmp_path, bundle):
    """The disk is what U-Boot looks for by itself; nobody types anything."""
    disk = str(tmp_path / "disk")
    conf = str(tmp_path / "extlinux.conf")
    with open(os.path.join(TREE, "boards", "extlinux.conf")) as file:
        text = file.read()
    with open(conf, "w") as file:
        file.write(re.sub(r"(?m)^(\s*append) .*", r"\1 " + OPTIONS, text))
    for command in (["mformat", "-i", disk, "-C", "-v", "HARTVISOR", "-T", "32768", "::"],
                    ["mmd", "-i", disk, "::extlinux"],
                    ["mcopy", "-i", disk, conf, "::extlinux/extlinux.conf"],
                    ["mcopy", "-i", disk, IMAGE, "::hartvisor.bin"],
                    ["mcopy", "-i", disk, bundle, "::bundle.cpio"]):
        subprocess.run(command, check=True)
    machine = boot(bundle="", kernel=UBOOT, extra=(
        "-drive", "if=none,id=disk,format=raw,file=" + disk, "-device",
        "virtio-blk-device,drive=disk"))
    machine.expect("Retrieving file: /hartvisor.bin")
    runs(machine)


@needs_uboot
@needs_mkimage
@pytest.mark.soak
def test_uboot_starts_debian(boot, tmp_path):
    """A bundle of many MiB, which U-Boot has in memory that it reserves in the device tree."""
    path = str(tmp_path / "bundle.cpio")
    pack([debian(args="test=basics")], path)
    uboot = uboot_with(boot, *loaded(mkboot(tmp_path, "fit", path), IMAGE_AT))
    machine = uboot.start("bootm %#x %#x $fdt_addr_r" % (IMAGE_AT, IMAGE_AT))
    machine.expect("guest: test basics ended 0")
    machine.expect_end(well=1)

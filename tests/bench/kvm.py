# SPDX-License-Identifier: BSD-2-Clause
"""
Linux KVM as a platform: Debian's kernel on the bare machine, its module kvm, and the VMM of vmm/,
which runs the same payload and the same Debian. See platforms.py for the methods.
"""

import importlib.machinery
import importlib.util
import os
import re
import stat

from counting import HERE, machine, mark_counts, plugin
from machine import BUILD, DEPS, LOGS, payload
from platforms import DEBIAN_ARGS, ICOUNT, RUNS


def _mkinitrd():
    """tools/mkinitrd as a module."""
    path = os.path.join(HERE, "..", "..", "tools", "mkinitrd")
    loader = importlib.machinery.SourceFileLoader("mkinitrd", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mkinitrd", loader))
    loader.exec_module(module)
    return module


def guest_file(name):
    return os.path.join(BUILD, "guest", name)


class Kvm:
    name = "kvm"
    kinds = ("swfile", "switch", "vsfile")
    starts = re.compile("vmm: the guest begins")

    def payloads(self, kinds, harts=1, cpu="max", counting=()):
        script = ""
        for kind in kinds:
            args, vcpus, files = RUNS[kind]
            script += "echo run %s\n/host/vmm kernel=/host/bench.bin vcpus=%d files=%s -- %s\n" % (
                kind, vcpus, files, args)
        run = self._host("operations-" + kinds[-1], script, harts=harts, cpu=cpu, extra=counting,
                         icount=ICOUNT)
        outputs = {}
        try:
            for kind in kinds:
                begin = run.expect("run %s\r" % kind).end()
                run.expect(re.compile(r"payload bench: \d+ passed, 0 failed"))
                end = run.expect("vmm: the guest ended").end()
                outputs[kind] = run.output()[begin:end]
        finally:
            run.close()
        return outputs

    def plugin(self):
        return plugin()

    def debian(self, kind, args, counting=(), icount=ICOUNT, pages="huge"):
        """With huge pages that the host has set aside, which is the best that Linux 6.12 can do."""
        script = "echo 160 >/proc/sys/vm/nr_hugepages\n"
        script += "/host/vmm kernel=/host/Image initrd=/host/initrd.gz pages=%s -- console=ttyS0 %s\n" % (
            pages, DEBIAN_ARGS + args)
        return self._host("debian-" + kind, script, extra=counting, icount=icount)

    def debian_begin(self, run):
        """When the VMM is about to enter its guest."""
        return mark_counts(run, "ENTRY")

    def small_pages(self, figures):
        """What a VMM gets that does not ask for them."""
        run = self.debian("small", "quiet", self.plugin(), pages="any")
        try:
            before, after = self.debian_begin(run), mark_counts(run, "USER")
        finally:
            run.close()
        figures["debian_small_pages_instructions"] = sum(after) - sum(before)

    def _host(self, kind, script, **options):
        """Debian's kernel as the host, with a script that its first shell runs."""
        initrd = os.path.join(LOGS, "bench-kvm-%s.cpio" % kind)
        self._initrd(initrd, script)
        return machine("kvm-" + kind, bundle=initrd, kernel=os.path.join(DEPS, "guest", "Image"),
                       append="console=ttyS0 quiet cryptomgr.notests=1 test=host", **options)

    @staticmethod
    def _initrd(path, script):
        """A guest's, and a second archive behind it."""
        mkinitrd = _mkinitrd()
        archive = mkinitrd.Archive()
        archive.add("host", stat.S_IFDIR | 0o755)
        for name, source in (("kvm.ko", os.path.join(DEPS, "guest", "kvm.ko")),
                             ("Image", os.path.join(DEPS, "guest", "Image")),
                             ("initrd.gz", guest_file("initrd.gz")), ("vmm", guest_file("vmm")),
                             ("bench.bin", payload("bench"))):
            archive.add("host/" + name, stat.S_IFREG | 0o755, mkinitrd.read(source))
        text = "insmod /host/kvm.ko\n" + script
        archive.add("tests/host", stat.S_IFREG | 0o755, text.encode())
        os.makedirs(LOGS, exist_ok=True)
        with open(path, "wb") as file:
            base = mkinitrd.read(guest_file("initrd.gz"))
            file.write(base + b"\0" * (-len(base) % 512))
            file.write(archive.finish())

# SPDX-License-Identifier: BSD-2-Clause
"""The figures of the flat JSON files: names, units, aims and what they are."""

from collections import namedtuple

Figure = namedtuple("Figure", "name unit aim what")

INSTRUCTIONS = "instructions"

# Those that only KVM has.
KVM_FIGURES = ("debian_small_pages_instructions",)

FIGURES = tuple(Figure(*row) for row in (
    ("sbi_null", INSTRUCTIONS, 45, "SBI call that does nothing"),
    ("sbi_set_timer", INSTRUCTIONS, None, "SBI set_timer, Sstc"),
    ("sbi_set_timer_no_sstc", INSTRUCTIONS, 80, "SBI set_timer, no Sstc"),
    ("fwft_get", INSTRUCTIONS, 90, "SBI FWFT get"),
    ("hsm_status", INSTRUCTIONS, 90, "SBI HSM status of the caller"),
    ("sbi_ipi_self", INSTRUCTIONS, 120, "SBI IPI to the caller, until it was taken"),
    ("sbi_ipi_other", INSTRUCTIONS, 250, "SBI IPI to a running vCPU, on the caller's hart"),
    ("sbi_rfence_self", INSTRUCTIONS, 120, "SBI remote SFENCE.VMA of one page, to the caller"),
    ("wfi_pending", INSTRUCTIONS, 90, "WFI while an interrupt is pending"),
    ("swfile_stopei", INSTRUCTIONS, 110, "stopei on the software interrupt file"),
    ("swfile_sireg", INSTRUCTIONS, 110, "enabling an identity of it: write of siselect, csrs of sireg"),
    ("swfile_msi_claim", INSTRUCTIONS, 330, "store of an MSI and its claim"),
    ("swfile_ipi_self", INSTRUCTIONS, 330, "MSI to itself, to the handler and back"),
    ("vsfile_stopei", INSTRUCTIONS, None, "stopei on a guest interrupt file of the hart"),
    ("vsfile_sireg", INSTRUCTIONS, None, "enabling an identity there"),
    ("vsfile_msi_claim", INSTRUCTIONS, None, "store of an MSI and its claim there"),
    ("vsfile_ipi_self", INSTRUCTIONS, 18, "MSI to itself, to the handler and back, there"),
    ("file_steal", INSTRUCTIONS, None, "taking a file from one vCPU for another, but for the calls of harts"),
    ("file_handover", INSTRUCTIONS, None, "the same, from one hart to another"),
    ("aplic_read", INSTRUCTIONS, 180, "load from the APLIC"),
    ("aplic_write", INSTRUCTIONS, 220, "store to a target register of the APLIC"),
    ("uart_read", INSTRUCTIONS, 220, "load from the UART"),
    ("uart_write", INSTRUCTIONS, 220, "store to the UART's scratch register"),
    ("vcpu_switch", INSTRUCTIONS, 750, "IPI, WFI and switch between two vCPUs of a hart"),
    ("vcpu_switch_fpv", INSTRUCTIONS, None, "the same, FP and vector registers dirty"),
    ("world_switch", INSTRUCTIONS, 400, "of it from one's registers saved to the other's entry"),
    ("dirty_fault", INSTRUCTIONS, 500, "first store to a page of 4 KiB whose writes are logged"),
    ("dirty_split", INSTRUCTIONS, None, "the same, and its leaf of 2 MiB has to be split"),
    ("first_touch", INSTRUCTIONS, None, "first store to a page of RAM"),
    ("save_gib_millions", "million instructions", None, "saving 1 GiB that was written"),
    ("restore_gib_millions", "million instructions", None, "checking and restoring it"),
    ("boot_to_guest", INSTRUCTIONS, 3000000, "the hypervisor's first to the guest's first"),
    ("debian_instructions", INSTRUCTIONS, None, "a boot of Debian to user mode, all that runs"),
    ("debian_share_ppm", "ppm", 2000, "of it not the guest's"),
    ("debian_serial_instructions", INSTRUCTIONS, None, "the same with all messages on the UART"),
    ("debian_serial_share_ppm", "ppm", None, "of it not the guest's"),
    ("debian_small_pages_instructions", INSTRUCTIONS, None, "the first on pages of 4 KiB"),
    ("fork_exec_instructions", INSTRUCTIONS, None, "a process of Debian from fork to its end"),
    ("idle_per_second", INSTRUCTIONS, None, "a second in which Debian sleeps, all that runs"),
    ("idle_share_per_second", INSTRUCTIONS, 20000, "of it not the guest's"),
    ("idle_three_share_per_second", INSTRUCTIONS, 20000, "the same of three that sleep on a hart"),
    ("debian_wall_ms", "ms", None, "boot of Debian to its init, least of several"),
    ("debian_cpu_ms", "ms", None, "QEMU's processor time for it"),
    ("fork_exec_wall_us", "us", None, "fork+exec in Debian, the guest's clock, least of several"),
    ("fork_exec_cpu_us", "us", None, "QEMU's processor time for it"),
    ("debian_ratio", "times bare", 1.4, "debian_wall_ms"),
    ("fork_exec_ratio", "times bare", 2.5, "fork_exec_wall_us"),
    ("text_bytes", "bytes", 200000, "the hypervisor's code"),
    ("tables_1g_bytes", "bytes", 32 << 10, "G-stage tables of a VM with 1 GiB"),
    ("ram_held_bytes", "bytes", 2 << 20, "memory held beside a guest's own"),
))


def table(figures):
    """Prints those that there are, in the order of FIGURES."""
    print("%-28s %14s %-20s %9s  %s" % ("name", "figure", "unit", "aim", "what"))
    for name, unit, aim, what in FIGURES:
        if name in figures:
            aim = "" if aim is None else aim
            print("%-28s %14s %-20s %9s  %s" % (name, figures[name], unit, aim, what))

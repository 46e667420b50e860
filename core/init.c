/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot story. The boot hart does everything up to the scheduler; the others are started
 * one after the other and join it there.
 */
#include <arch/boot.h>
#include <arch/firmware.h>
#include <arch/irqflags.h>
#include <arch/isa.h>
#include <arch/mmu.h>
#include <arch/sbi.h>
#include <arch/thread.h>
#include <arch/vmid.h>
#include <core/alloc.h>
#include <core/boot_phases.h>
#include <core/check.h>
#include <core/console.h>
#include <core/crash.h>
#include <core/doctor.h>
#include <core/finding.h>
#include <core/hart_power.h>
#include <core/hostdt.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/save_area.h>
#include <core/sched.h>
#include <core/timer.h>
#include <core/version.h>
#include <core/vm.h>
#include <drivers/irqchip.h>
#include <drivers/reset.h>
#include <drivers/rtc.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Nothing can go on: says why, with all that is known. */
static _Noreturn void __attribute__((format(printf, 1, 2))) boot_fail(const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_error("%s", text);
	doctor_log();
	arch_irq_disable();
	for (;;)
		arch_wait();
}

/*
 * This hart has no H: another one that has it boots in its place, from the beginning, if there is
 * one. The count is initialised data, which is kept then.
 */
static _Noreturn void boot_elsewhere(uint64_t hart_id, uint64_t fdt)
{
	static unsigned int tried __attribute__((section(".data.tried")));
	uint64_t id;

	while (hart_find_other(hart_id, &tried, &id) == 0) {
		long error;

		log_warn("hart %" PRIu64 ": it has no hypervisor extension (H): hart %" PRIu64
			 " boots in its place",
			 hart_id, id);
		error = arch_boot_again(id, fdt, hart_id);
		log_warn("hart %" PRIu64 ": %s (error %ld)", id,
			 error ? "the firmware does not let it boot"
			       : "it did not come within ten seconds",
			 error);
	}
	boot_fail("hart %" PRIu64 ": it has no hypervisor extension (H): nothing can run here",
		  hart_id);
}

static void memory_init(void)
{
	const char *problem = mmu_init();

	if (problem)
		boot_fail("%s: nothing can run here", problem);
	if (option_get("memory.clear"))
		page_clean_all();
	save_area_init();
	log_info("memory: %" PRIu64 " MiB, image at 0x%" PRIx64, page_total() >> 8, mmu_image_base);
}

static void harts_init(void)
{
	int error = harts_find();

	if (error)
		boot_fail("hart %" PRIu64 " boots, but %s: nothing can run here", boot_hart->id,
			  error == -ENOMEM ? "memory is out" : "/cpus does not have it");
}

static void harts_start(void)
{
	unsigned int online = 1;

	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i] != boot_hart)
			online += hart_start(harts[i]);
	log_info("harts: %u of %u online", online, hart_count);
}

static void timebase_find(void)
{
	uint64_t id;
	int cpus = hostdt_path("/cpus");
	uint32_t frequency = cpus < 0 ? 0 : hostdt_u32(cpus, "timebase-frequency", 0);

	if (!frequency) /* old trees have it there */
		frequency = hostdt_u32(hostdt_cpu_next(-1, &id), "timebase-frequency", 0);
	if (frequency)
		timebase = frequency;
	else
		finding_add(FINDING_LESS, "timer", "/cpus has no timebase-frequency: 10 MHz taken");
}

_Noreturn void init(uint64_t hart_id, uint64_t fdt, uint64_t begin)
{
	uint64_t offset = fdt & (MIB(2) - 1);
	const char *problem;

	boot_hart = &boot_hart_area;
	hart_insert(boot_hart, hart_id);
	boot_phases_begin(begin);
	boot_phase_end("tables");
	firmware_init();
	log_info("Hartvisor %s, boot hart %" PRIu64, VERSION, hart_id);
	if (hostdt_init((const void *)(VA_BOOT_FDT + offset), BOOT_FDT_ROOM - offset))
		boot_fail("device tree at 0x%" PRIx64 ": none, or broken: nothing can run here",
			  fdt);
	options_init(hostdt_bootargs());
	firmware_hide(hart_id);
	if (!arch_has_hypervisor() || option_hides("h", hart_id))
		boot_elsewhere(hart_id, fdt);
	boot_phase_end("firmware");
	timebase_find();
	memory_init();
	harts_init();
	boot_phase_end("memory");
	irqchip_init();
	log_info("interrupts: %s", irqchip_describe());
	boot_hart->state = HART_STARTING;
	problem = arch_hart_init(boot_hart);
	if (problem)
		boot_fail("hart %" PRIu64 ": %s: nothing can run here", hart_id, problem);
	CHECK(hart_arrive());
	console_init();
	rtc_init();
	reset_init();
	boot_phase_end("devices");
	harts_start();
	boot_phase_end("harts");
	doctor_boot();
	sbi_init();
	console_start();
	shell_start();
	page_clean_start();
	vm_manager_start();
	crash_start();
	arch_stack_reset(hart_loop);
}

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
#include <core/check.h>
#include <core/console.h>
#include <core/crash.h>
#include <core/hart_power.h>
#include <core/hostdt.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/timer.h>
#include <core/version.h>
#include <core/vm.h>
#include <drivers/irqchip.h>
#include <drivers/rtc.h>
#include <inttypes.h>

/* Nothing can go on: says why, as often as a reader needs. */
static _Noreturn void boot_stop(void)
{
	arch_irq_disable();
	for (;;)
		arch_wait();
}

static struct hart *hart_new(uint64_t id)
{
	struct hart *hart = hart_count == 0 ? &boot_hart_area : alloc_zero(sizeof(*hart));

	if (!hart)
		return NULL;
	hart->index = hart_count;
	hart->id = id;
	harts[hart_count++] = hart;
	return hart;
}

/* What each hart needs besides its struct. False when memory is out. */
static bool hart_prepare(struct hart *hart, int node)
{
	isa_parse_cpu(host_fdt, node, &hart->arch.isa);
	hart->arch.cbom_block = hostdt_u32(node, "riscv,cbom-block-size", 0);
	hart->arch.cboz_block = hostdt_u32(node, "riscv,cboz-block-size", 0);
	hart->arch.cbop_block = hostdt_u32(node, "riscv,cbop-block-size", 0);
	hart->arch.mmu_type = hostdt_string(node, "mmu-type", 0);
	hart->stack_top = mmu_stack_create();
	return hart->stack_top && !sched_hart_init(hart) && !timer_hart_init(hart);
}

/* All harts of the device tree get a struct, the boot hart the first; some are left out. */
static void harts_find(void)
{
	uint64_t most = MIN(option_number("harts", MAX_HARTS), (uint64_t)MAX_HARTS);
	uint64_t id;

	for (int node = hostdt_cpu_next(-1, &id); node >= 0; node = hostdt_cpu_next(node, &id)) {
		struct hart *hart;

		if (id == harts[0]->id) {
			CHECK(hart_prepare(harts[0], node));
			continue;
		}
		if (hart_count >= most) {
			log_warn("hart %" PRIu64 ": left out: more than %" PRIu64 " harts", id,
				 most);
			continue;
		}
		if (!hostdt_enabled(node) || !hostdt_string(node, "mmu-type", 0)) {
			log_warn("hart %" PRIu64 ": left out: disabled or without an MMU", id);
			continue;
		}
		hart = hart_new(id);
		CHECK(hart && hart_prepare(hart, node));
	}
	if (!harts[0]->stack_top) {
		log_error("hart %" PRIu64 " boots, but /cpus does not have it", harts[0]->id);
		boot_stop();
	}
}

static unsigned int harts_start(void)
{
	unsigned int online = 1;

	for (unsigned int i = 1; i < hart_count; i++)
		online += hart_start(harts[i]);
	return online;
}

static void timebase_find(void)
{
	int cpus = hostdt_path("/cpus");
	uint32_t frequency = cpus < 0 ? 0 : hostdt_u32(cpus, "timebase-frequency", 0);

	if (frequency)
		timebase = frequency;
	else
		log_warn("/cpus has no timebase-frequency: 10 MHz taken");
}

_Noreturn void init(uint64_t hart_id, uint64_t fdt)
{
	uint64_t offset = fdt & (MIB(2) - 1);
	const char *problem;
	unsigned int online;

	hart_new(hart_id);
	firmware_init();
	log_info("Hartvisor %s, boot hart %" PRIu64, VERSION, hart_id);
	if (!arch_has_hypervisor()) {
		log_error("hart %" PRIu64 " has no hypervisor extension (H): nothing can run here",
			  hart_id);
		boot_stop();
	}
	if (hostdt_init((const void *)(VA_BOOT_FDT + offset), BOOT_FDT_ROOM - offset)) {
		log_error("device tree at 0x%" PRIx64 ": none, or broken: nothing can run here",
			  fdt);
		boot_stop();
	}
	mmu_init();
	options_init(hostdt_bootargs());
	if (option_get("memory.clear"))
		page_clean_all();
	timebase_find();
	log_info("memory: %" PRIu64 " MiB, image at 0x%" PRIx64, page_total() >> 8, mmu_image_base);
	harts_find();
	irqchip_init();
	log_info("interrupts: %s", irqchip_describe());
	harts[0]->state = HART_STARTING;
	problem = arch_hart_init(harts[0]);
	if (problem) {
		log_error("hart %" PRIu64 ": %s: nothing can run here", hart_id, problem);
		boot_stop();
	}
	CHECK(hart_arrive());
	console_init();
	rtc_init();
	online = harts_start();
	log_info("harts: %u of %u online", online, hart_count);
	sbi_init();
	console_start();
	shell_start();
	page_clean_start();
	vm_manager_start();
	crash_start();
	arch_stack_reset(hart_loop);
}

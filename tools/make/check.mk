# SPDX-License-Identifier: BSD-2-Clause
#
# Running and testing. tools/check runs the parts of `make check` and counts.

# An option of tools/run, when the variable is set: $(call option,--kernel,$(KERNEL))
quoted = '$(subst ','\'',$(1))'
option = $(if $(2),$(1)=$(call quoted,$(2)))

RUN := tools/run --board=$(BOARD) --build=$(O) --deps=$(DEPS)
run_options = $(call option,--vm,$(VM)) $(call option,--kernel,$(KERNEL)) \
	$(call option,--initrd,$(INITRD)) $(call option,--append,$(APPEND)) \
	$(call option,--vcpus,$(VCPUS)) $(call option,--mem,$(MEM)) \
	$(call option,--harts,$(HARTS)) $(call option,--aia,$(AIA)) \
	$(call option,--guests,$(GUESTS)) $(call option,--cpu,$(CPU)) \
	$(call option,--machine-mem,$(MACHINE_MEM)) $(call option,--qemu,$(QEMU)) \
	$(call option,--hvargs,$(HVARGS)) $(call option,--icount,$(ICOUNT)) \
	$(call option,--timeout,$(TIMEOUT)) $(if $(filter-out 0,$(BATCH)),--batch) \
	$(if $(filter 1,$(V)),--verbose) $(if $(QEMU_ARGS),-- $(QEMU_ARGS))

.PHONY: run
run: image host $(if $(VM),guest,$(guest_initrd))
	@$(RUN) $(run_options)

# ---- tests --------------------------------------------------------------------------------------

PYTEST := HV_BUILD=$(abspath $(O)) HV_DEPS=$(abspath $(DEPS)) $(PYTHON) -B -m pytest \
	-p no:cacheprovider -v -rs --durations=25
TESTS ?= tests/system
# Files of system tests at a time. A machine of one test takes about one core.
SYSTEM_JOBS ?= 2

.PHONY: check model system soak check-boards system-boards \
	bench bench-bare bench-kvm bench-growth bench-check bench-record bench-save bench-docs
check: image host guest compile_commands
	+@MAKE='$(MAKE)' tools/check $(O) $(DEPS)

model:
	@tests/model/run $(O)/model

system: image host guest
	$(Q)$(PYTEST) -n $(SYSTEM_JOBS) --dist loadfile -m "not soak and not boards" $(TESTS)

soak: image host guest $(O)/unit/test_gstage_random
	$(Q)$(PYTEST) -m soak $(TESTS)

check-boards: image host guest
	+@MAKE='$(MAKE)' tools/check $(O) $(DEPS) boards

system-boards: image host guest
	$(Q)$(PYTEST) -m boards tests/system/test_boards.py

# ---- figures ------------------------------------------------------------------------------------

BENCH := tests/bench/bench --build=$(O) --deps=$(DEPS) $(if $(ONLY),--only=$(ONLY))

bench: image host guest
	@$(BENCH) --on=hartvisor --output=$(O)/bench.json

bench-bare: guest
	@$(BENCH) --on=bare --output=$(O)/bench-bare.json

bench-kvm: guest $(O)/guest/vmm
	@$(BENCH) --on=kvm --output=$(O)/bench-kvm.json

bench-growth: image host guest
	@$(BENCH) --on=growth --output=$(O)/bench-growth.json

# tests/bench/recorded.json: what must not become dearer.
bench-check bench-record: image host guest
	@tests/bench/check --build=$(O) --deps=$(DEPS) --compiler='$(CC)' \
		$(if $(filter bench-record,$@),--record)

# docs/benchmarks.md is made from the files in docs/benchmarks.
bench-save:
	@tests/bench/report --save --build=$(O) --deps=$(DEPS) --compiler='$(CC)'

bench-docs:
	@tests/bench/report

# ---- the form of the sources --------------------------------------------------------------------

CLANG_FORMAT ?= clang-format-$(LLVM_VERSION)
CLANG_TIDY ?= clang-tidy-$(LLVM_VERSION)
source_roots := $(wildcard core arch drivers emulators tests tools)
formatted = $(shell find $(source_roots) -name '*.[ch]' | sort)
tidied = $(patsubst $(O)/obj/%.o,%.c,$(filter-out %.S.o,$(objects)))

.PHONY: lint lint-text format-check format tidy image-check
lint: format-check lint-text tidy image-check

lint-text:
	@tools/lint

format-check:
	$(call say,FORMAT,'*.c *.h')
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(formatted)

format:
	$(Q)$(CLANG_FORMAT) -i $(formatted)

tidy: compile_commands $(O)/include/config.h $(asm_offsets)
	$(call say,TIDY,'*.c')
	$(Q)printf '%s\n' $(wildcard $(tidied)) | \
		xargs -n 8 -P $(shell nproc) $(CLANG_TIDY) --quiet -p $(O) 2>/dev/null

image-check: image
	$(call say,CHECK,$(O)/hartvisor.elf)
	$(Q)$(image_check) $(O)/hartvisor.elf $(fp_objects)

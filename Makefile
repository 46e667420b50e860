# SPDX-License-Identifier: BSD-2-Clause
#
# Builds, runs and tests the hypervisor. `make help` says what there is. The parts: tools/setup gets
# what is needed, tools/make/toolchain.mk chooses compiler and flags, tools/make/host.mk builds what
# runs on this machine (packer, unit tests), tools/make/guest.mk what runs in a guest. Each source
# folder lists its objects in objects.mk and its options in openconf.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

O ?= build
DEPS ?= build/deps
BOARD ?= qemu-virt
PYTHON := /usr/bin/python3
# The tree's own folder is replaced in debug information, so that builds are alike wherever made.
top := $(CURDIR)

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# ---- set-up -------------------------------------------------------------------------------------
# The stamps of tools/setup are included as (empty) makefiles: make then runs the set-up first, on
# its own, and starts again.

goals := $(or $(MAKECMDGOALS),all)
plain_goals := help clean distclean
config_goals := menuconfig guiconfig olddefconfig oldconfig savedefconfig setup %_defconfig
setup_groups := $(if $(filter-out $(plain_goals),$(goals)),base)
setup_groups += $(if $(filter check check-boards unit model system system-boards soak setup,$(goals)),test)
setup_groups += $(if $(filter check lint format tidy,$(goals)),lint)
setup_groups += $(if $(filter fuzz fuzz-check,$(goals)),fuzz)
setup_groups += $(if $(filter check check-boards system system-boards soak fit setup,$(goals)),boards)
setup_groups += $(if $(filter bench-kvm,$(goals)),bench)
# Some machines are in the newer QEMU only.
run_qemu = $(or $(QEMU),$(shell sed -n 's/^version *[=:] *//p' boards/$(BOARD)/board.ini 2>/dev/null))
setup_groups += $(if $(filter run,$(goals)),$(if $(filter 11,$(run_qemu)),qemu-11))
setup_groups += $(if $(LLVM),llvm)

$(DEPS)/.stamps/group-%: tools/setup
	@tools/setup $(DEPS) $*
	@touch $@

$(addprefix $(DEPS)/.stamps/group-,test lint llvm fuzz boards bench qemu-11): | $(DEPS)/.stamps/group-base

ifneq ($(filter-out $(plain_goals),$(goals)),)
include $(addprefix $(DEPS)/.stamps/group-,$(strip $(setup_groups)))
endif

.PHONY: setup
setup:
	@:

# ---- configuration ------------------------------------------------------------------------------

openconf_files := openconf $(wildcard */openconf */*/openconf */*/*/openconf)
kconfig = CONFIG_= KCONFIG_CONFIG=$(O)/.config srctree=$(top) $(PYTHON) -m

# A board without a defconfig of its own has that of qemu-virt.
defconfig := $(firstword $(wildcard boards/$(BOARD)/defconfig) boards/qemu-virt/defconfig)
$(O)/.config: | $(defconfig)
	@mkdir -p $(O)
	$(Q)$(kconfig) defconfig --kconfig openconf $(defconfig) >/dev/null

%_defconfig: boards/%/defconfig
	@mkdir -p $(O)
	$(Q)$(kconfig) defconfig --kconfig openconf $<

.PHONY: menuconfig guiconfig oldconfig olddefconfig savedefconfig
menuconfig guiconfig oldconfig olddefconfig: | $(O)/.config
	$(Q)$(kconfig) $@ openconf

savedefconfig: | $(O)/.config
	$(Q)$(kconfig) savedefconfig --kconfig openconf --out $(O)/defconfig
	@echo "  written to $(O)/defconfig"

# The configuration as C and as make see it, options that $(O)/.config does not know yet included.
$(O)/include/config.h $(O)/include/auto.conf &: $(O)/.config $(openconf_files)
	@mkdir -p $(O)/include
	$(Q)$(kconfig) genconfig --header-path $(O)/include/config.h \
		--config-out $(O)/include/auto.conf openconf
	@touch $(O)/include/config.h $(O)/include/auto.conf

# On the first pass on a new machine there is no compiler to ask yet.
build_goals := $(filter-out $(plain_goals) $(config_goals),$(goals))
ifneq ($(and $(build_goals),$(wildcard $(DEPS)/.stamps/group-base)),)
include $(O)/include/auto.conf

include tools/make/toolchain.mk

# ---- the hypervisor -----------------------------------------------------------------------------

source_dirs := core arch/riscv arch/riscv/sbi drivers drivers/irqchip drivers/reset drivers/rtc drivers/serial \
	emulators
objects :=
light_objects :=
cold_objects :=
define read_objects
obj-y :=
light-y :=
cold-y :=
include $(1)/objects.mk
objects += $$(addprefix $(O)/obj/$(1)/,$$(obj-y))
light_objects += $$(addprefix $(O)/obj/$(1)/,$$(light-y))
cold_objects += $$(addprefix $(O)/obj/$(1)/,$$(cold-y))
endef
$(foreach dir,$(source_dirs),$(if $(wildcard $(dir)/objects.mk),$(eval $(call read_objects,$(dir)))))

asm_offsets := $(O)/include/generated/asm_offsets.h
image_lds := $(O)/obj/arch/riscv/image.lds

.PHONY: all image
all: image host guest compile_commands
image: $(O)/hartvisor.elf $(O)/hartvisor.bin $(O)/System.map

# Rebuilds everything when a compiler or a flag changes, or which files have flags of their own.
built_with = $(CC) $(CFLAGS) $(LD) $(LDFLAGS) $(LIGHT_FLAGS) $(light_objects) $(cold_objects)
$(O)/.flags: FORCE
	@mkdir -p $(O)
	@echo '$(built_with)' | cmp -s - $@ || \
		echo '$(built_with)' >$@

$(O)/obj/%.o: %.c $(O)/.flags | $(O)/include/config.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(light_objects): private CFLAGS += $(LIGHT_FLAGS)
# What runs for operators, or once for a hart or a VM, is made small.
$(cold_objects): private CFLAGS += -Os

$(O)/obj/%.o: %.S $(O)/.flags | $(O)/include/config.h $(asm_offsets)
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ASFLAGS) -MMD -MP -c -o $@ $<

# asm_offsets.c is only compiled to assembly; a line "->NAME value" becomes a definition.
$(O)/obj/arch/riscv/asm_offsets.s: arch/riscv/asm_offsets.c $(O)/.flags | $(O)/include/config.h
	@mkdir -p $(@D)
	$(call say,GEN,$(asm_offsets))
	$(Q)$(CC) $(filter-out -fsanitize% -g,$(CFLAGS)) -MMD -MP -MT $@ -MF $(@:.s=.d) -S -o $@ $<

$(asm_offsets): $(O)/obj/arch/riscv/asm_offsets.s
	@mkdir -p $(@D)
	$(Q)sed -n 's/^.*->\([A-Za-z_][A-Za-z0-9_]*\) [$$#]*\(-\{0,1\}[0-9][0-9]*\).*/#define \1 \2/p' $< \
		>$@.new
	$(Q)cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(image_lds): arch/riscv/image.lds $(O)/.flags | $(O)/include/config.h $(asm_offsets)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ASFLAGS) -E -P -x assembler-with-cpp -MMD -MP -MT $@ -MF $@.d -o $@ $<

# libfdt is compiled from the source that the set-up unpacked.
libfdt_objects := $(patsubst %,$(O)/obj/libfdt/%.o,fdt fdt_addresses fdt_check fdt_empty_tree \
	fdt_ro fdt_rw fdt_strerror fdt_sw fdt_wip)
$(O)/obj/libfdt/%.o: $(DEPS)/libfdt/%.c $(O)/.flags | $(O)/include/config.h
	@mkdir -p $(@D)
	$(call say,CC,libfdt/$(notdir $<))
	$(Q)$(CC) $(filter-out -W% -fsanitize%,$(CFLAGS)) -w -c -o $@ $<

$(O)/obj/libfdt.a: $(libfdt_objects)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $^

# Trusting a compiler with registers that are a guest's is one thing, looking another.
image_check = tools/image-check $(OBJDUMP) $(NM)
fp_objects = $(filter %/fp.o %/vector.o,$(objects))

$(O)/hartvisor.elf: $(objects) $(O)/obj/libfdt.a $(image_lds)
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) -Map $(O)/hartvisor.map -T $(image_lds) -o $@ $(objects) \
		--start-group $(O)/obj/libfdt.a $(LIBC) $(LIBGCC) --end-group
	$(Q)$(image_check) $@ $(fp_objects) || exit 1

$(O)/hartvisor.bin: $(O)/hartvisor.elf
	$(Q)$(OBJCOPY) -O binary $< $@

$(O)/System.map: $(O)/hartvisor.elf
	$(Q)$(NM) -n $< >$@

-include $(objects:.o=.d) $(O)/obj/arch/riscv/asm_offsets.d $(image_lds).d

# One line a C file, for editors and clang-tidy.
.PHONY: compile_commands
compile_commands: $(O)/compile_commands.json
$(O)/compile_commands.json: $(O)/.flags Makefile $(wildcard $(addsuffix /objects.mk,$(source_dirs)))
	$(Q)for o in $(patsubst $(O)/obj/%.o,%,$(objects)); do \
		[ ! -e $$o.c ] || printf '{"directory":"%s","file":"%s","command":"%s"}\n' '$(top)' \
			"$$o.c" '$(CC) $(CFLAGS) -c -o $(O)/obj/'"$$o.o $$o.c"; \
	done | sed '1s/^/[/;$$!s/$$/,/;$$s/$$/]/' >$@

include tools/make/host.mk
include tools/make/guest.mk
include tools/make/check.mk
include tools/make/boards.mk
endif

# ---- the rest -----------------------------------------------------------------------------------

.PHONY: FORCE clean distclean help
FORCE: ;

clean:
	rm -rf $(addprefix $(O)/,obj host unit model fuzz guest boot include hartvisor.* hartvisor-* System.map \
		compile_commands.json .flags bench*.json bench run)

distclean: clean
	rm -rf $(O) $(DEPS)

help:
	@cat tools/make/help.txt
	@printf '\nBoards:'
	@printf ' %s' $(patsubst boards/%/board.ini,%,$(wildcard boards/*/board.ini))
	@printf '\n'

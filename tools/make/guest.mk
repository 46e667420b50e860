# SPDX-License-Identifier: BSD-2-Clause
#
# What runs in a guest: our own bare-metal payloads and the initrd with BusyBox. tests/guest/
# objects.mk names the payloads (`payloads += name`) and their sources in tests/guest
# (`name-y := file.c …`); each becomes a flat image with the header of a Linux Image, for RAM that
# begins at 0x80000000 or at `name-base`.

payloads :=
-include tests/guest/objects.mk

# No tail calls: with landing pads on a jump by t1 has to find one.
GUEST_CFLAGS := $(TARGET_CFLAGS) -fno-optimize-sibling-calls -Itests/guest/include -Itests/guest $(guest-cflags) \
	-isystem $(DEPS)/libfdt -isystem $(PICOLIBC)/include
GUEST_ASFLAGS := $(COMMON_FLAGS) -Itests/guest/include -Itests/guest $(guest-cflags)
# A payload is one piece, its memory all its own.
GUEST_LDFLAGS := $(LDFLAGS) --no-relax $(if $(LLVM),,--no-warn-rwx-segments)

$(O)/guest/obj/%.o: tests/guest/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/guest/obj/%.o: tests/guest/%.S $(O)/.flags
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(GUEST_ASFLAGS) -MMD -MP -c -o $@ $<

guest_object_names = $(addprefix $(O)/guest/obj/,$(addsuffix .o,$(basename $(1))))

define payload
guest_objects += $$(call guest_object_names,$$($(1)-y))
$(O)/guest/$(1).elf: $$(call guest_object_names,$$($(1)-y)) tests/guest/payload.lds $(O)/obj/libfdt.a
	$$(call say,LD,$$@)
	$$(Q)$$(LD) $$(GUEST_LDFLAGS) -T tests/guest/payload.lds -o $$@ \
		$$(addprefix --defsym=ram_base=,$$($(1)-base)) \
		$$(call guest_object_names,$$($(1)-y)) \
		--start-group $(O)/obj/libfdt.a $$(LIBC) $$(LIBGCC) --end-group
endef
guest_objects :=
$(foreach name,$(payloads),$(eval $(call payload,$(name))))

$(O)/guest/%.bin: $(O)/guest/%.elf
	$(Q)$(OBJCOPY) -O binary $< $@

-include $(sort $(guest_objects:.o=.d)) $(wildcard $(O)/guest/*-program.d)

# Linux programs for the tests of guests, without a C library: tests/system/programs/<name>.c
# becomes /tests/<name>-program of the initrd.
programs := $(patsubst tests/system/programs/%.c,$(O)/guest/%-program,\
	$(wildcard tests/system/programs/*.c))
$(O)/guest/%-program: tests/system/programs/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TARGET_CFLAGS) -MMD -MP -MT $@ -c -o $@.o $<
	$(Q)$(LD) -nostdlib -static --gc-sections --build-id=none -z noexecstack -s -o $@ $@.o

# The VMM that KVM is measured with, a program of the same kind.
vmm_objects := $(patsubst tests/bench/vmm/%.c,$(O)/guest/vmm-obj/%.o,$(wildcard tests/bench/vmm/*.c))
$(O)/guest/vmm-obj/%.o: tests/bench/vmm/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/guest/vmm: $(vmm_objects) $(O)/obj/libfdt.a
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) -s -o $@ $(vmm_objects) \
		--start-group $(O)/obj/libfdt.a $(LIBC) $(LIBGCC) --end-group

-include $(vmm_objects:.o=.d)

guest_initrd := $(O)/guest/initrd.gz
$(guest_initrd): tools/mkinitrd $(wildcard tests/system/guest/*) $(programs) $(DEPS)/guest/busybox
	@mkdir -p $(@D)
	$(call say,INITRD,$@)
	$(Q)tools/mkinitrd -o $@ -b $(DEPS)/guest/busybox $(wildcard tests/system/guest) $(programs)

.PHONY: guest
guest: $(patsubst %,$(O)/guest/%.bin,$(payloads)) $(guest_initrd)

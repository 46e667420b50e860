# SPDX-License-Identifier: BSD-2-Clause
#
# One file with all that a board is to start, for boot loaders of each kind; tools/mkboot makes them
# of the image and the bundle that `make run` would start. boards/<board>/board.ini says where it
# goes.

MKBOOT := tools/mkboot --build=$(O) --deps=$(DEPS) --board=$(BOARD)
mkboot_options = $(call option,--dtb,$(DTB)) $(call option,--append,$(HVARGS)) \
	$(call option,--key,$(KEY))
board_file = $(O)/hartvisor-$(BOARD)

$(O)/boot/start.bin: tools/boot/start.S $(O)/.flags
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ASFLAGS) -march=rv64imac_zicsr -c -o $(@:.bin=.o) $<
	$(Q)$(LD) -nostdlib -static --build-id=none -z noexecstack -Ttext=0 -e _start -o $(@:.bin=.elf) $(@:.bin=.o)
	$(Q)$(OBJCOPY) -O binary -j .text $(@:.bin=.elf) $@

.PHONY: attached fit fw-payload board-bundle
board-bundle: image host $(if $(VM),guest,$(guest_initrd))
	@$(RUN) $(run_options) --bundle=$(board_file).cpio

image: $(O)/boot/start.bin
attached fit fw-payload: board-bundle
attached:
	@$(MKBOOT) $(mkboot_options) --bundle=$(board_file).cpio -o $(board_file).bin $@
fit:
	@$(MKBOOT) $(mkboot_options) --bundle=$(board_file).cpio -o $(board_file).itb $@
fw-payload:
	@$(MKBOOT) $(mkboot_options) --bundle=$(board_file).cpio -o $(board_file).fw $@

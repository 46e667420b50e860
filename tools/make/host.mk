# SPDX-License-Identifier: BSD-2-Clause
#
# What runs on the machine that builds: the bundle packer and the unit tests. Both compile the real
# files of the tree. tools/hvpack/objects.mk and tests/unit/objects.mk name the sources, as paths
# from the top of the tree: `hvpack-y += …` and `test_<name>-y := …` for tests/unit/test_<name>.c.

HOSTCC ?= gcc
HOST_WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter
HOST_CFLAGS := -std=gnu11 -O1 -g $(HOST_WARNINGS)
TREE_INCLUDES := -Icore/include -Iarch/riscv/include -Idrivers/include -Iemulators/include \
	-I$(O)/include -include $(O)/include/config.h

hvpack-y :=
hvpack-cflags :=
-include tools/hvpack/objects.mk
HVPACK_CFLAGS := $(HOST_CFLAGS) -O2 -Itools/hvpack $(hvpack-cflags) $(TREE_INCLUDES)

.PHONY: host
host: $(if $(hvpack-y),$(O)/host/hvpack)

hvpack_objects := $(patsubst %.c,$(O)/host/obj/%.o,$(hvpack-y))
$(O)/host/obj/%.o: %.c $(O)/.hostflags | $(O)/include/config.h
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)
	$(Q)$(HOSTCC) $(HVPACK_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/host/hvpack: $(hvpack_objects)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -o $@ $^ -lfdt

# ---- unit tests ---------------------------------------------------------------------------------

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
unit-cflags :=
-include tests/unit/objects.mk
UNIT_CFLAGS := $(HOST_CFLAGS) $(SANITIZE) -Itests/unit/include -Itests/unit $(unit-cflags) \
	$(TREE_INCLUDES)
unit_tests := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))

$(O)/.hostflags: FORCE
	@mkdir -p $(O)
	@echo '$(HOSTCC) $(HVPACK_CFLAGS) $(UNIT_CFLAGS)' | cmp -s - $@ || \
		echo '$(HOSTCC) $(HVPACK_CFLAGS) $(UNIT_CFLAGS)' >$@

$(O)/unit/obj/%.o: %.c $(O)/.hostflags | $(O)/include/config.h
	@mkdir -p $(@D)
	$(call say,UNITCC,$<)
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

define unit_test
unit_objects += $$(patsubst %.c,$(O)/unit/obj/%.o,tests/unit/$(1).c $$($(1)-y))
$(O)/unit/$(1): $$(patsubst %.c,$(O)/unit/obj/%.o,tests/unit/$(1).c $$($(1)-y))
	$$(call say,UNITLD,$$@)
	$$(Q)$$(HOSTCC) $$(SANITIZE) -o $$@ $$^ -lcmocka -lfdt $$($(1)-libs)
endef
unit_objects :=
$(foreach test,$(unit_tests),$(eval $(call unit_test,$(test))))

UNIT ?= $(unit_tests)
.PHONY: unit
unit: $(addprefix $(O)/unit/,$(UNIT))
	@tools/unit-run $^

# ---- fuzzing ------------------------------------------------------------------------------------
# tests/fuzz/objects.mk: `fuzz_<name>-y := …` for tests/fuzz/fuzz_<name>.c. tests/fuzz/seeds makes
# the inputs to begin with; what was found before stays in the build folder, too.

FUZZ_CC ?= clang-$(LLVM_VERSION)
FUZZ_SECONDS ?= 60
FUZZ_RUNS ?= 2000
fuzz_sanitize = -fsanitize=$(1),address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
-include tests/fuzz/objects.mk
FUZZ_CFLAGS := $(HOST_CFLAGS) $(call fuzz_sanitize,fuzzer-no-link) -Wno-missing-prototypes \
	-Itests/unit/include -Itests/unit -Itests/fuzz $(unit-cflags) $(TREE_INCLUDES)
fuzzers := $(sort $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ ?= $(fuzzers)

$(O)/.fuzzflags: FORCE
	@mkdir -p $(O)
	@echo '$(FUZZ_CC) $(FUZZ_CFLAGS)' | cmp -s - $@ || echo '$(FUZZ_CC) $(FUZZ_CFLAGS)' >$@

$(O)/fuzz/obj/%.o: %.c $(O)/.fuzzflags | $(O)/include/config.h
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/fuzz/obj/drivers/%.o: private FUZZ_CFLAGS += -include tests/fuzz/statics.h

define fuzzer
fuzz_objects += $$(patsubst %.c,$(O)/fuzz/obj/%.o,tests/fuzz/$(1).c $$($(1)-y))
$(O)/fuzz/$(1): $$(patsubst %.c,$(O)/fuzz/obj/%.o,tests/fuzz/$(1).c $$($(1)-y))
	$$(call say,FUZZLD,$$@)
	$$(Q)$$(FUZZ_CC) $$(call fuzz_sanitize,fuzzer) -o $$@ $$^ -lcmocka -lfdt
endef
fuzz_objects :=
$(foreach name,$(fuzzers),$(eval $(call fuzzer,$(name))))

$(O)/fuzz/seeds/.made: tests/fuzz/seeds $(wildcard tests/unit/data/*.dts boards/*/*.dts)
	$(call say,SEEDS,$(@D))
	$(Q)tests/fuzz/seeds $(@D)
	@touch $@

.PHONY: fuzz fuzz-check
fuzz fuzz-check: $(addprefix $(O)/fuzz/,$(FUZZ)) $(O)/fuzz/seeds/.made
fuzz:
	@tests/fuzz/run $(O)/fuzz -max_total_time=$(FUZZ_SECONDS) $(FUZZ)
fuzz-check:
	@tests/fuzz/run $(O)/fuzz -runs=$(FUZZ_RUNS) $(FUZZ)

-include $(hvpack_objects:.o=.d) $(unit_objects:.o=.d) $(fuzz_objects:.o=.d)

# SPDX-License-Identifier: BSD-2-Clause
#
# Compilers and flags for code that runs on RISC-V. Both compilers use the headers and libraries of
# the GNU toolchain's picolibc; LLVM=1 chooses clang and lld.

CROSS ?= riscv64-unknown-elf-
LLVM_VERSION ?= 19
GCC := $(CROSS)gcc
NM := $(CROSS)nm
AR := $(CROSS)ar
OBJCOPY := $(CROSS)objcopy
OBJDUMP := $(CROSS)objdump

ARCH_FLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -mno-relax
multilib := -march=rv64imac -mabi=lp64
# The specs name the folder of picolibc's headers and libraries.
PICOLIBC := $(shell sed -n 's/.*:\(\/[^;}]*\)\/include[};].*/\1/p' \
	"$$($(GCC) -print-file-name=picolibc.specs)" | head -n 1)
libc_folder := $(shell $(GCC) $(multilib) -print-multi-directory)
# Two builds of it are packaged; the one that is not made for least size copies and compares faster.
LIBC := $(firstword $(wildcard $(addsuffix /$(libc_folder)/libc.a,\
	$(PICOLIBC)/lib/release $(PICOLIBC)/lib)))
LIBGCC := $(shell $(GCC) $(multilib) -print-libgcc-file-name)

ifeq ($(LLVM),)
CC := $(GCC)
LD := $(CROSS)ld
UBSAN := -fsanitize=undefined -fsanitize-undefined-trap-on-error
COMPILER_FLAGS :=
else
CC := clang-$(LLVM_VERSION) --target=riscv64-unknown-elf -nostdlibinc
LD := ld.lld-$(LLVM_VERSION)
# "function" would put data between functions, and has nothing to compare with in the libraries.
UBSAN := -fsanitize=undefined -fno-sanitize=function -fsanitize-trap=undefined
COMPILER_FLAGS := -Wthread-safety
endif

WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
	-Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wshadow -Wno-unused-parameter

INCLUDES := -Icore/include -Iarch/riscv/include -Idrivers/include -Iemulators/include \
	-I$(O)/include -isystem $(DEPS)/libfdt -isystem $(PICOLIBC)/include \
	-include $(O)/include/config.h

# Debug information names files as seen from the top of the tree. The last that fits is taken.
PREFIX_MAP := -ffile-prefix-map=$(top)=. \
	-ffile-prefix-map=$(abspath $(O))=build -ffile-prefix-map=$(O)=build \
	-ffile-prefix-map=$(abspath $(DEPS))=deps -ffile-prefix-map=$(DEPS)=deps

COMMON_FLAGS := $(ARCH_FLAGS) -g $(PREFIX_MAP)
TARGET_CFLAGS := -std=gnu11 -O2 -ffreestanding -fno-common -fno-pic -fno-strict-aliasing \
	-ffunction-sections -fdata-sections $(COMMON_FLAGS) $(WARNINGS) $(COMPILER_FLAGS)

# A call in the image is one instruction (gp is a guest's: no symbol says that it could be used).
CFLAGS := $(TARGET_CFLAGS) -mrelax -fstack-protector-strong $(if $(filter y,$(DEBUG)),$(UBSAN)) $(INCLUDES)
# For files of light functions: t0 to t6, a6 and a7 stay as they are (<core/light.h>). What GCC moves about before it
# allocates registers needs more of them.
LIGHT_FLAGS := $(addprefix -ffixed-x,5 6 7 16 17 28 29 30 31) -fno-jump-tables \
	$(if $(LLVM),,-fno-schedule-insns)
ASFLAGS := $(COMMON_FLAGS) -mrelax $(INCLUDES)

# printf without floating point: picolibc has it under other names.
int_printf := $(shell $(NM) $(LIBC) 2>/dev/null | sed -n 's/.* T \(__[il]_vfprintf\)$$/\1/p' | \
	sort | tail -n 1)
LDFLAGS := -nostdlib -static --gc-sections --discard-locals --build-id=none -z noexecstack \
	-z max-page-size=4096 $(if $(int_printf),--defsym=vfprintf=$(int_printf))

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISA extensions: what the device tree says that a hart has, and what of it a guest is told.
 * A guest is told of an extension only when it has no state, or when its state is kept with the
 * vCPU, and when the guest can really use it. No lock: all of it is pure.
 */
#ifndef ARCH_ISA_H
#define ARCH_ISA_H

#include <core/types.h>

/*
 * X(name, text, when a guest is told of it). The conditions, besides that all harts have it:
 *   NEVER   its state is not kept, it cannot be used by a guest, or it says nothing to one
 *   BASE    there is none, and no VM description can take it away
 *   PLAIN   there is none
 *   FP, VECTOR  FEATURE_FP, FEATURE_VECTOR: the registers are kept
 *   CBOM, CBOZ, PBMT  the bits of henvcfg that let a guest use it can be set
 *   SSTC    FEATURE_SSTC, whatever the device tree says
 *   SSCOFPMF  FEATURE_SSCOFPMF
 *   AIA     the guest has an IMSIC, whatever the device tree says
 *   SVADE   harts have Svade or Svadu: with henvcfg.ADUE = 0 both do the same in a guest
 *   ZKR     FEATURE_ZKR: the hart's seed CSR is read for the guest
 *   STATEEN FEATURE_SSSTATEEN, whatever the device tree says
 *   SVADU, LANDING_PAD, SHADOW_STACK, DOUBLE_TRAP, PMLEN  the feature of that name (AD_UPDATING for
 *           Svadu), whatever the device tree says: SBI FWFT turns it on
 *   SUPM    as PMLEN
 */
#define ISA_EXTENSIONS(X)                             \
	X(I, "i", BASE)                               \
	X(M, "m", BASE)                               \
	X(A, "a", BASE)                               \
	X(F, "f", FP)                                 \
	X(D, "d", FP)                                 \
	X(C, "c", BASE)                               \
	X(B, "b", PLAIN)                              \
	X(V, "v", VECTOR)                             \
	X(H, "h", NEVER)                              \
	/* Control and status, fences, main memory */ \
	X(ZICSR, "zicsr", BASE)                       \
	X(ZIFENCEI, "zifencei", BASE)                 \
	X(ZICNTR, "zicntr", PLAIN)                    \
	X(ZIHPM, "zihpm", NEVER)                      \
	X(ZICBOM, "zicbom", CBOM)                     \
	X(ZICBOP, "zicbop", PLAIN)                    \
	X(ZICBOZ, "zicboz", CBOZ)                     \
	X(ZIC64B, "zic64b", PLAIN)                    \
	X(ZICCAMOA, "ziccamoa", PLAIN)                \
	X(ZICCIF, "ziccif", PLAIN)                    \
	X(ZICCRSE, "ziccrse", PLAIN)                  \
	X(ZICOND, "zicond", PLAIN)                    \
	X(ZIHINTNTL, "zihintntl", PLAIN)              \
	X(ZIHINTPAUSE, "zihintpause", PLAIN)          \
	X(ZIMOP, "zimop", PLAIN)                      \
	X(ZICFILP, "zicfilp", LANDING_PAD)            \
	X(ZICFISS, "zicfiss", SHADOW_STACK)           \
	X(ZAAMO, "zaamo", BASE)                       \
	X(ZALRSC, "zalrsc", BASE)                     \
	X(ZABHA, "zabha", PLAIN)                      \
	X(ZACAS, "zacas", PLAIN)                      \
	X(ZAWRS, "zawrs", PLAIN)                      \
	X(ZA64RS, "za64rs", PLAIN)                    \
	X(ZA128RS, "za128rs", PLAIN)                  \
	X(ZAMA16B, "zama16b", PLAIN)                  \
	X(ZTSO, "ztso", PLAIN)                        \
	/* Compressed */                              \
	X(ZCA, "zca", BASE)                           \
	X(ZCB, "zcb", PLAIN)                          \
	X(ZCD, "zcd", PLAIN)                          \
	X(ZCMOP, "zcmop", PLAIN)                      \
	X(ZCMT, "zcmt", NEVER)                        \
	/* Floating point */                          \
	X(ZFA, "zfa", PLAIN)                          \
	X(ZFH, "zfh", PLAIN)                          \
	X(ZFHMIN, "zfhmin", PLAIN)                    \
	X(ZFBFMIN, "zfbfmin", PLAIN)                  \
	/* Bits and cryptography */                   \
	X(ZBA, "zba", PLAIN)                          \
	X(ZBB, "zbb", PLAIN)                          \
	X(ZBC, "zbc", PLAIN)                          \
	X(ZBS, "zbs", PLAIN)                          \
	X(ZBKB, "zbkb", PLAIN)                        \
	X(ZBKC, "zbkc", PLAIN)                        \
	X(ZBKX, "zbkx", PLAIN)                        \
	X(ZK, "zk", PLAIN)                            \
	X(ZKN, "zkn", PLAIN)                          \
	X(ZKND, "zknd", PLAIN)                        \
	X(ZKNE, "zkne", PLAIN)                        \
	X(ZKNH, "zknh", PLAIN)                        \
	X(ZKR, "zkr", ZKR)                            \
	X(ZKS, "zks", PLAIN)                          \
	X(ZKSED, "zksed", PLAIN)                      \
	X(ZKSH, "zksh", PLAIN)                        \
	X(ZKT, "zkt", PLAIN)                          \
	/* Vector */                                  \
	X(ZVE32X, "zve32x", VECTOR)                   \
	X(ZVE32F, "zve32f", VECTOR)                   \
	X(ZVE64X, "zve64x", VECTOR)                   \
	X(ZVE64F, "zve64f", VECTOR)                   \
	X(ZVE64D, "zve64d", VECTOR)                   \
	X(ZVL32B, "zvl32b", VECTOR)                   \
	X(ZVL64B, "zvl64b", VECTOR)                   \
	X(ZVL128B, "zvl128b", VECTOR)                 \
	X(ZVL256B, "zvl256b", VECTOR)                 \
	X(ZVL512B, "zvl512b", VECTOR)                 \
	X(ZVL1024B, "zvl1024b", VECTOR)               \
	X(ZVFH, "zvfh", VECTOR)                       \
	X(ZVFHMIN, "zvfhmin", VECTOR)                 \
	X(ZVFBFMIN, "zvfbfmin", VECTOR)               \
	X(ZVFBFWMA, "zvfbfwma", VECTOR)               \
	X(ZVBB, "zvbb", VECTOR)                       \
	X(ZVBC, "zvbc", VECTOR)                       \
	X(ZVKB, "zvkb", VECTOR)                       \
	X(ZVKG, "zvkg", VECTOR)                       \
	X(ZVKN, "zvkn", VECTOR)                       \
	X(ZVKNC, "zvknc", VECTOR)                     \
	X(ZVKNG, "zvkng", VECTOR)                     \
	X(ZVKNED, "zvkned", VECTOR)                   \
	X(ZVKNHA, "zvknha", VECTOR)                   \
	X(ZVKNHB, "zvknhb", VECTOR)                   \
	X(ZVKS, "zvks", VECTOR)                       \
	X(ZVKSC, "zvksc", VECTOR)                     \
	X(ZVKSG, "zvksg", VECTOR)                     \
	X(ZVKSED, "zvksed", VECTOR)                   \
	X(ZVKSH, "zvksh", VECTOR)                     \
	X(ZVKT, "zvkt", VECTOR)                       \
	/* Supervisor and machine */                  \
	X(SMAIA, "smaia", NEVER)                      \
	X(SMCSRIND, "smcsrind", NEVER)                \
	X(SMNPM, "smnpm", PMLEN)                      \
	X(SMSTATEEN, "smstateen", NEVER)              \
	X(SSAIA, "ssaia", AIA)                        \
	X(SSCOFPMF, "sscofpmf", SSCOFPMF)             \
	X(SSCSRIND, "sscsrind", NEVER)                \
	X(SSDBLTRP, "ssdbltrp", DOUBLE_TRAP)          \
	X(SSNPM, "ssnpm", PMLEN)                      \
	X(SSSTATEEN, "ssstateen", STATEEN)            \
	X(SSTC, "sstc", SSTC)                         \
	X(SUPM, "supm", SUPM)                         \
	X(SVADE, "svade", SVADE)                      \
	X(SVADU, "svadu", SVADU)                      \
	X(SVINVAL, "svinval", PLAIN)                  \
	X(SVNAPOT, "svnapot", PLAIN)                  \
	X(SVPBMT, "svpbmt", PBMT)                     \
	X(SVVPTC, "svvptc", PLAIN)

enum isa_rule {
	RULE_NEVER,
	RULE_BASE,
	RULE_PLAIN,
	RULE_FP,
	RULE_VECTOR,
	RULE_CBOM,
	RULE_CBOZ,
	RULE_PBMT,
	RULE_SSTC,
	RULE_AIA,
	RULE_SVADE,
	RULE_ZKR,
	RULE_STATEEN,
	RULE_SSCOFPMF,
	RULE_SVADU,
	RULE_LANDING_PAD,
	RULE_SHADOW_STACK,
	RULE_DOUBLE_TRAP,
	RULE_PMLEN,
	RULE_SUPM,
};

enum isa_extension {
#define ISA_ENUM(name, text, rule) ISA_##name,
	ISA_EXTENSIONS(ISA_ENUM)
#undef ISA_ENUM
		ISA_COUNT
};

/** A set of extensions, one bit each, by enum isa_extension. */
struct isa_set {
	uint64_t bits[4];
};

static inline bool isa_has(const struct isa_set *set, enum isa_extension extension)
{
	return set->bits[extension / 64] >> (extension % 64) & 1;
}

static inline void isa_add(struct isa_set *set, enum isa_extension extension)
{
	set->bits[extension / 64] |= BIT(extension % 64);
}

static inline void isa_remove(struct isa_set *set, enum isa_extension extension)
{
	set->bits[extension / 64] &= ~BIT(extension % 64);
}

/** Takes out of @set what @other does not have. */
static inline void isa_intersect(struct isa_set *set, const struct isa_set *other)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(set->bits); i++)
		set->bits[i] &= other->bits[i];
}

/** An extension of @set that @other does not have, or ISA_COUNT. */
static inline enum isa_extension isa_missing(const struct isa_set *set, const struct isa_set *other)
{
	unsigned int i = 0;

	while (i < ISA_COUNT && (!isa_has(set, i) || isa_has(other, i)))
		i++;
	return i;
}

/** The name in lower case, as device trees have it. */
const char *isa_name(enum isa_extension extension);

/**
 * Reads "riscv,isa-extensions": @length bytes of NUL-terminated names. Fills @set, with all that
 * the named extensions imply. Unknown names are ignored.
 * Returns 0, or -EINVAL when the last name has no end.
 */
int isa_parse_list(const char *list, size_t length, struct isa_set *set);

/**
 * Reads "riscv,isa": at most @length characters such as "rv64imafdcvh_zicsr_sstc" in any case,
 * with or without versions ("i2p1"). Fills @set, with all that is implied; `i` of such a string
 * includes Zicsr, Zifencei, Zicntr and Zihpm, as it once did. Unknown names are ignored.
 * Returns 0, or -EINVAL when it is no RV64 string.
 */
int isa_parse_string(const char *string, size_t length, struct isa_set *set);

/**
 * Reads the cpu node @node of @fdt: the list, or else (also when it is malformed) the string.
 * Returns 0, -EINVAL for a malformed string or another base than RV64, or -ENOENT when it has
 * neither; @set is then empty, or has what came before the fault.
 */
int isa_parse_cpu(const void *fdt, int node, struct isa_set *set);

/** What lets guests use extensions. */
struct isa_controls {
	uint64_t features; /* BIT(enum hart_feature) */
	uint64_t henvcfg; /* CBIE = 01 (flush) is enough for Zicbom */
	uint64_t hstateen0;
};

/**
 * Decides which extensions a guest is told of, *@offered, on harts that all have @common and that
 * can set *@controls. They hold for a guest with all clear that FWFT sets, and with cycle, time and
 * instret readable.
 * @disabled: extensions that it is not to have. One takes with it all that depends on it; one that
 * stands for others (B, Zk, Zkn...) takes these with it, and V all of vector.
 * What would let it use extensions that it is not told of is taken out of *@controls.
 */
void isa_offer(const struct isa_set *common, const struct isa_set *disabled,
	       struct isa_controls *controls, struct isa_set *offered);

/** When guests are told of @extension. */
enum isa_rule isa_rule(enum isa_extension extension);

/** What @extension implies and @set has not; ISA_COUNT: nothing. */
enum isa_extension isa_wanted_by(enum isa_extension extension, const struct isa_set *set);

/**
 * The names of the members of @set, in no particular order. Returns how many there are; the first
 * @room of them are in @names (ISA_COUNT is enough).
 */
unsigned int isa_list(const struct isa_set *set, const char **names, unsigned int room);

#endif

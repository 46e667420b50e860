# SPDX-License-Identifier: BSD-2-Clause
# Payloads that run as guests. `payloads` names them; `<name>-y` lists the sources of each, with
# paths relative to this folder. All are linked with payload.lds.

payload-lib := lib/start.S lib/vector.S lib/trap.c lib/hart.c lib/test.c lib/fdt.c

payloads += hello
hello-y := hello.c $(payload-lib)

payloads += heartbeat
heartbeat-y := heartbeat.c $(payload-lib)

payloads += exits
exits-y := exits.c lib/code.c $(payload-lib)

payloads += timers
timers-y := timers.c $(payload-lib)

payloads += bench
bench-y := bench.c lib/aia.c lib/vectors.S $(payload-lib)

payloads += pmu
pmu-y := pmu.c $(payload-lib)

payloads += counts
counts-y := counts.c lib/code.c $(payload-lib)

payloads += mmio
mmio-y := mmio.c mmio_devices.c lib/code.c lib/aia.c lib/sv39.c $(payload-lib)

payloads += ipi
ipi-y := ipi.c lib/code.c lib/aia.c $(payload-lib)

payloads += aplic
aplic-y := aplic.c lib/aia.c $(payload-lib)

payloads += hsm
hsm-y := hsm.c $(payload-lib)

payloads += susp
susp-y := susp.c $(payload-lib)

payloads += sse
sse-y := sse.c sse_harts.c sse_double.c lib/sse.S $(payload-lib)

payloads += sta
sta-y := sta.c $(payload-lib)

payloads += legacy
legacy-y := legacy.c lib/sv39.c $(payload-lib)

payloads += relay
relay-y := relay.c $(payload-lib)

payloads += rfence
rfence-y := rfence.c lib/sv39.c $(payload-lib)

payloads += satp
satp-y := satp.c lib/sv39.c $(payload-lib)

payloads += fpv
fpv-y := fpv.c lib/vectors.S $(payload-lib)

payloads += isa
isa-y := isa.c lib/code.c lib/sv39.c $(payload-lib)

payloads += dbtr
dbtr-y := dbtr.c lib/code.c $(payload-lib)

payloads += checkpoint
checkpoint-y := checkpoint.c lib/aia.c lib/vectors.S $(payload-lib)

payloads += isolation
isolation-y := isolation.c lib/code.c lib/aia.c lib/sv39.c $(payload-lib)

payloads += memory
memory-y := memory.c lib/code.c lib/sv39.c $(payload-lib)

# The same, 64 MiB below what each mode of the G-stage reaches.
payloads += memory-sv39 memory-sv48 memory-sv57
memory-sv39-y := $(memory-y)
memory-sv39-base := 0x1fffc000000
memory-sv48-y := $(memory-y)
memory-sv48-base := 0x3fffffc000000
memory-sv57-y := $(memory-y)
memory-sv57-base := 0x7fffffffc000000

payloads += hostile
hostile-y := hostile.c lib/fuzz.c lib/aia.c lib/plic.c lib/sv39.c $(payload-lib)

payloads += aplic-direct
aplic-direct-y := aplic-direct.c lib/aia.c $(payload-lib)

payloads += endless
endless-y := endless.c $(payload-lib)

payloads += ending
ending-y := ending.c $(payload-lib)

payloads += storm
storm-y := storm.c lib/aia.c $(payload-lib)

payloads += scribble
scribble-y := scribble.c $(payload-lib)

payloads += remap
remap-y := remap.c $(payload-lib)

payloads += residue
residue-y := residue.c $(payload-lib)

payloads += plic
plic-y := plic.c plic_harts.c plic_sources.c lib/plic.c $(payload-lib)

payloads += registers
registers-y := registers.c lib/aia.c lib/sv39.c lib/spin.S lib/vectors.S $(payload-lib)

payloads += fwft
fwft-y := fwft.c fwft_effects.c lib/code.c lib/sv39.c $(payload-lib)

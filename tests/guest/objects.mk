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
bench-y := bench.c lib/aia.c $(payload-lib)

payloads += mmio
mmio-y := mmio.c lib/code.c lib/aia.c lib/sv39.c $(payload-lib)

payloads += ipi
ipi-y := ipi.c lib/code.c lib/aia.c $(payload-lib)

payloads += aplic
aplic-y := aplic.c lib/aia.c $(payload-lib)

payloads += hsm
hsm-y := hsm.c $(payload-lib)

payloads += relay
relay-y := relay.c $(payload-lib)

payloads += rfence
rfence-y := rfence.c lib/sv39.c $(payload-lib)

payloads += fpv
fpv-y := fpv.c lib/vectors.S $(payload-lib)

payloads += isolation
isolation-y := isolation.c lib/code.c lib/aia.c lib/sv39.c $(payload-lib)

payloads += hostile
hostile-y := hostile.c lib/fuzz.c lib/aia.c lib/sv39.c $(payload-lib)

payloads += aplic-direct
aplic-direct-y := aplic-direct.c lib/aia.c $(payload-lib)

payloads += endless
endless-y := endless.c $(payload-lib)

payloads += ending
ending-y := ending.c $(payload-lib)

payloads += storm
storm-y := storm.c lib/aia.c $(payload-lib)

payloads += residue
residue-y := residue.c $(payload-lib)

# SPDX-License-Identifier: BSD-2-Clause
hvpack-y := tools/hvpack/main.c tools/hvpack/archive.c tools/hvpack/input.c
hvpack-y += core/bundle.c core/report.c
hvpack-y += core/vmdesc.c core/vmdesc_harts.c core/vmdesc_layout.c core/vmdesc_property.c core/vmdesc_kinds.c
hvpack-y += core/vmdesc_ranges.c core/vmdesc_set.c
hvpack-y += core/save_image.c core/save_config.c core/checksum.c

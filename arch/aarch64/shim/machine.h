/* SPDX-License-Identifier: MIT */
/* machine.h - what programs and libc are like on arm64 */
#ifndef EXMAP_ARCH_SHIM_MACHINE_H
#define EXMAP_ARCH_SHIM_MACHINE_H

#include <elf.h>

/* The programs that the shim can be loaded into: in their header, and to people. */
#define MACHINE_ELF EM_AARCH64
#define MACHINE_NAME "arm64"

/* Flags that glibc's sigaction() sets in every action, and shows to the client: none. */
#define MACHINE_SA_FLAGS 0

#endif /* EXMAP_ARCH_SHIM_MACHINE_H */

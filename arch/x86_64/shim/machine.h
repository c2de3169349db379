/* SPDX-License-Identifier: MIT */
/* machine.h - what programs and libc are like on x86-64 */
#ifndef EXMAP_ARCH_SHIM_MACHINE_H
#define EXMAP_ARCH_SHIM_MACHINE_H

#include <elf.h>

#include "emu/uapi.h"

/* The programs that the shim can be loaded into: in their header, and to people. */
#define MACHINE_ELF EM_X86_64
#define MACHINE_NAME "x86-64"

/* Flags that glibc's sigaction() sets in every action, and shows to the client. */
#define MACHINE_SA_FLAGS SA_RESTORER

#endif /* EXMAP_ARCH_SHIM_MACHINE_H */

/* SPDX-License-Identifier: MIT */
/* access.h - loads and stores in assembler, which no sanitizer checks; and a made-up fault: x86-64 */
#ifndef EXMAP_ARCH_TESTS_ACCESS_H
#define EXMAP_ARCH_TESTS_ACCESS_H

#include <stdint.h>
#include <ucontext.h>

static inline char access_load(const void *p)
{
	char byte;

	__asm__ volatile("movb (%1), %0" : "=q"(byte) : "r"(p) : "memory");
	return byte;
}

static inline void access_store(void *p, uint64_t word)
{
	__asm__ volatile("movq %0, (%1)" : : "r"(word), "r"(p) : "memory");
}

/** access_set() - have a handler's third argument say what the instruction wanted: EMU_ACCESS_ bits. */
static inline void access_set(ucontext_t *uc, uint64_t access)
{
	uc->uc_mcontext.gregs[REG_ERR] = access;
}

#endif /* EXMAP_ARCH_TESTS_ACCESS_H */

/* SPDX-License-Identifier: MIT */
/* access.h - loads and stores in assembler, which no sanitizer checks; and a made-up fault: arm64 */
#ifndef EXMAP_ARCH_TESTS_ACCESS_H
#define EXMAP_ARCH_TESTS_ACCESS_H

#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "emu/registers.h"

static inline char access_load(const void *p)
{
	int byte;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(byte) : "r"(p) : "memory");
	return byte;
}

static inline void access_store(void *p, uint64_t word)
{
	__asm__ volatile("str %0, [%1]" : : "r"(word), "r"(p) : "memory");
}

/** access_set() - have a handler's third argument say what the instruction wanted: EMU_ACCESS_ bits. */
static inline void access_set(ucontext_t *uc, uint64_t access)
{
	/* As the kernel writes it: behind another record; the class is in bits 26 to 31. */
	const struct fpsimd_context vectors = { .head = { FPSIMD_MAGIC, sizeof(vectors) } };
	struct esr_context syndrome = { .head = { ESR_MAGIC, sizeof(syndrome) } };

	syndrome.esr = (access & EMU_ACCESS_INSTR ? 0x20ULL : 0x24ULL) << 26 |
		       (access & EMU_ACCESS_WRITE ? 1ULL << 6 : 0);
	memcpy(uc->uc_mcontext.__reserved, &vectors, sizeof(vectors));
	memcpy(uc->uc_mcontext.__reserved + sizeof(vectors), &syndrome, sizeof(syndrome));
}

#endif /* EXMAP_ARCH_TESTS_ACCESS_H */

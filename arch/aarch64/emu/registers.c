// SPDX-License-Identifier: MIT
/* registers.c - see registers.h */

#include "emu/registers.h"

#include <stddef.h>

/* Fields of the Exception Syndrome Register, arch/arm64/include/asm/esr.h. */
#define SYNDROME_CLASS(esr) ((esr) >> 26 & 0x3f)
#define CLASS_INSTRUCTION_ABORT 0x20
#define CLASS_DATA_ABORT 0x24
#define DATA_ABORT_WRITE (1ULL << 6)

/* The syndrome of the fault, one of the records behind the registers; 0 if there is none. */
static uint64_t syndrome(const ucontext_t *uc)
{
	const unsigned char *records = uc->uc_mcontext.__reserved;
	size_t at = 0;

	while (at + sizeof(struct esr_context) <= sizeof(uc->uc_mcontext.__reserved)) {
		const struct _aarch64_ctx *record = (const struct _aarch64_ctx *)(records + at);

		if (record->magic == ESR_MAGIC)
			return ((const struct esr_context *)record)->esr;
		/* The last record has size 0. */
		if (!record->size)
			break;
		at += record->size;
	}
	return 0;
}

uint64_t emu_access(const ucontext_t *uc)
{
	uint64_t esr = syndrome(uc);

	switch (SYNDROME_CLASS(esr)) {
	case CLASS_INSTRUCTION_ABORT:
		return EMU_ACCESS_INSTR;
	case CLASS_DATA_ABORT:
		return esr & DATA_ABORT_WRITE ? EMU_ACCESS_WRITE : 0;
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* relax.h - for a loop that waits for another thread: arm64 */
#ifndef EXMAP_ARCH_TOOLS_RELAX_H
#define EXMAP_ARCH_TOOLS_RELAX_H

/** processor_relax() - let the processor's other threads have more of it, for a moment. */
static inline void processor_relax(void)
{
	__asm__ volatile("yield" : : : "memory");
}

#endif /* EXMAP_ARCH_TOOLS_RELAX_H */

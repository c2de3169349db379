/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* tlb.h - flushing the TLB */
#ifndef EXMAP_KMOD_TLB_H
#define EXMAP_KMOD_TLB_H

struct mm_struct;

/**
 * exmap_flush_tlb() - flush all TLB entries of an address space, on all CPUs
 * @mm: the address space
 *
 * When it returns, no CPU uses an entry that was cleared before the call. Waits for other CPUs, so
 * interrupts must be on.
 */
void exmap_flush_tlb(struct mm_struct *mm);

#endif /* EXMAP_KMOD_TLB_H */

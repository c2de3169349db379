/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* tlb.h - flushing the TLBs of the CPUs that run an address space */
#ifndef EXMAP_KMOD_TLB_H
#define EXMAP_KMOD_TLB_H

struct mm_struct;

void exmap_flush_tlb(struct mm_struct *mm);

#endif /* EXMAP_KMOD_TLB_H */

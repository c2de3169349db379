// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * tlb.c - one flush for a whole FREE
 *
 * The kernel's flush_tlb_mm_range() is not exported. What it rests on is: the
 * address space's generation is moved on, so that a CPU that runs it next, or
 * wakes from lazy mode, flushes by itself (switch_mm_irqs_off() compares), and
 * those that run it now are interrupted to flush all they have.
 */

#include <linux/smp.h>
#include <asm/tlbflush.h>

#include "device.h"

static void flush_this_cpu(void *unused)
{
	__flush_tlb_all();
}

void exmap_flush_tlb(struct mm_struct *mm)
{
	/*
	 * inc_mm_tlb_gen() by hand, which headers hide from modules. It is a full
	 * barrier, between our stores to the page table and the reading of the mask.
	 */
	atomic64_inc_return(&mm->context.tlb_gen);
	on_each_cpu_mask(mm_cpumask(mm), flush_this_cpu, NULL, true);
}

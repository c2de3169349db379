// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * tlb.c - one flush for a whole FREE
 *
 * The kernel's flush_tlb_mm_range() is not exported. What it rests on is: the
 * address space's generation is moved on, so that a CPU that runs it next, or
 * wakes from lazy mode, flushes by itself (switch_mm_irqs_off() compares), and
 * those that run it now are interrupted to flush all they have. Lazy ones are not: a
 * CPU that idles may take long to wake, and touches no user memory before it has
 * compared.
 */

#include <linux/smp.h>
#include <asm/invpcid.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>

#include "tlb.h"

/*
 * Exported, for KVM, but declared for the kernel proper only. Whether a CPU runs
 * something that has no user memory, with the last process's page tables still loaded.
 */
struct tlb_state_shared {
	bool is_lazy;
};

DECLARE_PER_CPU_SHARED_ALIGNED(struct tlb_state_shared, cpu_tlbstate_shared);

static bool runs_user(int cpu, void *unused)
{
	return !READ_ONCE(per_cpu(cpu_tlbstate_shared.is_lazy, cpu));
}

/*
 * The address space that this CPU has loaded: ours, or another by now, which does
 * no harm. What __flush_tlb_all() does is right too, but throws away the kernel's
 * own translations as well.
 */
static void flush_this_cpu(void *unused)
{
	unsigned long pcid = __read_cr3() & X86_CR3_PCID_MASK;

	if (cpu_feature_enabled(X86_FEATURE_XENPV)) {
		__flush_tlb_all();
	} else if (!boot_cpu_has(X86_FEATURE_PCID)) {
		write_cr3(__read_cr3());
	} else if (boot_cpu_has(X86_FEATURE_INVPCID)) {
		invpcid_flush_single_context(pcid);
#ifdef X86_CR3_PTI_PCID_USER_BIT
		/* With page-table isolation user space has a PCID of its own. */
		if (boot_cpu_has(X86_FEATURE_PTI))
			invpcid_flush_single_context(pcid | BIT(X86_CR3_PTI_PCID_USER_BIT));
#endif
	} else {
		__flush_tlb_all();
	}
}

void exmap_flush_tlb(struct mm_struct *mm)
{
	/*
	 * inc_mm_tlb_gen() by hand, which headers hide from modules. It is a full
	 * barrier, between our stores to the page table and the reading of the mask and
	 * of who is lazy.
	 */
	atomic64_inc_return(&mm->context.tlb_gen);
	on_each_cpu_cond_mask(runs_user, flush_this_cpu, NULL, true, mm_cpumask(mm));
}

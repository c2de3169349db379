// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * tlb.c - one TLB flush for a whole FREE
 *
 * The kernel's flush_tlb_mm_range() is not exported. The function here does the same by the same
 * means. It raises the address space's TLB generation, and then:
 *
 * a CPU that runs the process  is interrupted and flushes
 * a CPU that runs it later     compares generations (switch_mm_irqs_off()) and flushes
 * a CPU in lazy mode           is not interrupted: it idles or runs a kernel thread. It touches no
 *                              user memory, and compares generations when it leaves lazy mode
 *
 * An address space that all CPUs know by one number, see exmap_global_asid(), is the exception: for
 * it no CPU compares generations. One instruction flushes that number on all CPUs.
 */

#include <linux/smp.h>
#include <asm/invpcid.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>

#include "compat.h"
#include "tlb.h"

/*
 * The kernel exports this variable for KVM, but declares it in no header for modules. is_lazy: the
 * CPU runs a task without user memory, and the last process's page tables are still loaded.
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
 * Flushes all numbers of address spaces on this CPU: a change of this bit of CR4 does. Interrupts
 * are off.
 */
static void flush_all_pcids(void)
{
	unsigned long cr4 = native_read_cr4();

	asm volatile("mov %0, %%cr4" : : "r"(cr4 ^ X86_CR4_PGE) : "memory");
	asm volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

/*
 * Flushes the address space that this CPU has loaded. That may be another one by now, which does no
 * harm. The kernel's __flush_tlb_all() would always be right, but also flushes the kernel's own
 * entries, and since 7.0 only KVM may call it.
 */
static void flush_this_cpu(void *unused)
{
	unsigned long pcid = __read_cr3() & X86_CR3_PCID_MASK;

	if (cpu_feature_enabled(X86_FEATURE_XENPV) || !boot_cpu_has(X86_FEATURE_PCID)) {
		write_cr3(__read_cr3());
	} else if (boot_cpu_has(X86_FEATURE_INVPCID)) {
		invpcid_flush_single_context(pcid);
#ifdef X86_CR3_PTI_PCID_USER_BIT
		/* With page-table isolation (PTI) user space has a PCID of its own. */
		if (boot_cpu_has(X86_FEATURE_PTI))
			invpcid_flush_single_context(pcid | BIT(X86_CR3_PTI_PCID_USER_BIT));
#endif
	} else {
		flush_all_pcids();
	}
}

/* INVLPGB: every CPU is to flush this PCID. Bits of the address say that PCID and ASID count. */
static void invlpgb(unsigned long pcid)
{
	asm volatile(".byte 0x0f, 0x01, 0xfe"
		     :
		     : "a"(BIT(1) | BIT(2)), "c"(0), "d"(pcid << 16)
		     : "memory");
}

/* TLBSYNC waits for this CPU's INVLPGBs. Some CPUs want it twice. */
static void tlbsync(void)
{
	asm volatile(".byte 0x0f, 0x01, 0xff" : : : "memory");
	asm volatile(".byte 0x0f, 0x01, 0xff" : : : "memory");
}

static void flush_everywhere(u16 asid)
{
	/* As kern_pcid(). */
	unsigned long pcid = asid + 1;

	preempt_disable();
	invlpgb(pcid);
#ifdef X86_CR3_PTI_PCID_USER_BIT
	if (boot_cpu_has(X86_FEATURE_PTI))
		invlpgb(pcid | BIT(X86_CR3_PTI_PCID_USER_BIT));
#endif
	tlbsync();
	preempt_enable();
}

void exmap_flush_tlb(struct mm_struct *mm)
{
	u16 asid;

	/*
	 * As inc_mm_tlb_gen(), which is not available to modules. The atomic is also a full
	 * barrier: page-table entries are cleared before the CPU mask, is_lazy and the global
	 * number are read.
	 */
	atomic64_inc_return(&mm->context.tlb_gen);
	asid = exmap_global_asid(mm);
	if (asid) {
		flush_everywhere(asid);
		if (!exmap_asid_transition(mm))
			return;
	}
	on_each_cpu_cond_mask(runs_user, flush_this_cpu, NULL, true, mm_cpumask(mm));
}

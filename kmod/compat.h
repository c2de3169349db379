/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* compat.h - what differs between the kernels that the module is built for; Kbuild names them */
#ifndef EXMAP_KMOD_COMPAT_H
#define EXMAP_KMOD_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uio.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

/* 6.3 made vm_flags read-only and added these functions to change it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/*
 * Whether munmap() or mmap() with MAP_FIXED has begun to remove a mapping. Since 6.4 the kernel
 * marks the mapping before it changes the tree of mappings; since 6.15 the mark is a reference
 * count of 0. Older kernels have no mark: the caller must look in the tree.
 */
static inline bool exmap_vma_detached(const struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0) && defined(CONFIG_PER_VMA_LOCK)
	return !refcount_read(&vma->vm_refcnt);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0) && defined(CONFIG_PER_VMA_LOCK)
	return vma->detached;
#else
	return false;
#endif
}

/* 7.1 renamed zap_vma_ptes(), which demands VM_PFNMAP. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#define zap_special_vma_range(vma, start, size) zap_vma_ptes(vma, start, size)
#endif

/* 6.4 added this accessor to the array of an iovec iterator. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline const struct iovec *iter_iov(const struct iov_iter *iter)
{
	return iter->iov;
}
#endif

/* 6.8 removed no_llseek. Since 6.0 a file without this method answers ESPIPE, too. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define EXMAP_NO_LLSEEK .llseek = no_llseek,
#else
#define EXMAP_NO_LLSEEK
#endif

/* 6.6 added an argument to pte_mkwrite(); pte_mkwrite_novma() is the old function's new name. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define pte_mkwrite_novma(pte) pte_mkwrite(pte)
#endif

/* 6.12 made struct fd one word, which holds the file and its flags; fd_file() extracts the file. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define fd_file(fd) ((fd).file)
#endif

/* The command's payload in the submission queue entry. 6.6 removed the pointer to it. */
static inline const void *exmap_uring_payload(const struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

/* 6.15 added an argument: how the command was issued. */
static inline int exmap_uring_import(u64 addr, size_t len, int direction, struct iov_iter *iter,
				     struct io_uring_cmd *cmd, unsigned int issue_flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	return io_uring_cmd_import_fixed(addr, len, direction, iter, cmd, issue_flags);
#else
	return io_uring_cmd_import_fixed(addr, len, direction, iter, cmd);
#endif
}

/* 6.18 removed the second result. */
static inline void exmap_uring_done(struct io_uring_cmd *cmd, int ret, unsigned int issue_flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done(cmd, ret, issue_flags);
#else
	io_uring_cmd_done(cmd, ret, 0, issue_flags);
#endif
}

/*
 * The number by which all CPUs know the address space in their TLBs, or 0 if each CPU has its own.
 * Since 6.15 the kernel gives out such numbers on AMD's CPUs that have INVLPGB, to processes that
 * run on several CPUs.
 */
static inline u16 exmap_global_asid(struct mm_struct *mm)
{
#ifdef CONFIG_BROADCAST_TLB_FLUSH
	if (!cpu_feature_enabled(X86_FEATURE_INVLPGB))
		return 0;
	/* Pairs with mm_assign_global_asid(), which sets @asid_transition before. */
	return smp_load_acquire(&mm->context.global_asid);
#else
	return 0;
#endif
}

/* Whether some CPUs may not use the global number yet. */
static inline bool exmap_asid_transition(struct mm_struct *mm)
{
#ifdef CONFIG_BROADCAST_TLB_FLUSH
	return READ_ONCE(mm->context.asid_transition);
#else
	return false;
#endif
}

/*
 * Whether page-table entries must be set by the kernel's functions. Those are indirect calls
 * (paravirtual operations), so the module stores to the entries instead. Two kinds of kernel need
 * the functions: one with the debug option PAGE_TABLE_CHECK, which sees every change, and a
 * paravirtual Xen guest, whose page tables are not its own to write.
 */
static inline bool exmap_kernel_sets_entries(void)
{
	return IS_ENABLED(CONFIG_PAGE_TABLE_CHECK) || cpu_feature_enabled(X86_FEATURE_XENPV);
}

/*
 * @by_kernel: the value of exmap_kernel_sets_entries(), which a caller asks once for a whole loop.
 */
static __always_inline void exmap_set_entry(struct mm_struct *mm, unsigned long addr, pte_t *pte,
					    u64 entry, bool by_kernel)
{
	if (by_kernel)
		set_pte_at(mm, addr, pte, __pte(entry));
	else
		native_set_pte(pte, native_make_pte(entry));
}

/* A plain store: the old entry is not needed, so no atomic exchange. */
static __always_inline void exmap_clear_entry(struct mm_struct *mm, unsigned long addr, pte_t *pte,
					      bool by_kernel)
{
	if (by_kernel)
		ptep_get_and_clear(mm, addr, pte);
	else
		native_set_pte(pte, native_make_pte(0));
}

#endif /* EXMAP_KMOD_COMPAT_H */

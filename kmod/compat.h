/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* compat.h - what differs between the kernels we build for, 6.1 and 6.12 */
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

/* 6.3 made vm_flags read-only but for accessors. */
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
 * Whether munmap() or a fixed mmap() has begun to take a mapping out. Since 6.4
 * that is marked before the tree of mappings is changed; before, there is only
 * the tree.
 */
static inline bool exmap_vma_detached(const struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0) && defined(CONFIG_PER_VMA_LOCK)
	return vma->detached;
#else
	return false;
#endif
}

/* 6.4 hid the array of an iovec iterator behind an accessor. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline const struct iovec *iter_iov(const struct iov_iter *iter)
{
	return iter->iov;
}
#endif

/* 6.8 took no_llseek away: no method at all means the same since 6.0. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define EXMAP_NO_LLSEEK .llseek = no_llseek,
#else
#define EXMAP_NO_LLSEEK
#endif

/* 6.6 gave pte_mkwrite() a vma to look at, and this name to what it was. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define pte_mkwrite_novma(pte) pte_mkwrite(pte)
#endif

/* 6.12 put the file and its flags into one word. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define fd_file(fd) ((fd).file)
#endif

/* 6.6 moved the SQE into the command, from a pointer to its payload. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
static inline const void *exmap_uring_payload(struct io_uring_cmd *cmd)
{
	return io_uring_sqe_cmd(cmd->sqe);
}
#else
static inline const void *exmap_uring_payload(struct io_uring_cmd *cmd)
{
	return cmd->cmd;
}
#endif

/*
 * Entries of ours are stored to in place. The kernel's words for it are calls, through
 * the table of paravirtual operations; only the debug option that wants to see every
 * change needs them, and Xen's guests, whose page tables are not theirs to write.
 */
static inline bool exmap_kernel_sets_entries(void)
{
	return IS_ENABLED(CONFIG_PAGE_TABLE_CHECK) || cpu_feature_enabled(X86_FEATURE_XENPV);
}

/* @by_kernel: exmap_kernel_sets_entries(), which loops ask once. */
static __always_inline void exmap_set_entry(struct mm_struct *mm, unsigned long addr, pte_t *pte,
					    u64 entry, bool by_kernel)
{
	if (by_kernel)
		set_pte_at(mm, addr, pte, __pte(entry));
	else
		native_set_pte(pte, native_make_pte(entry));
}

/* Nobody wants to know what was in it, so it is no exchange. */
static __always_inline void exmap_clear_entry(struct mm_struct *mm, unsigned long addr, pte_t *pte,
					      bool by_kernel)
{
	if (by_kernel)
		ptep_get_and_clear(mm, addr, pte);
	else
		native_set_pte(pte, native_make_pte(0));
}

#endif /* EXMAP_KMOD_COMPAT_H */

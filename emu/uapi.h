/* SPDX-License-Identifier: MIT */
/*
 * uapi.h - definitions of the kernel that older headers lack
 *
 * The oldest are Ubuntu 22.04's, of Linux 5.15 and glibc 2.35. Where a newer header defines a macro,
 * its definition is used. The preprocessor cannot test for an enumerator. So an enumerator goes by a
 * macro of the same release, or, if there is none, has a name here that begins with EMU_.
 */
#ifndef EXMAP_EMU_UAPI_H
#define EXMAP_EMU_UAPI_H

#include <linux/io_uring.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

/* asm/mman.h of x86: no other architecture has it. */
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

/* linux/pidfd.h of Linux 6.14: in place of a pidfd, means the calling process. */
#ifndef PIDFD_SELF
#define PIDFD_SELF (-10000)
#endif

/* asm-generic/mman-common.h of Linux 6.13: guard regions. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

/* linux/userfaultfd.h of Linux 6.8. */
#ifndef UFFDIO_MOVE
struct uffdio_move {
	__u64 dst;
	__u64 src;
	__u64 len;
	__u64 mode;
	__s64 move;
};
#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFDIO_MOVE_MODE_DONTWAKE ((__u64)1)
#endif

/* asm-generic/mman-common.h of Linux 5.18. */
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

/* linux/userfaultfd.h of Linux 6.1. */
#ifndef USERFAULTFD_IOC_NEW
#define USERFAULTFD_IOC_NEW _IO(0xaa, 0x00)
#endif

/* linux/io_uring.h of Linux 5.17. */
#ifndef IOSQE_CQE_SKIP_SUCCESS
#define IOSQE_CQE_SKIP_SUCCESS (1U << 6)
#endif

/* linux/io_uring.h of Linux 5.18; the operations are enumerators. */
#ifndef IORING_ENTER_REGISTERED_RING
#define IORING_ENTER_REGISTERED_RING (1U << 4)
#define IORING_REGISTER_RING_FDS 20
#define IORING_OP_MSG_RING 40
#endif

/* linux/io_uring.h of Linux 5.19; the operations are enumerators. */
#ifndef IORING_SETUP_SQE128
#define IORING_SETUP_SQE128 (1U << 10)
#define IORING_SETUP_CQE32 (1U << 11)
#define IORING_FILE_INDEX_ALLOC (~0U)
#define IORING_OP_SOCKET 45
#define IORING_OP_URING_CMD 46
#endif

/* linux/io_uring.h of Linux 6.1: a flag of IORING_OP_URING_CMD. */
#ifndef IORING_URING_CMD_FIXED
#define IORING_URING_CMD_FIXED (1U << 0)
#endif

/*
 * The fields of IORING_OP_URING_CMD, by names that older headers have too: cmd_op is the lower half
 * of off, and uring_cmd_flags is rw_flags. The field cmd is not one of them: this is its offset.
 */
#define EMU_SQE_CMD 48

/* linux/io_uring.h of Linux 6.5. */
#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP (1U << 14)
#define IORING_SETUP_REGISTERED_FD_ONLY (1U << 15)
#endif

/* linux/io_uring.h of Linux 6.6. */
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

/* linux/io_uring.h of Linux 6.10. */
#ifndef IORING_NOP_INJECT_RESULT
#define IORING_NOP_INJECT_RESULT (1U << 0)
#endif

/* linux/io_uring.h of Linux 6.16: the enumerator IORING_OP_PIPE. */
#define EMU_IORING_OP_PIPE 62

/*
 * All headers have the rest, but they cannot be included together with <signal.h>.
 */

/* asm-generic/siginfo.h: the si_code of a SIGSYS by Syscall User Dispatch. */
#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif

/* asm/signal.h. */
#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

/* asm/signal.h: the kernel's struct sigaction, of x86-64 and arm64. */
struct emu_kernel_sigaction {
	void (*handler)(int sig);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* linux/signal.h. */
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

#endif /* EXMAP_EMU_UAPI_H */

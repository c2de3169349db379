/* SPDX-License-Identifier: MIT OR GPL-2.0 WITH Linux-syscall-note */
/*
 * exmap.h - the interface of /dev/exmap
 *
 * A client opens /dev/exmap, maps a *surface* of virtual pages, sets up a pool
 * of frames with EXMAP_IOCTL_SETUP, maps one page per *interface*, and then
 * allocates, frees and reads 4 KiB pages of the surface in batches: it writes
 * up to 512 vectors into an interface's page and issues EXMAP_IOCTL_ACTION.
 *
 * The rules are docs/spec.md; numbers in brackets here are its clauses.
 *
 * Thread-safety: every call may be made from any thread at any time. Calls on
 * one interface are serialised, and share its 512 vectors, so give each thread
 * its own. Calls on different interfaces run in parallel.
 *
 * Compiles as C11, as C++17 and in the kernel.
 */
#ifndef _LINUX_EXMAP_H
#define _LINUX_EXMAP_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/ioctl.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uio.h>
#else
#include <linux/ioctl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#endif

/** EXMAP_PAGE_LEN_BITS - bits of a vector that hold its length in pages. */
#define EXMAP_PAGE_LEN_BITS 12

/** EXMAP_USER_INTERFACE_PAGES - vectors in one interface page [4.1]. */
#define EXMAP_USER_INTERFACE_PAGES 512

/*
 * Offsets for mmap() of the exmap fd [2.1-2.3, 7.3].
 *
 * EXMAP_OFF_EXMAP:		the surface; MAP_SHARED, any length
 * EXMAP_OFF_PTEXPORT:		one read-only 8-byte word for each surface page
 * EXMAP_OFF_INTERFACE(n):	the 4096-byte vector page of interface n
 */
#define EXMAP_OFF_EXMAP 0x0000000000000000UL
#define EXMAP_OFF_PTEXPORT 0x1000000000000000UL
#define EXMAP_OFF_INTERFACE_BASE 0xe000000000000000UL
#define EXMAP_OFF_INTERFACE_MAX 0xf000000000000000UL
#define EXMAP_OFF_INTERFACE(n) (EXMAP_OFF_INTERFACE_BASE | (((uint64_t)(n)) << 12))

/**
 * enum exmap_opcode - what an action or a read does
 * @EXMAP_OP_READ:  read(2) only: map pages and fill them from the backing [5.2]
 * @EXMAP_OP_ALLOC: give a frame to every page of a range without one [4.4]
 * @EXMAP_OP_FREE:  unmap pages; their frames go to this interface's list [4.9]
 * @EXMAP_OP_WRITE: reserved: EINVAL everywhere [4.1]
 */
enum exmap_opcode {
	EXMAP_OP_READ = 0,
	EXMAP_OP_ALLOC = 1,
	EXMAP_OP_FREE = 2,
	EXMAP_OP_WRITE = 3,
};

/**
 * enum exmap_flags - flag bits
 * @EXMAP_ALLOC_PROBE:     accepted and ignored in action flags [4.1]
 * @EXMAP_PAGEFAULT_ALLOC: EXMAP_IOCTL_SETUP refuses it with EINVAL [3.4]
 */
enum exmap_flags {
	EXMAP_ALLOC_PROBE = 1,
	EXMAP_PAGEFAULT_ALLOC = 2,
};

/**
 * struct exmap_iov - one vector: a request on the way in, a result on the way out
 * @value: the whole word; upper 16 bits of a result are zero
 * @page:  in: first page, counted from the start of the surface
 * @len:   in: number of pages, 0 ... 4095
 * @res:   out: 0, or a negative errno (EFAULT [4.5], ENOMEM [4.6])
 * @pages: out: pages newly mapped (ALLOC) or unmapped (FREE)
 *
 * What an action checks of a vector is what it does, and its result is written once [4.2].
 */
struct exmap_iov {
	union {
		uint64_t value;
		struct {
			uint64_t page : 64 - EXMAP_PAGE_LEN_BITS;
			uint64_t len : EXMAP_PAGE_LEN_BITS;
		};
		struct {
			int32_t res;
			int16_t pages;
		};
	};
};

/**
 * struct exmap_user_interface - the page that a client shares with an interface
 * @iov: the vectors of the next action, then the results of the last one
 *
 * Memory of the client and the backend both: a thread that writes a vector
 * while an action runs on the interface makes that vector's request undefined,
 * and nothing else.
 */
struct exmap_user_interface {
	union {
		struct exmap_iov iov[EXMAP_USER_INTERFACE_PAGES];
	};
};

/**
 * struct exmap_ioctl_setup - argument of EXMAP_IOCTL_SETUP [3]
 * @fd:             backing file or block device, open readable and O_DIRECT;
 *                  any negative number for none. A reference is taken: the
 *                  client may close it.
 * @max_interfaces: number of interfaces, 1 ... 256
 * @buffer_size:    number of frames, in pages of 4096 bytes, at least 1
 * @flags:          EXMAP_PAGEFAULT_ALLOC is refused, other bits are ignored
 *
 * Errors: EFAULT bad pointer, EBUSY set up already, EBADF unsuitable fd,
 * EINVAL a bad number or flag, ENOMEM more frames than the machine can give.
 * A SETUP that fails has changed nothing.
 */
struct exmap_ioctl_setup {
	int fd;
	int max_interfaces;
	size_t buffer_size;
	uint64_t flags;
};

/**
 * struct exmap_action_params - argument of EXMAP_IOCTL_ACTION [4]
 * @interface: which interface's vectors, 0 ... max_interfaces - 1
 * @iov_len:   how many of them, 0 ... 512
 * @opcode:    EXMAP_OP_ALLOC or EXMAP_OP_FREE
 * @flags:     ignored
 *
 * The ioctl returns the number of vectors with a negative result. Errors:
 * EBADF before SETUP, EPROTO without a mapped surface or in a forked child,
 * EFAULT bad pointer, EINVAL bad interface, opcode or iov_len; then no vector
 * has been touched.
 */
struct exmap_action_params {
	uint16_t interface;
	uint16_t iov_len;
	uint16_t opcode;
	uint64_t flags;
};

/**
 * struct exmap_ioctl_stats - result of EXMAP_IOCTL_STATS [7.1]
 * @flags:          bit 0: set up and mapped
 * @buffer_size:    frames of the pool
 * @alloc_count:    pages mapped at this moment
 * @max_interfaces: interfaces of the pool
 */
struct exmap_ioctl_stats {
	uint64_t flags;
	uint64_t buffer_size;
	uint64_t alloc_count;
	uint32_t max_interfaces;
};

/**
 * struct exmap_uring_cmd - what an io_uring URING_CMD carries [7.5]
 * @iov: address and length in bytes of surface memory
 */
struct exmap_uring_cmd {
	struct iovec iov;
};

#define EXMAP_IOCTL_SETUP _IOC(_IOC_WRITE, 'k', 1, sizeof(struct exmap_ioctl_setup))
#define EXMAP_IOCTL_ACTION _IOC(_IOC_WRITE, 'k', 2, sizeof(struct exmap_action_params))
#define EXMAP_IOCTL_CLONE _IOC(_IOC_WRITE, 'k', 3, sizeof(int)) /* argument: the fd itself [7.2] */
#define EXMAP_IOCTL_STATS _IOC(_IOC_WRITE, 'k', 4, sizeof(struct exmap_ioctl_stats))

/** SYS_EXMAP_ACTION - syscall(400, fd, opcode, interface, iov_len) [7.4]. */
#define SYS_EXMAP_ACTION 400

/* The layout is the ABI. */
#if defined(__cplusplus)
#define EXMAP_ASSERT(cond) static_assert(cond, #cond)
#elif defined(__KERNEL__)
#define EXMAP_ASSERT(cond) static_assert(cond)
#else
#define EXMAP_ASSERT(cond) _Static_assert(cond, #cond)
#endif

EXMAP_ASSERT(sizeof(struct exmap_iov) == 8);
EXMAP_ASSERT(offsetof(struct exmap_iov, value) == 0);
EXMAP_ASSERT(offsetof(struct exmap_iov, res) == 0);
EXMAP_ASSERT(offsetof(struct exmap_iov, pages) == 4);
EXMAP_ASSERT(sizeof(struct exmap_user_interface) == 4096);
EXMAP_ASSERT(offsetof(struct exmap_user_interface, iov) == 0);
EXMAP_ASSERT(sizeof(struct exmap_ioctl_setup) == 24);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_setup, fd) == 0);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_setup, max_interfaces) == 4);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_setup, buffer_size) == 8);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_setup, flags) == 16);
EXMAP_ASSERT(sizeof(struct exmap_action_params) == 16);
EXMAP_ASSERT(offsetof(struct exmap_action_params, interface) == 0);
EXMAP_ASSERT(offsetof(struct exmap_action_params, iov_len) == 2);
EXMAP_ASSERT(offsetof(struct exmap_action_params, opcode) == 4);
EXMAP_ASSERT(offsetof(struct exmap_action_params, flags) == 8);
EXMAP_ASSERT(sizeof(struct exmap_ioctl_stats) == 32);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, flags) == 0);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, buffer_size) == 8);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, alloc_count) == 16);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, max_interfaces) == 24);
EXMAP_ASSERT(sizeof(struct exmap_uring_cmd) == 16);

#undef EXMAP_ASSERT

#endif /* _LINUX_EXMAP_H */

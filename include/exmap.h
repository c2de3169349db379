/* SPDX-License-Identifier: MIT OR GPL-2.0 WITH Linux-syscall-note */
/*
 * exmap.h - the interface of /dev/exmap
 *
 * A client works in four steps:
 *
 * 1. It opens /dev/exmap; or /dev/exmap0 to /dev/exmap4, which follow the LeanStore dialect [8.9].
 * 2. It maps a *surface*: a range of virtual pages, none of which has memory yet.
 * 3. It issues EXMAP_IOCTL_SETUP, which makes a pool of *frames*, and maps one page for each
 *    *interface*.
 * 4. It writes up to 512 *vectors* into an interface's page and issues EXMAP_IOCTL_ACTION, which
 *    allocates or frees the 4096-byte pages of the surface that the vectors name, or shows their
 *    content a second time.
 *
 * docs/spec.md has the rules. A number in brackets is the number of one of its clauses.
 *
 * Thread-safety: any thread may make any call at any time. Calls on different interfaces run in
 * parallel. Calls on one interface run one after the other and share its 512 vectors, so each
 * thread should have an interface of its own.
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

/** EXMAP_PAGE_LEN_BITS - bits of a vector that hold the number of pages. */
#define EXMAP_PAGE_LEN_BITS 12

/** EXMAP_USER_INTERFACE_PAGES - vectors in one interface page [4.1]. */
#define EXMAP_USER_INTERFACE_PAGES 512

/*
 * Offsets for mmap() of an exmap's descriptor [2.1-2.3, 7.3].
 *
 * EXMAP_OFF_EXMAP         the surface; MAP_SHARED, any length
 * EXMAP_OFF_PTEXPORT      the page-table export: read-only, 8 bytes for each page of the surface
 * EXMAP_OFF_INTERFACE(n)  the 4096-byte page that holds the vectors of interface n
 */
#define EXMAP_OFF_EXMAP 0x0000000000000000UL
#define EXMAP_OFF_PTEXPORT 0x1000000000000000UL
#define EXMAP_OFF_INTERFACE_BASE 0xe000000000000000UL
#define EXMAP_OFF_INTERFACE_MAX 0xf000000000000000UL
#define EXMAP_OFF_INTERFACE(n) (EXMAP_OFF_INTERFACE_BASE | (((uint64_t)(n)) << 12))

/**
 * enum exmap_opcode - what an action or a read does
 * @EXMAP_OP_READ:  read(2) only: give frames to pages and fill them from the backing [5.2]
 * @EXMAP_OP_ALLOC: give a frame to each page of a range that has none [4.4]
 * @EXMAP_OP_FREE:  unmap pages; their frames go to the list of the interface that frees them [4.9]
 * @EXMAP_OP_SHADOW: show the content of pages a second time, as neighbours, elsewhere in the surface
 *                   [8.1]
 * @EXMAP_OP_RM_SD: end all shadows that the interface has made [8.6]
 * @EXMAP_OP_WRITE: reserved; every call answers EINVAL [4.1]
 */
enum exmap_opcode {
	EXMAP_OP_READ = 0,
	EXMAP_OP_ALLOC = 1,
	EXMAP_OP_FREE = 2,
	EXMAP_OP_SHADOW = 3,
	EXMAP_OP_RM_SD = 4,
	EXMAP_OP_WRITE = 5,
};

/**
 * enum exmap_flags - flag bits
 * @EXMAP_ALLOC_PROBE:     accepted and ignored in action flags [4.1]
 * @EXMAP_PAGEFAULT_ALLOC: EXMAP_IOCTL_SETUP refuses it with EINVAL if it is the only bit [3.4]; CPU
 *                         affinity, a hint that is ignored, in the LeanStore dialect [8.10]
 */
enum exmap_flags {
	EXMAP_ALLOC_PROBE = 1,
	EXMAP_PAGEFAULT_ALLOC = 2,
};

/**
 * struct exmap_iov - one vector: the client writes a request, an action replaces it by a result
 * @value: the whole word; the upper 16 bits of a result are zero
 * @page:  request: first page, counted from the start of the surface
 * @len:   request: number of pages, 0 to 4095
 * @res:   result: 0, or a negative errno: -EFAULT [4.5] or -ENOMEM [4.6]
 * @pages: result: number of pages that this vector newly mapped (ALLOC) or unmapped (FREE)
 *
 * Example: ALLOC of { page 8, len 4 } where page 9 is mapped already gives { res 0, pages 3 }.
 *
 * An action reads each vector once and writes each result once [4.2].
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
 * @iov: the requests of the next action; after an action, its results
 *
 * A client must not write a vector while an action runs on the interface. If it does, it is
 * undefined which request the action performs for that vector. Nothing else is affected: the action
 * performs only what it has checked.
 */
struct exmap_user_interface {
	union {
		struct exmap_iov iov[EXMAP_USER_INTERFACE_PAGES];
	};
};

/**
 * struct exmap_ioctl_setup - argument of EXMAP_IOCTL_SETUP [3]
 * @fd:             the backing, a regular file or a block device, open for reading and with
 *                  O_DIRECT; or any negative number for no backing. The exmap takes a reference of
 *                  its own, so the client may close @fd after SETUP.
 * @max_interfaces: number of interfaces, 1 to 256
 * @buffer_size:    number of frames, 4096 bytes each, at least 1
 * @flags:          must not be EXMAP_PAGEFAULT_ALLOC; all other values are ignored [3.4, 8.10]
 *
 * Errors: EFAULT (bad pointer), EBUSY (SETUP was done already), EBADF (unsuitable @fd), EINVAL (bad
 * number or flag), ENOMEM (more frames than the machine can give). A SETUP that fails has changed
 * nothing.
 */
struct exmap_ioctl_setup {
	int fd;
	int max_interfaces;
	size_t buffer_size;
	uint64_t flags;
};

/**
 * struct exmap_action_params - argument of EXMAP_IOCTL_ACTION [4]
 * @interface: number of the interface whose vectors are performed, 0 to max_interfaces - 1
 * @iov_len:   number of vectors, 0 to 512, from the first one on
 * @opcode:    EXMAP_OP_ALLOC, EXMAP_OP_FREE, EXMAP_OP_SHADOW or EXMAP_OP_RM_SD
 * @page_id:   SHADOW: number of the first target page [8.1]
 * @flags:     other opcodes: ignored
 *
 * ALLOC and FREE return the number of vectors with a negative result. SHADOW and RM_SD return 0,
 * and write no result into the vectors. In the LeanStore dialect ALLOC may fail with ENOMEM [8.11].
 *
 * Errors: EBADF (no SETUP yet), EPROTO (no surface is mapped, or the caller is a forked child),
 * EFAULT (bad pointer; SHADOW: a source or a target outside the surface), EINVAL (bad @interface,
 * @opcode or @iov_len), ENOMEM (SHADOW: too many shadows [8.5]). After EBADF, EFAULT and EINVAL no
 * vector and no page has changed.
 */
struct exmap_action_params {
	uint16_t interface;
	uint16_t iov_len;
	uint16_t opcode;
	union {
		uint64_t page_id;
		uint64_t flags;
	};
};

/**
 * struct exmap_ioctl_stats - result of EXMAP_IOCTL_STATS [7.1]
 * @flags:          bit 0: SETUP is done and the surface is mapped
 * @buffer_size:    number of frames in the pool; 0 before SETUP
 * @alloc_count:    number of pages mapped at this moment
 * @max_interfaces: number of interfaces; 0 before SETUP
 */
struct exmap_ioctl_stats {
	uint64_t flags;
	uint64_t buffer_size;
	uint64_t alloc_count;
	uint32_t max_interfaces;
};

/**
 * struct exmap_uring_cmd - payload of an IORING_OP_URING_CMD [7.5]
 * @iov: a range of the surface: address and length in bytes. With IORING_URING_CMD_FIXED, a range
 *       of the registered buffer, which holds vectors.
 */
struct exmap_uring_cmd {
	struct iovec iov;
};

/*
 * The ioctls. CLONE takes a number, the others take a pointer.
 *
 * SETUP   struct exmap_ioctl_setup *    make the pool and the interfaces [3]
 * ACTION  struct exmap_action_params *  perform vectors of an interface [4]
 * CLONE   descriptor of another exmap   act on that exmap from now on [7.2]
 * STATS   struct exmap_ioctl_stats *    filled in with figures [7.1]
 */
#define EXMAP_IOCTL_SETUP _IOC(_IOC_WRITE, 'k', 1, sizeof(struct exmap_ioctl_setup))
#define EXMAP_IOCTL_ACTION _IOC(_IOC_WRITE, 'k', 2, sizeof(struct exmap_action_params))
#define EXMAP_IOCTL_CLONE _IOC(_IOC_WRITE, 'k', 3, sizeof(int))
#define EXMAP_IOCTL_STATS _IOC(_IOC_WRITE, 'k', 4, sizeof(struct exmap_ioctl_stats))

/** SYS_EXMAP_ACTION - ACTION as syscall(400, fd, opcode, interface, iov_len) [7.4]. */
#define SYS_EXMAP_ACTION 400

/* Clients are compiled against these sizes and offsets. */
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
EXMAP_ASSERT(offsetof(struct exmap_action_params, page_id) == 8);
EXMAP_ASSERT(offsetof(struct exmap_action_params, flags) == 8);
EXMAP_ASSERT(sizeof(struct exmap_ioctl_stats) == 32);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, flags) == 0);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, buffer_size) == 8);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, alloc_count) == 16);
EXMAP_ASSERT(offsetof(struct exmap_ioctl_stats, max_interfaces) == 24);
EXMAP_ASSERT(sizeof(struct exmap_uring_cmd) == 16);

#undef EXMAP_ASSERT

#endif /* _LINUX_EXMAP_H */

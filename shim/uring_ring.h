/* SPDX-License-Identifier: MIT */
/* uring_ring.h - what we know of a ring; between uring_setup.c, uring_enter.c and uring_register.c */
#ifndef EXMAP_SHIM_URING_RING_H
#define EXMAP_SHIM_URING_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "emu/device.h"
#include "emu/uapi.h"

/**
 * struct uring - a ring
 * @fd:      of the client; constant
 * @refs:    the table's, and users'; under the table's lock
 * @lock:    protects what follows, and that one thread at a time looks at entries
 * @memory:  our own mapping of the submission ring, or NULL if the client gave the memory
 * @len:     its size
 * @entries: submission entries, ours to change between the client's tail and the kernel's head
 * @entries_len: size of our mapping of them, or 0
 * @shift:   log2 of an entry's size
 * @head:    the kernel's
 * @tail:    the client's
 * @mask:    number of entries less one
 * @array:   indices of entries, or NULL if there is no such indirection
 * @cq:      completion ring: where @cq_tail, the kernel's, counts
 * @cq_mask: number of completions less one
 * @cq_shift: log2 of a completion's size
 * @files:   registered exmaps, NULL for other files; @nr_files of them
 * @buffers: registered buffers; @nr_buffers of them
 */
struct uring {
	int fd;
	unsigned int refs;
	pthread_mutex_t lock;
	char *memory;
	size_t len;
	char *entries;
	size_t entries_len;
	unsigned int shift;
	unsigned int *head;
	unsigned int *tail;
	unsigned int mask;
	unsigned int *array;
	char *cq;
	unsigned int *cq_tail;
	unsigned int cq_mask;
	unsigned int cq_shift;
	struct exmap_file **files;
	unsigned int nr_files;
	struct iovec *buffers;
	unsigned int nr_buffers;
};

/** uring_get() - the ring that an fd is, with a reference, or NULL. */
struct uring *uring_get(int fd);
void uring_put(struct uring *ring);

/**
 * uring_map() - our own view of the memory that the kernel and the client share
 * @ring:   with only @fd set; the rest is filled in
 * @params: as the kernel has answered
 *
 * Return: false if it cannot be mapped; uring_unmap() is due all the same.
 */
bool uring_map(struct uring *ring, const struct io_uring_params *params);
void uring_unmap(struct uring *ring);

/** uring_forget_files() - no registered files any more; the ring locked, or nobody's. */
void uring_forget_files(struct uring *ring);

/** uring_forget_file() - a slot of the registered files has no exmap any more; the ring locked. */
void uring_forget_file(struct uring *ring, unsigned int slot);

/** uring_update_files() - register fds in the place of others; the ring locked. Return: how many. */
long uring_update_files(struct uring *ring, const int *fds, unsigned int nr, unsigned int offset);

/** uring_forget_buffers() - no registered buffers any more; as above. */
void uring_forget_buffers(struct uring *ring);

#endif /* EXMAP_SHIM_URING_RING_H */

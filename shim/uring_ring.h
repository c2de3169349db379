/* SPDX-License-Identifier: MIT */
/*
 * uring_ring.h - what the shim knows of a ring; for uring_setup.c, uring_register.c and
 * uring_enter.c
 */
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
 * @fd:      the client's; constant
 * @refs:    one of the table's, and one for each user; under the table's lock
 * @lock:    protects what the client registered; held while entries are looked at
 *
 * Constant once uring_map() has filled them in:
 * @memory:  the shim's mapping of both rings, or NULL if the client gave their memory
 * @len:     its size, in bytes
 * @entries: the submission entries; those between *@head and *@tail may be rewritten
 * @entries_len: size of the shim's mapping of them, or 0 if the client gave their memory
 * @shift:   log2 of an entry's size in bytes
 * @head:    where the kernel goes on reading entries
 * @tail:    where the client goes on writing them
 * @mask:    number of entries, less one
 * @array:   indices of entries in the order of submission, or NULL if the ring has none
 * @cq:      the completions
 * @cq_tail: where the kernel goes on writing them
 * @cq_mask: number of completions, less one
 * @cq_shift: log2 of a completion's size in bytes
 *
 * Under @lock:
 * @files:   the registered exmaps, each with a reference; NULL where another file is
 * @nr_files: number of registered files
 * @buffers: a copy of the registered buffers' addresses and lengths
 * @nr_buffers: number of them, 0 if they are not known
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

/**
 * uring_get() - the ring of an fd, with a reference
 *
 * Context: any thread.
 * Return: the ring, for uring_put(); or NULL if the fd is no ring that the shim knows.
 */
struct uring *uring_get(int fd);
void uring_put(struct uring *ring);

/**
 * uring_map() - map the memory that the kernel shares with the ring's user
 * @ring:   only @fd is set; the constant fields are filled in
 * @params: as the kernel has filled them in
 *
 * Return: false if it cannot be mapped. uring_unmap() has to follow in either case.
 */
bool uring_map(struct uring *ring, const struct io_uring_params *params);
void uring_unmap(struct uring *ring);

/* Forget what the client registered: all files, one of them, all buffers. The ring locked. */
void uring_forget_files(struct uring *ring);
void uring_forget_file(struct uring *ring, unsigned int slot);
void uring_forget_buffers(struct uring *ring);

/**
 * uring_update_files() - register files in slots that exist, exmaps among them
 * @ring:   locked
 * @fds:    the client's array, good or bad; -1 empties a slot
 * @nr:     number of fds
 * @offset: the first slot
 *
 * Return: the number of slots updated, or a negative errno.
 */
long uring_update_files(struct uring *ring, const int *fds, unsigned int nr, unsigned int offset);

#endif /* EXMAP_SHIM_URING_RING_H */

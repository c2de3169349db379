// SPDX-License-Identifier: MIT
/*
 * uring_setup.c - io_uring_setup(): the table of rings, and the shim's view of their memory
 *
 * The kernel makes the ring. The shim maps the ring's memory a second time, so that it
 * can look at entries when the client submits them.
 */

#include "emu/hidden_fd.h"
#include "emu/say.h"
#include "shim/real.h"

#include "emu/reentry.h"
#include "shim/uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu/sys.h"
#include "shim/fdtable.h"
#include "shim/uring_ring.h"

bool uring_any;

/* Protects the table of rings and their reference counts; nothing is locked inside it. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
/* The rings by fd. A program has few, so it is an array that grows. */
static struct uring **table;
static unsigned int table_len;

void uring_lock(void)
{
	emu_note_lock();
	pthread_mutex_lock(&table_lock);
}

void uring_unlock(void)
{
	pthread_mutex_unlock(&table_lock);
	emu_note_unlock();
}

struct uring *uring_get(int fd)
{
	struct uring *ring = NULL;

	if (!__atomic_load_n(&uring_any, __ATOMIC_ACQUIRE))
		return NULL;
	uring_lock();
	if ((unsigned int)fd < table_len)
		ring = table[fd];
	if (ring)
		ring->refs++;
	uring_unlock();
	return ring;
}

void uring_forget_files(struct uring *ring)
{
	for (unsigned int i = 0; i < ring->nr_files; i++) {
		if (ring->files[i])
			emu_file_put(ring->files[i]);
	}
	free(ring->files);
	ring->files = NULL;
	ring->nr_files = 0;
}

void uring_forget_file(struct uring *ring, unsigned int slot)
{
	if (slot >= ring->nr_files || !ring->files[slot])
		return;
	emu_file_put(ring->files[slot]);
	ring->files[slot] = NULL;
}

void uring_forget_buffers(struct uring *ring)
{
	free(ring->buffers);
	ring->buffers = NULL;
	ring->nr_buffers = 0;
}

void uring_unmap(struct uring *ring)
{
	if (ring->memory)
		emu_sys(SYS_munmap, ring->memory, ring->len);
	if (ring->entries_len)
		emu_sys(SYS_munmap, ring->entries, ring->entries_len);
}

static void destroy(struct uring *ring)
{
	uring_unmap(ring);
	uring_forget_files(ring);
	uring_forget_buffers(ring);
	pthread_mutex_destroy(&ring->lock);
	free(ring);
}

void uring_put(struct uring *ring)
{
	bool last;

	uring_lock();
	last = --ring->refs == 0;
	uring_unlock();
	if (last)
		destroy(ring);
}

static bool put_in_table(struct uring *ring)
{
	struct uring **longer;
	struct uring *old = NULL;
	unsigned int n;

	uring_lock();
	if ((unsigned int)ring->fd >= table_len) {
		n = ring->fd + 64;
		longer = realloc(table, n * sizeof(*table));
		if (!longer) {
			uring_unlock();
			return false;
		}
		for (unsigned int i = table_len; i < n; i++)
			longer[i] = NULL;
		table = longer;
		table_len = n;
	}
	/* A ring of the same fd was closed by a system call that the shim did not see. */
	old = table[ring->fd];
	table[ring->fd] = ring;
	uring_unlock();
	__atomic_store_n(&uring_any, true, __ATOMIC_RELEASE);
	if (old)
		uring_put(old);
	return true;
}

void uring_close(int fd)
{
	struct uring *ring = uring_get(fd);

	if (!ring)
		return;
	uring_lock();
	if (table[fd] == ring) {
		table[fd] = NULL;
		ring->refs--;
	}
	uring_unlock();
	uring_put(ring);
}

/*
 * The last word of struct io_sqring_offsets or io_cqring_offsets: user_addr, the address of memory
 * that the client gave. Headers before Linux 6.5 have another name for it.
 */
static char *user_addr(const void *offsets, size_t size)
{
	char *addr;

	memcpy(&addr, (const char *)offsets + size - sizeof(addr), sizeof(addr));
	return addr;
}

bool uring_map(struct uring *ring, const struct io_uring_params *p)
{
	const struct io_sqring_offsets *off = &p->sq_off;
	bool array = !(p->flags & IORING_SETUP_NO_SQARRAY);
	char *sq = user_addr(&p->cq_off, sizeof(p->cq_off));

	ring->shift = p->flags & IORING_SETUP_SQE128 ? 7 : 6;
	ring->cq_shift = p->flags & IORING_SETUP_CQE32 ? 5 : 4;
	ring->entries = user_addr(&p->sq_off, sizeof(p->sq_off));
	if (!(p->flags & IORING_SETUP_NO_MMAP)) {
		/* One mapping has both rings: IORING_FEAT_SINGLE_MMAP, Linux 5.4. */
		ring->len = p->cq_off.cqes + ((size_t)p->cq_entries << ring->cq_shift);
		if (array && ring->len < off->array + p->sq_entries * sizeof(*ring->array))
			ring->len = off->array + p->sq_entries * sizeof(*ring->array);
		sq = (char *)emu_sys(SYS_mmap, NULL, ring->len, PROT_READ | PROT_WRITE, MAP_SHARED,
				     ring->fd, IORING_OFF_SQ_RING);
		if (emu_is_error(sq))
			return false;
		ring->memory = sq;
		ring->entries_len = (size_t)p->sq_entries << ring->shift;
		ring->entries =
			(char *)emu_sys(SYS_mmap, NULL, ring->entries_len, PROT_READ | PROT_WRITE,
					MAP_SHARED, ring->fd, IORING_OFF_SQES);
		if (emu_is_error(ring->entries)) {
			ring->entries_len = 0;
			return false;
		}
	}
	ring->head = (unsigned int *)(sq + off->head);
	ring->tail = (unsigned int *)(sq + off->tail);
	ring->mask = p->sq_entries - 1;
	ring->cq = sq + p->cq_off.cqes;
	ring->cq_tail = (unsigned int *)(sq + p->cq_off.tail);
	ring->cq_mask = p->cq_entries - 1;
	ring->array = array ? (unsigned int *)(sq + off->array) : NULL;
	return true;
}

static long add_ring(int fd, const struct io_uring_params *params)
{
	struct uring *ring = fd < EMU_MAX_FDS ? calloc(1, sizeof(*ring)) : NULL;

	if (!ring)
		return -ENOMEM;
	ring->fd = fd;
	ring->refs = 1;
	pthread_mutex_init(&ring->lock, NULL);
	if (uring_map(ring, params) && put_in_table(ring))
		return fd;
	destroy(ring);
	return -ENOMEM;
}

long uring_setup(const struct syscall_args *args)
{
	struct io_uring_params *params = (struct io_uring_params *)args->b;
	long fd = emu_sys(SYS_io_uring_setup, args->a, params);
	long ret;

	if (fd < 0)
		return fd;
	/* The kernel has read and written *@params, so the address is good. */
	if (params->flags & IORING_SETUP_SQPOLL) {
		if (!fdtable_any())
			return fd;
		emu_say("io_uring_setup: with IORING_SETUP_SQPOLL the kernel reads entries by "
			"itself, and knows no emulated exmap (EPERM); make the ring without it");
		ret = -EPERM;
	} else if (params->flags & IORING_SETUP_REGISTERED_FD_ONLY) {
		return fd;
	} else {
		ret = add_ring(fd, params);
	}
	if (ret < 0)
		emu_sys(SYS_close, fd);
	return ret;
}

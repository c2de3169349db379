// SPDX-License-Identifier: MIT
/*
 * engine_ring.c - io_uring writes pages to the database while their shadows are read
 *
 * The group-commit thread of such an engine writes an object's pages from the surface on the database's
 * own descriptor, which is no exmap's. When that is done the pages may be evicted at once.
 */
#include "engine.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

#define EXTENTS 6
#define ROUNDS 100

static struct engine e;

static struct {
	int fd;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
} ring;

static void *map_ring(size_t bytes, off_t offset)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
		    offset);
}

static int ring_open(void)
{
	ring.fd = syscall(SYS_io_uring_setup, 64, &ring.p);
	if (ring.fd < 0)
		return 0;
	ring.sq = (char *)map_ring(ring.p.sq_off.array + ring.p.sq_entries * 4, IORING_OFF_SQ_RING);
	ring.cq = (char *)map_ring(ring.p.cq_off.cqes +
					   ring.p.cq_entries * sizeof(struct io_uring_cqe),
				   IORING_OFF_CQ_RING);
	ring.sqes = (struct io_uring_sqe *)map_ring(ring.p.sq_entries * sizeof(struct io_uring_sqe),
						    IORING_OFF_SQES);
	return ring.sq != MAP_FAILED && ring.cq != MAP_FAILED && (void *)ring.sqes != MAP_FAILED;
}

static uint32_t *in(char *part, uint32_t offset)
{
	return (uint32_t *)(part + offset);
}

static void add_write(const struct engine_extent *extent)
{
	uint32_t *tail = in(ring.sq, ring.p.sq_off.tail);
	uint32_t slot = *tail & *in(ring.sq, ring.p.sq_off.ring_mask);

	ring.sqes[slot] = (struct io_uring_sqe){
		.opcode = IORING_OP_WRITE,
		.fd = e.db,
		.addr = (uintptr_t)engine_at(&e, extent->page),
		.len = extent->len * PAGE,
		.off = extent->page * PAGE,
	};
	in(ring.sq, ring.p.sq_off.array)[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

static int submit(int n)
{
	return syscall(SYS_io_uring_enter, ring.fd, n, 0, 0, NULL, 0) == n;
}

/* Waits for @n writes. Return: whether their results add up to @bytes. */
static int reap(int n, uint64_t bytes)
{
	uint32_t *head = in(ring.cq, ring.p.cq_off.head);
	uint32_t mask = *in(ring.cq, ring.p.cq_off.ring_mask);
	uint64_t done = 0;

	while (n) {
		struct io_uring_cqe *cqe =
			(struct io_uring_cqe *)(ring.cq + ring.p.cq_off.cqes) + (*head & mask);

		if (*head == __atomic_load_n(in(ring.cq, ring.p.cq_off.tail), __ATOMIC_ACQUIRE)) {
			syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
			continue;
		}
		if (cqe->res < 0)
			return 0;
		done += cqe->res;
		__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
		n--;
	}
	return done == bytes;
}

static void one_object(int round)
{
	struct engine_extent extent[EXTENTS];
	uint64_t area = engine_area(&e, 0);
	uint64_t pages = (1UL << EXTENTS) - 1;
	int evicted = 0;

	for (int i = 0; i < EXTENTS; i++) {
		extent[i].page = i * 150 + round % 90;
		extent[i].len = 1UL << i;
	}
	engine_alloc(&e, 0, extent, EXTENTS);
	for (int i = 0; i < EXTENTS; i++) {
		for (uint64_t page = extent[i].page; page < extent[i].page + extent[i].len;
		     page++) {
			for (size_t j = 0; j < PAGE / 8; j++)
				((uint64_t *)engine_at(&e, page))[j] = engine_word(page);
		}
		add_write(&extent[i]);
	}
	CHECK(submit(EXTENTS));
	CHECK(engine_shadow(&e, 0, extent, EXTENTS, area) == 0);
	CHECK(engine_shows(&e, area, extent, EXTENTS));
	CHECK(reap(EXTENTS, pages * PAGE));
	CHECK(engine_rm_shadow(&e, 0) == 0);
	/* A page that the kernel has not let go of yet may be kept for a moment [4.11]. */
	for (int i = 0; i < 1000 && evicted < (int)pages; i++) {
		CHECK(engine_free(&e, 0, extent, EXTENTS) == 0);
		for (int n = 0; n < EXTENTS; n++)
			evicted += ((const struct exmap_iov *)e.vector[0])[n].pages;
	}
	CHECK(evicted == (int)pages);
	for (int i = 0; i < EXTENTS; i++)
		CHECK(engine_read(&e, 0, extent[i].page));
	CHECK(engine_holds(engine_at(&e, extent[5].page), extent[5].page));
	CHECK(engine_free(&e, 0, extent, EXTENTS) == 0);
}

int main(void)
{
	if (!ring_open()) {
		check_skip("io_uring", "this kernel or container refuses it");
		check_done();
		return 77;
	}
	engine_open(&e, 1, 1024, 64, 80, 0);
	for (int round = 0; round < ROUNDS; round++)
		one_object(round);
	return check_done();
}

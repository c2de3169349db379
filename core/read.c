// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* read.c - pages mapped and filled in one call, by byte ranges; see action.h */

#include "core/action.h"

/* As long as a call can be; what the kernel's read(2) does too. */
#define EXMAP_READ_MAX 0x7ffff000ULL

/* Bytes of ranges that are read as one, at most: as much as a batch of single pages. */
#define EXMAP_READ_GROUP (EXMAP_USER_INTERFACE_PAGES * EXMAP_PAGE_SIZE)

/*
 * Claims every page of the range, or none.
 *
 * Return: 1, or 0 if a page is mapped already, or -EPROTO if the surface has gone.
 */
static int claim_all(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		     u64 page, u64 len)
{
	struct exmap_run *run = &ifc->runs[0];

	for (unsigned int round = 0;; round++) {
		u64 pos = page;
		bool mapped;
		u32 unused;

		switch (exmap_claim_run(s, false, &pos, page + len, run)) {
		case EXMAP_CLAIM_END:
			return 0;
		case EXMAP_CLAIM_RUN:
			run->vec = 0;
			run->step = 0;
			ifc->nr_runs = 1;
			ifc->nr_pages = run->len;
			if (run->len == len)
				return 1;
			/* It skips mapped pages, and stops at mapped and at busy ones. */
			mapped = run->page != page ||
				 exmap_load(exmap_word(s, page + run->len)) & EXMAP_WORD_PRESENT;
			exmap_batch_trim(ifc, pool, s, 0, &unused);
			if (mapped)
				return 0;
			break;
		case EXMAP_CLAIM_BUSY:
			break;
		}
		if (!s->ops->wait(s, ifc->id, round))
			return -EPROTO;
	}
}

static void free_pages(struct exmap_interface *ifc, struct exmap_surface *s, u64 page, u32 len)
{
	struct exmap_run run = { .page = page, .word = exmap_word(s, page), .len = len };

	if (len)
		s->ops->unmap(s, ifc->id, &run, 1);
}

/*
 * Fills the batch's one run from the backing. Pages that do not end up mapped
 * are trimmed off it.
 */
static s64 fill(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s)
{
	u64 page = ifc->runs[0].page;
	s64 bytes = s->ops->fill(s, ifc->id, page, ifc->runs[0].len);
	u32 unused;

	exmap_batch_trim(ifc, pool, s,
			 bytes > 0 ? (bytes + EXMAP_PAGE_SIZE - 1) >> EXMAP_PAGE_SHIFT : 0,
			 &unused);
	if (bytes > 0)
		exmap_count(&ifc->counts.bytes_read, bytes);
	return bytes;
}

/* One range that has been checked. Return: bytes, 0 if a page is mapped already, or an errno. */
static s64 read_range(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		      unsigned int opcode, u64 page, u64 len)
{
	s64 bytes = len << EXMAP_PAGE_SHIFT;
	u32 unused;
	int ret;

	if (!s->ops->prepare(s, page, len))
		return -ENOMEM;
	ret = claim_all(ifc, pool, s, page, len);
	if (ret <= 0)
		return ret;
	if (opcode == EXMAP_OP_ALLOC) {
		if (!exmap_batch_map(ifc, pool, s, &unused)) {
			/* What did get mapped must not stay [5.3]. */
			if (ifc->nr_runs)
				free_pages(ifc, s, page, ifc->runs[0].len);
			exmap_batch_trim(ifc, pool, s, 0, &unused);
			return -ENOMEM;
		}
	} else {
		if (exmap_batch_give_frames(ifc, pool, s) < len) {
			exmap_batch_trim(ifc, pool, s, 0, &unused);
			return -ENOMEM;
		}
		bytes = fill(ifc, pool, s);
	}
	exmap_batch_publish(ifc, s);
	return bytes;
}

static s64 check_range(const struct exmap_surface *s, u64 addr, u64 len)
{
	if ((addr | len) % EXMAP_PAGE_SIZE)
		return -EINVAL;
	if (addr < s->base ||
	    !exmap_in_surface(s, (addr - s->base) >> EXMAP_PAGE_SHIFT, len >> EXMAP_PAGE_SHIFT))
		return -EFAULT;
	return 0;
}

/* Ranges from the first on that lie one behind another. Return: how many; @len: of all. */
static unsigned int neighbours(const struct exmap_surface *s, const struct iovec *iov,
			       unsigned int nr_iov, u64 *len)
{
	u64 start = (uintptr_t)iov->iov_base;
	unsigned int n = 0;

	*len = 0;
	while (n < nr_iov && (uintptr_t)iov[n].iov_base == start + *len &&
	       iov[n].iov_len <= EXMAP_READ_GROUP - *len &&
	       !check_range(s, start + *len, iov[n].iov_len))
		*len += iov[n++].iov_len;
	return n;
}

/* Return: bytes, 0 if a page is mapped already, or an errno. */
static s64 read_bytes(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		      unsigned int opcode, const struct iovec *iov, u64 len)
{
	u64 addr = (uintptr_t)iov->iov_base;

	return read_range(ifc, pool, s, opcode, (addr - s->base) >> EXMAP_PAGE_SHIFT,
			  len >> EXMAP_PAGE_SHIFT);
}

/*
 * Reads neighbours as one. Where that does not go well, the client must not see it: the
 * rest of them are read again one by one, each by its own rules [5.3-5.5].
 *
 * Return: how many are done, or -1 if the end of the backing is inside one.
 */
static int read_neighbours(struct exmap_interface *ifc, struct exmap_pool *pool,
			   struct exmap_surface *s, unsigned int opcode, const struct iovec *iov,
			   u64 len, u64 *done)
{
	s64 ret = read_bytes(ifc, pool, s, opcode, iov, len);
	int n = 0;

	if (ret <= 0)
		return 0;
	*done += ret;
	while (ret && (u64)ret >= iov[n].iov_len)
		ret -= iov[n++].iov_len;
	return ret ? -1 : n;
}

s64 exmap_read(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
	       unsigned int opcode, const struct iovec *iov, unsigned int nr_iov)
{
	/* Ranges before it have been tried together with those before them. */
	unsigned int tried = 0;
	unsigned int i = 0;
	u64 done = 0;
	s64 ret = 0;
	u64 len;

	while (i < nr_iov && done < EXMAP_READ_MAX) {
		if (i >= tried && nr_iov - i > 1 && done <= EXMAP_READ_MAX - EXMAP_READ_GROUP) {
			unsigned int n = neighbours(s, &iov[i], nr_iov - i, &len);
			int read;

			tried = i + n;
			read = n > 1 && len ?
				       read_neighbours(ifc, pool, s, opcode, &iov[i], len, &done) :
				       0;
			if (read < 0)
				break;
			i += read;
			if (read)
				continue;
		}
		len = EXMAP_MIN((u64)iov[i].iov_len, EXMAP_READ_MAX - done);
		ret = len ? check_range(s, (uintptr_t)iov[i].iov_base, iov[i].iov_len) : 0;
		if (!ret && len)
			ret = read_bytes(ifc, pool, s, opcode, &iov[i], len);
		if (len && ret <= 0)
			break;
		done += ret;
		if ((u64)ret < len)
			break;
		i++;
	}
	exmap_count(&ifc->counts.actions, 1);
	return done ? (s64)done : ret;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * read.c - map ranges of bytes, and fill them from the backing; see call.h
 *
 * exmap_read() takes one range after another. Ranges that follow each other without a gap are first
 * tried as one, by read_neighbours(): one read of the backing is cheaper than many. If that fails,
 * exmap_read() takes them one by one.
 */

#include "core/batch.h"
#include "core/shadow.h"

/* The most bytes of one call, as for the kernel's read(2). */
#define EXMAP_READ_MAX 0x7ffff000ULL

/* The most bytes of ranges that are tried as one: 512 pages, 2 MiB. */
#define EXMAP_READ_GROUP (EXMAP_USER_INTERFACE_PAGES * EXMAP_PAGE_SIZE)

/*
 * Claims every page of the range, or none. Waits while a page is BUSY.
 *
 * Return: 1 if all are claimed, 0 if a page is mapped already, -EPROTO if the surface was unmapped
 * meanwhile.
 */
static int claim_all(struct exmap_call *call, u64 page, u64 len)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_surface *s = call->s;
	struct exmap_run *run = &ifc->runs[0];

	for (unsigned int round = 0;; round++) {
		u64 pos = page;
		bool mapped;

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
			/*
			 * The run is shorter than the range. Either a mapped page is before the
			 * run, or the page behind the run is mapped, BUSY or a shadow. A BUSY page
			 * is waited for without owning any page.
			 */
			mapped = run->page != page ||
				 exmap_load(exmap_word(s, page + run->len)) & EXMAP_WORD_PRESENT;
			exmap_batch_trim(call, 0);
			if (mapped)
				return 0;
			break;
		case EXMAP_CLAIM_BUSY:
			break;
		}
		if (!exmap_shadow_yields(call, pos, page + len) && !s->ops->wait(s, ifc->id, round))
			return -EPROTO;
	}
}

/*
 * Maps the batch's one run as a whole. Return: false, and no page of it is mapped, if frames or
 * memory ran out.
 */
static bool map_whole(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;

	exmap_batch_map(call);
	if (call->state == EXMAP_CALL_GOES_ON)
		return true;
	/* A part of the run is mapped. A range that fails leaves no page mapped [5.6]. */
	if (ifc->nr_runs)
		call->s->ops->unmap(call->s, ifc->id, ifc->runs, 1);
	exmap_batch_trim(call, 0);
	/* The failure is this range's alone. */
	call->state = EXMAP_CALL_GOES_ON;
	return false;
}

/*
 * Gives frames to the batch's one run and fills it from the backing. Pages behind the end of the
 * backing are given up.
 *
 * Return: number of bytes read; or a negative errno, and the whole run is given up.
 */
static s64 fill(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;
	u64 len = ifc->nr_pages;
	s64 bytes = -ENOMEM;

	if (exmap_batch_give_frames(call) == len) {
		do
			bytes = call->s->ops->fill(call->s, ifc->id, ifc->runs[0].page, len);
		while (bytes == -ENOMEM && exmap_shadow_reclaim(call));
	}
	exmap_batch_trim(call, bytes > 0 ? (bytes + EXMAP_PAGE_SIZE - 1) >> EXMAP_PAGE_SHIFT : 0);
	if (bytes > 0)
		exmap_count(&ifc->counts.bytes_read, bytes);
	return bytes;
}

/*
 * Maps and reads one range that check_range() accepted. Return: bytes, 0 if a page is mapped
 * already, or a negative errno.
 */
static s64 read_bytes(struct exmap_call *call, u64 addr, u64 len)
{
	u64 page = (addr - call->s->base) >> EXMAP_PAGE_SHIFT;
	u64 pages = len >> EXMAP_PAGE_SHIFT;
	s64 bytes = len;
	int ret;

	if (!call->s->ops->prepare(call->s, page, pages))
		return -ENOMEM;
	ret = claim_all(call, page, pages);
	if (ret <= 0)
		return ret;
	exmap_batch_check(call);
	if (call->opcode == EXMAP_OP_READ)
		bytes = fill(call);
	else if (!map_whole(call))
		return -ENOMEM;
	exmap_batch_publish(call);
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

/*
 * Counts the ranges from the first on that check_range() accepts and that follow each other without
 * a gap. @len: set to the sum of their bytes.
 */
static u32 count_neighbours(const struct exmap_surface *s, const struct iovec *iov, u32 nr_iov,
			    u64 *len)
{
	u64 start = (uintptr_t)iov->iov_base;
	u32 n = 0;

	*len = 0;
	while (n < nr_iov && (uintptr_t)iov[n].iov_base == start + *len &&
	       iov[n].iov_len <= EXMAP_READ_GROUP - *len &&
	       !check_range(s, start + *len, iov[n].iov_len))
		*len += iov[n++].iov_len;
	return n;
}

/*
 * Reads ranges that follow each other as one range of @len bytes. The client must not see that:
 * ranges that are not done afterwards are read again one by one, each by the rules for one range
 * [5.3-5.5]. @done: increased by the bytes read.
 *
 * Return: number of ranges that are done; or -1 if the backing ends inside one of them, which ends
 * the call.
 */
static int read_neighbours(struct exmap_call *call, const struct iovec *iov, u64 len, u64 *done)
{
	s64 ret = read_bytes(call, (uintptr_t)iov->iov_base, len);
	int n = 0;

	if (ret <= 0)
		return 0;
	*done += ret;
	while (ret && (u64)ret >= iov[n].iov_len)
		ret -= iov[n++].iov_len;
	return ret ? -1 : n;
}

s64 exmap_read(struct exmap_call *call, const struct iovec *iov, u32 nr_iov)
{
	/* Ranges before iov[tried] have been tried together with their neighbours. */
	u32 tried = 0;
	u64 done = 0;
	s64 ret = 0;
	u32 i = 0;
	u64 len;

	while (i < nr_iov && done < EXMAP_READ_MAX) {
		if (i >= tried && nr_iov - i > 1 && done <= EXMAP_READ_MAX - EXMAP_READ_GROUP) {
			u32 n = count_neighbours(call->s, &iov[i], nr_iov - i, &len);
			int read = 0;

			tried = i + n;
			if (n > 1 && len)
				read = read_neighbours(call, &iov[i], len, &done);
			if (read < 0)
				break;
			i += read;
			if (read)
				continue;
		}
		len = EXMAP_MIN((u64)iov[i].iov_len, EXMAP_READ_MAX - done);
		ret = len ? check_range(call->s, (uintptr_t)iov[i].iov_base, iov[i].iov_len) : 0;
		if (!ret && len)
			ret = read_bytes(call, (uintptr_t)iov[i].iov_base, len);
		if (len && ret <= 0)
			break;
		done += ret;
		if ((u64)ret < len)
			break;
		i++;
	}
	exmap_count(&call->ifc->counts.actions, 1);
	return done ? (s64)done : ret;
}

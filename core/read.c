// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * read.c - map ranges of bytes, and fill them from the backing; see call.h
 *
 * exmap_read() takes one range after another. Ranges that follow each other without a gap are first
 * tried as one, by read_neighbours(): one read of the backing is cheaper than many. If that fails,
 * exmap_read() takes them one by one.
 *
 * In the LeanStore dialect READ fills mapped pages, too [8.12]. read_pieces() takes a range with
 * such pages piece by piece, each of which is either mapped or not. A mapped page stays mapped and
 * stays the client's while the backing is read into a buffer, for that may take long; only then the
 * page is claimed and the buffer copied over its content.
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
 * Maps and reads pages, none of which may be mapped. Return: bytes, -EEXIST if a page is mapped, or
 * another negative errno.
 */
static s64 read_new(struct exmap_call *call, u64 page, u64 pages)
{
	s64 bytes = pages << EXMAP_PAGE_SHIFT;
	int ret;

	if (!call->s->ops->prepare(call->s, page, pages))
		return -ENOMEM;
	ret = claim_all(call, page, pages);
	if (ret <= 0)
		return ret ? ret : -EEXIST;
	exmap_batch_check(call);
	if (call->opcode == EXMAP_OP_READ)
		bytes = fill(call);
	else if (!map_whole(call))
		return -ENOMEM;
	exmap_batch_publish(call);
	return bytes;
}

/*
 * Replaces the content of mapped pages by what ops->fetch() has read. A page that another thread
 * has freed meanwhile is passed over, as if it had been freed after the READ; it may be a shadow
 * now.
 *
 * Return: 0, -ENOMEM, or -EPROTO if the surface was unmapped meanwhile.
 */
static int replace(struct exmap_call *call, u64 page, u64 len)
{
	struct exmap_surface *s = call->s;
	unsigned int round = 0;
	u64 pos = page;

	while (pos < page + len) {
		struct exmap_run run;
		bool stored;
		u64 *where;
		u64 word;
		u32 i;

		switch (exmap_claim_run(s, true, &pos, page + len, &run)) {
		case EXMAP_CLAIM_RUN:
			stored = s->ops->store(s, call->ifc->id, &run, run.page - page);
			exmap_for_each_word(s, &run, i, where)
				exmap_store_release(where, exmap_present_of(s, exmap_load(where)));
			if (!stored)
				return -ENOMEM;
			break;
		case EXMAP_CLAIM_BUSY:
			word = exmap_load(exmap_word(s, pos));
			if (!(word & EXMAP_WORD_BUSY))
				pos += !!(word & EXMAP_WORD_SHADOW);
			else if (!s->ops->wait(s, call->ifc->id, round++))
				return -EPROTO;
			break;
		case EXMAP_CLAIM_END:
			break;
		}
	}
	return 0;
}

/* Reads pages again that were mapped a moment ago. Return: bytes, or a negative errno. */
static s64 read_again(struct exmap_call *call, u64 page, u64 pages)
{
	s64 bytes = call->s->ops->fetch(call->s, call->ifc->id, page, pages);
	int ret;

	if (bytes <= 0)
		return bytes;
	ret = replace(call, page, (bytes + EXMAP_PAGE_SIZE - 1) >> EXMAP_PAGE_SHIFT);
	if (ret)
		return ret;
	exmap_count(&call->ifc->counts.bytes_read, bytes);
	return bytes;
}

/*
 * The piece that begins at @page: neighbouring pages up to @end that are all mapped, at most
 * EXMAP_FETCH_PAGES, or all not mapped. Other calls may change that at any time.
 */
static u64 piece_len(const struct exmap_surface *s, u64 page, u64 end, bool *mapped)
{
	u64 n = 0;

	*mapped = exmap_is_present(exmap_load(exmap_word(s, page)));
	if (*mapped)
		end = EXMAP_MIN(end, page + EXMAP_FETCH_PAGES);
	do {
		n++;
	} while (page + n < end &&
		 exmap_is_present(exmap_load(exmap_word(s, page + n))) == *mapped);
	return n;
}

/*
 * READ of a range in the LeanStore dialect, piece by piece. Return: bytes of the pieces before the
 * first that fails; a negative errno if that is the first of all.
 */
static s64 read_pieces(struct exmap_call *call, u64 page, u64 end)
{
	s64 done = 0;
	s64 ret = 0;

	while (page < end) {
		bool mapped;
		u64 n = piece_len(call->s, page, end, &mapped);

		ret = mapped ? read_again(call, page, n) : read_new(call, page, n);
		/* Another call has just mapped a page of the piece. */
		if (ret == -EEXIST)
			continue;
		if (ret <= 0)
			break;
		done += ret;
		if ((u64)ret < n << EXMAP_PAGE_SHIFT)
			break;
		page += n;
	}
	return done ? done : ret;
}

/*
 * Maps and reads one range that check_range() accepted. Return: bytes, 0 if a page is mapped
 * already, or a negative errno.
 */
static s64 read_bytes(struct exmap_call *call, u64 addr, u64 len)
{
	u64 page = (addr - call->s->base) >> EXMAP_PAGE_SHIFT;
	u64 pages = len >> EXMAP_PAGE_SHIFT;
	s64 ret = read_new(call, page, pages);

	if (ret != -EEXIST)
		return ret;
	if (!call->ifc->leanstore || call->opcode != EXMAP_OP_READ)
		return 0;
	return read_pieces(call, page, page + pages);
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
	u64 page = ((uintptr_t)iov->iov_base - call->s->base) >> EXMAP_PAGE_SHIFT;
	s64 ret = read_new(call, page, len >> EXMAP_PAGE_SHIFT);
	int n = 0;

	if (ret <= 0)
		return 0;
	*done += ret;
	while (ret && (u64)ret >= iov[n].iov_len)
		ret -= iov[n++].iov_len;
	return ret ? -1 : n;
}

static bool one_by_one(const struct exmap_surface *s)
{
	return s->ops->one_by_one && s->ops->one_by_one(s);
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
		if (i >= tried && nr_iov - i > 1 && done <= EXMAP_READ_MAX - EXMAP_READ_GROUP &&
		    !one_by_one(call->s)) {
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

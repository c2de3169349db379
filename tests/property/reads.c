// SPDX-License-Identifier: MIT
/*
 * reads.c - random reads of the exmap fd, and their results against the model
 */
#include "choose.h"
#include "life.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define MAX_IOVECS 12

/* May a call that stopped for @stop have returned @got, errno @err, after @bytes bytes? */
static bool acceptable(int stop, size_t bytes, bool skipped, ssize_t got, int err)
{
	if (got >= 0)
		return got == (ssize_t)bytes && (bytes || skipped || !stop || stop & STOP_ENDS);
	if (bytes)
		return false;
	return (err == EINVAL && stop & STOP_EINVAL) || (err == EFAULT && stop & STOP_EFAULT) ||
	       (err == ENOMEM && stop & STOP_ENOMEM);
}

void life_read(struct life *l, int opcode)
{
	struct random *r = &l->random;
	int n = random_chance(r, 60) ? 1 : 1 + (int)random_below(r, MAX_IOVECS), stop = STOP_NOT;
	off_t offset = (off_t)random_below(r, l->interfaces) | opcode << 8;
	bool fill = opcode == EXMAP_OP_READ, skipped = false;
	struct model_range ranges[MAX_IOVECS];
	intptr_t at[MAX_IOVECS];
	struct iovec iov[MAX_IOVECS];
	size_t bytes = 0;
	ssize_t got;

	for (int i = 0; i < n; i++) {
		choose_iovec(r, &l->m, &at[i], &iov[i].iov_len);
		iov[i].iov_base = (void *)((intptr_t)l->surface + at[i]);
		ranges[i] = (struct model_range){ (size_t)at[i] / PAGE, iov[i].iov_len / PAGE };
	}
	life_settle_shadows(l, ranges, (size_t)n, true);
	describe("preadv %s, offset %#lx, %d iovecs from (%+ld, %zu bytes); %zu of %zu frames used",
		 fill ? "READ" : "ALLOC", (long)offset, n, (long)at[0], iov[0].iov_len, l->m.mapped,
		 l->m.frames);
	if (fill && l->backing < 0) {
		iov[0].iov_len = PAGE; /* a call for 0 bytes may return 0 unchecked */
		got = preadv(l->fd, iov, n, offset);
		if (got != -1 || errno != EINVAL)
			fail("READ without backing returned %zd, errno %d", got, errno);
		return;
	}

	got = preadv(l->fd, iov, n, offset);
	for (int i = 0; i < n && !stop; i++) {
		skipped |= !iov[i].iov_len;
		stop = model_read(&l->m, at[i], iov[i].iov_len, fill, &bytes);
	}
	if (!acceptable(stop, bytes, skipped, got, errno))
		fail("returned %zd, errno %d; expected %zu bytes, or errors %#x if none", got,
		     errno, bytes, (unsigned int)stop);
	events[EVENT_SHORT_READ] += stop && got >= 0;
	events[EVENT_FAILED_READ] += got < 0;
}

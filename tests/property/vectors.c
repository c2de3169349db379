// SPDX-License-Identifier: MIT
/*
 * vectors.c - random actions, and their results against the model
 */
#include "life.h"
#include "probe.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

struct request {
	uint64_t page;
	size_t len;
};

static size_t random_len(struct random *r)
{
	switch (random_below(r, 20)) {
	case 0:
		return 0;
	case 1:
		return random_below(r, 4096);
	case 2:
		return random_below(r, 600);
	case 3 ... 7:
		return random_below(r, 16);
	default:
		return 1;
	}
}

static uint64_t random_page(struct random *r, size_t pages)
{
	switch (random_below(r, 60)) {
	case 0:
		return random_u64(r) & ((1UL << 52) - 1);
	case 1:
		/* a page number that is right but for one high bit */
		return random_below(r, pages) | 1UL << (20 + random_below(r, 32));
	case 2:
		return pages - 1 + random_below(r, 3);
	default:
		return random_below(r, pages);
	}
}

static int random_batch(struct random *r)
{
	if (random_chance(r, 60))
		return 1 + (int)random_below(r, 4);
	if (random_chance(r, 90))
		return (int)random_below(r, 40);
	return (int)random_below(r, EXMAP_USER_INTERFACE_PAGES + 1);
}

static void check_vector(const struct request *q, int i, struct exmap_iov got,
			 struct model_result want)
{
	if (got.res != want.res || got.pages != want.pages || got.value >> 48)
		fail("vector %d (page %llu, len %zu): res %d, pages %d (%#llx); expected %d, %d", i,
		     (unsigned long long)q->page, q->len, got.res, got.pages,
		     (unsigned long long)got.value, want.res, want.pages);
}

/*
 * Some pages of @q were mapped, @got of them, when frames ran out. A short run
 * is looked at page by page; of a long one FREE tells whether the number is right.
 */
static void learn_partial(struct life *l, const struct request *q, int got)
{
	size_t mapped = model_count(&l->m, q->page, q->len);
	struct exmap_action_params p = { .interface = 0, .iov_len = 1, .opcode = EXMAP_OP_FREE };
	struct exmap_iov v;

	if (q->len <= 32) {
		for (size_t i = q->page; i < q->page + q->len; i++) {
			if (!l->m.page[i].mapped && probe_load(life_page(l, i)))
				model_map_one(&l->m, i, CONTENT_UNKNOWN);
		}
		if (model_count(&l->m, q->page, q->len) != mapped + (size_t)got)
			fail("ALLOC counted %d pages, %zu are new", got,
			     model_count(&l->m, q->page, q->len) - mapped);
		return;
	}
	v.page = q->page;
	v.len = q->len;
	l->iface[0]->iov[0] = v;
	if (ioctl(l->fd, EXMAP_IOCTL_ACTION, &p) != 0)
		fail("FREE after exhaustion: %s", strerror(errno));
	v = l->iface[0]->iov[0];
	if (v.res || v.pages != (int)mapped + got)
		fail("FREE after exhaustion: res %d, pages %d; expected 0, %d", v.res, v.pages,
		     (int)mapped + got);
	model_free(&l->m, q->page, q->len);
}

void life_action(struct life *l, int opcode)
{
	struct random *r = &l->random;
	int interface = (int)random_below(r, l->interfaces), n = random_batch(r), failed = 0, got;
	struct exmap_user_interface *user = l->iface[interface];
	struct request q[EXMAP_USER_INTERFACE_PAGES];
	struct exmap_action_params p = {
		.interface = (uint16_t)interface,
		.iov_len = (uint16_t)n,
		.opcode = (uint16_t)opcode,
		.flags = random_u64(r), /* ignored [4.1] */
	};
	bool exhausted = false;
	int partial_at = -1;

	for (int i = 0; i < n; i++) {
		struct exmap_iov v;

		q[i] = (struct request){ random_page(r, l->m.pages), random_len(r) };
		v.page = q[i].page;
		v.len = q[i].len;
		user->iov[i] = v;
	}
	if (n < EXMAP_USER_INTERFACE_PAGES)
		user->iov[n].value = l->next_stamp;
	describe("%s, interface %d, %d vectors from (page %llu, len %zu); %zu of %zu frames used",
		 opcode == EXMAP_OP_ALLOC ? "ALLOC" : "FREE", interface, n,
		 n ? (unsigned long long)q[0].page : 0ULL, n ? q[0].len : 0, l->m.mapped,
		 l->m.frames);

	got = ioctl(l->fd, EXMAP_IOCTL_ACTION, &p);
	for (int i = 0; i < n; i++) {
		struct model_result want;
		bool partial = false;

		if (opcode == EXMAP_OP_ALLOC)
			want = model_alloc(&l->m, q[i].page, q[i].len, &exhausted, &partial);
		else
			want = model_free(&l->m, q[i].page, q[i].len);
		check_vector(&q[i], i, user->iov[i], want);
		if (partial)
			partial_at = i;
		failed += want.res < 0;
		events[EVENT_EFAULT] += want.res == -EFAULT;
	}
	if (got != failed)
		fail("the action returned %d (errno %d); %d vectors failed", got, errno, failed);
	if (n < EXMAP_USER_INTERFACE_PAGES && user->iov[n].value != l->next_stamp)
		fail("vector %d behind the last one was written", n);
	if (partial_at >= 0) {
		int pages = user->iov[partial_at].pages;

		events[EVENT_ENOMEM]++;
		events[EVENT_PARTIAL] += pages > 0;
		learn_partial(l, &q[partial_at], pages);
	}
}

// SPDX-License-Identifier: MIT
/*
 * vectors.c - random actions, and their results against the model
 */
#include "choose.h"
#include "life.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

static void check_vector(const struct model_range *q, int i, struct exmap_iov got,
			 struct model_result want)
{
	if (got.res != want.res || got.pages != want.pages || got.value >> 48)
		fail("vector %d (page %llu, len %zu): res %d, pages %d (%#llx); expected %d, %d", i,
		     (unsigned long long)q->page, q->len, got.res, got.pages,
		     (unsigned long long)got.value, want.res, want.pages);
}

/* In the LeanStore dialect, the vectors from the one on that met ENOMEM stay as asked [8.11]. */
static void check_untouched(const struct exmap_user_interface *user, const struct model_range *q,
			    int i, int n)
{
	for (; i < n; i++) {
		struct exmap_iov v = user->iov[i];

		if (v.page != q[i].page || v.len != q[i].len)
			fail("vector %d of an action that failed has %#llx", i,
			     (unsigned long long)v.value);
	}
}

/* A call of one vector. */
static void one_vector(struct life *l, int opcode, struct model_range q, struct model_result want)
{
	struct exmap_action_params p = { .iov_len = 1, .opcode = (uint16_t)opcode };
	struct exmap_iov v;

	v.page = q.page;
	v.len = q.len;
	l->iface[0]->iov[0] = v;
	if (ioctl(l->fd, EXMAP_IOCTL_ACTION, &p) != 0)
		fail("opcode %d after exhaustion: %s", opcode, strerror(errno));
	check_vector(&q, 0, l->iface[0]->iov[0], want);
}

/*
 * Frames ran out inside @q, and the backend chose which of its pages to map. A FREE of all of
 * them tells whether their number is right. Then an ALLOC maps as many pages, which are known.
 */
static void settle(struct life *l, struct model_range q)
{
	struct model_result freed = model_free(&l->m, q.page, q.len);
	bool exhausted = false;

	one_vector(l, EXMAP_OP_FREE, q, freed);
	q.len = (size_t)freed.pages;
	one_vector(l, EXMAP_OP_ALLOC, q, model_alloc(&l->m, q.page, q.len, &exhausted));
}

void life_action(struct life *l, int opcode)
{
	struct random *r = &l->random;
	int interface = (int)random_below(r, l->interfaces), n = choose_batch(r);
	struct model_range q[EXMAP_USER_INTERFACE_PAGES] = { { 0 } };
	struct exmap_user_interface *user = l->iface[interface];
	struct exmap_action_params p = {
		.interface = (uint16_t)interface,
		.iov_len = (uint16_t)n,
		.opcode = (uint16_t)opcode,
		.flags = random_u64(r), /* ignored [4.1] */
	};
	bool exhausted = false;
	int partial_at = -1, failed = 0, got, error;

	for (int i = 0; i < n; i++)
		q[i] = (struct model_range){ choose_page(r, l->m.pages), choose_len(r) };
	if (opcode == EXMAP_OP_ALLOC)
		life_settle_shadows(l, q, (size_t)n, false);
	for (int i = 0; i < n; i++) {
		struct exmap_iov v;

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
	error = errno;
	for (int i = 0; i < n; i++) {
		struct model_result want;

		if (opcode == EXMAP_OP_ALLOC)
			want = model_alloc(&l->m, q[i].page, q[i].len, &exhausted);
		else
			want = model_free(&l->m, q[i].page, q[i].len);
		if (want.res == -ENOMEM && want.pages)
			partial_at = i;
		if (want.res == -ENOMEM && l->m.leanstore) {
			check_untouched(user, q, i, n);
			failed = -1;
			break;
		}
		check_vector(&q[i], i, user->iov[i], want);
		failed += want.res < 0;
		events[EVENT_EFAULT] += want.res == -EFAULT;
	}
	if (got != failed || (got < 0 && error != ENOMEM))
		fail("the action returned %d (errno %d), expected %d", got, error, failed);
	if (n < EXMAP_USER_INTERFACE_PAGES && user->iov[n].value != l->next_stamp)
		fail("vector %d behind the last one was written", n);
	events[EVENT_ENOMEM] += exhausted;
	if (partial_at >= 0) {
		events[EVENT_PARTIAL]++;
		settle(l, q[partial_at]);
	}
}

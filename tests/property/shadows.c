// SPDX-License-Identifier: MIT
/*
 * shadows.c - random SHADOWs and RM_SDs, and their results against the model
 */
#include "choose.h"
#include "life.h"
#include "probe.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

static int action(const struct life *l, struct exmap_action_params p)
{
	int ret = ioctl(l->fd, EXMAP_IOCTL_ACTION, &p);

	return ret < 0 ? -errno : ret;
}

static void ask(struct exmap_user_interface *user, int i, struct model_range q)
{
	struct exmap_iov v;

	v.page = q.page;
	v.len = q.len;
	user->iov[i] = v;
}

/* Where targets are often: in an area that all interfaces use again and again. */
static uint64_t choose_target(struct random *r, const struct model *m)
{
	if (random_chance(r, 60))
		return m->pages / 2 + random_below(r, 64);
	return choose_page(r, m->pages);
}

/* Most sources should be mapped pages. */
static struct model_range choose_source(struct random *r, const struct model *m)
{
	struct model_range q = { choose_page(r, m->pages), choose_len(r) };
	size_t page;

	if (random_chance(r, 80) && choose_mapped(r, m, true, &page)) {
		q.page = page;
		q.len = 1 + random_below(r, 8);
		if (q.page + q.len > m->pages)
			q.len = m->pages - q.page;
	}
	return q;
}

void life_shadow(struct life *l)
{
	struct random *r = &l->random;
	unsigned int interface = (unsigned int)random_below(r, l->interfaces);
	struct exmap_user_interface before, *user = l->iface[interface];
	struct model_range q[EXMAP_USER_INTERFACE_PAGES];
	int n = random_chance(r, 80) ? 1 + (int)random_below(r, 9) : choose_batch(r);
	uint64_t target = choose_target(r, &l->m);
	int want, got;

	for (int i = 0; i < n; i++) {
		q[i] = choose_source(r, &l->m);
		ask(user, i, q[i]);
	}
	memcpy(&before, user, sizeof(before));
	describe("SHADOW, interface %u, %d vectors from (page %llu, len %zu), onto %llu", interface,
		 n, n ? (unsigned long long)q[0].page : 0ULL, n ? q[0].len : 0,
		 (unsigned long long)target);
	want = n ? model_shadow(&l->m, interface, q, (size_t)n, target, true) : 0;
	got = action(l, (struct exmap_action_params){ .interface = (uint16_t)interface,
						      .iov_len = (uint16_t)n,
						      .opcode = EXMAP_OP_SHADOW,
						      .page_id = target });
	if (got != want)
		fail("returned %d, expected %d", got, want);
	if (memcmp(&before, user, sizeof(before)))
		fail("SHADOW wrote a vector");
	for (size_t page = target; !want && page < l->m.pages && page < target + 16; page++) {
		if (l->m.page[page].owner)
			life_check_page(l, page);
	}
}

void life_rm_sd(struct life *l, unsigned int interface)
{
	int got;

	describe("RM_SD, interface %u", interface);
	model_rm_sd(&l->m, interface);
	got = action(l, (struct exmap_action_params){ .interface = (uint16_t)interface,
						      .opcode = EXMAP_OP_RM_SD });
	if (got)
		fail("RM_SD returned %d", got);
}

void life_settle_shadows(struct life *l, const struct model_range *range, size_t n, bool fill)
{
	if (!model_may_break(&l->m, range, n, fill))
		return;
	for (int i = 0; i < l->interfaces; i++)
		life_rm_sd(l, (unsigned int)i);
}

/* An action of one vector through interface 0. Return: its result's number of pages. */
static int one(struct life *l, int opcode, struct model_range q, uint64_t target)
{
	struct exmap_action_params p = { .iov_len = 1, .opcode = (uint16_t)opcode };

	p.page_id = target;
	ask(l->iface[0], 0, q);
	if (action(l, p))
		fail("opcode %d failed", opcode);
	return l->iface[0]->iov[0].pages;
}

/* Shows page 0 as page 1, and looks what FREE does with page 0, and RM_SD with page 1. */
void life_probe(struct life *l)
{
	const struct model_range first = { 0, 1 }, both = { 0, 2 };

	if (l->m.pages < 2)
		return;
	describe("probe");
	one(l, EXMAP_OP_ALLOC, first, 0);
	one(l, EXMAP_OP_SHADOW, first, 1);
	l->m.shares = !one(l, EXMAP_OP_FREE, first, 0);
	one(l, EXMAP_OP_RM_SD, first, 0);
	l->drops = probe_load(life_page(l, 1)).code;
	if (one(l, EXMAP_OP_FREE, both, 0) != l->m.shares)
		fail("a page that FREE has kept for a shadow, or one that it has not");
}

// SPDX-License-Identifier: MIT
/* test_action_race.c - several interfaces at once, and clients that write vectors during a call */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define READ EXMAP_OP_READ
#define THREADS 4

struct race {
	struct fake *f;
	u32 rounds;
	u32 pages;
	u32 stop;
	u32 wrong;
	s64 mapped;
};

static void wrong_if(struct race *r, bool condition)
{
	if (condition)
		__atomic_add_fetch(&r->wrong, 1, __ATOMIC_RELAXED);
}

static void same_pages(void *ctx, unsigned int index)
{
	struct race *r = ctx;

	for (u32 round = 0; round < r->rounds; round++) {
		u64 page = round * 8;

		if (index % 2)
			__atomic_add_fetch(&r->mapped, fake_one(r->f, index, ALLOC, page, 8),
					   __ATOMIC_RELAXED);
		else
			for (u32 i = 0; i < 8; i++)
				__atomic_add_fetch(&r->mapped,
						   fake_one(r->f, index, ALLOC, page + 7 - i, 1),
						   __ATOMIC_RELAXED);
	}
}

static void exactly_one_counts_a_page_4_10(void **state)
{
	u32 rounds = UNIT_ROUNDS(4000);
	struct fake *f = fake_new(rounds * 8, rounds * 8, THREADS);
	struct race r = { .f = f, .rounds = rounds };

	(void)state;
	unit_run_threads(THREADS, same_pages, &r);
	assert_int_equal(r.mapped, rounds * 8);
	assert_int_equal(fake_present(f), rounds * 8);
	fake_free(f);
}

/* Random actions and reads on a surface so small that threads meet at its pages all the time. */
static void anything(void *ctx, unsigned int index)
{
	struct race *r = ctx;
	struct fake *f = r->f;
	u32 id = index % f->nr_ifc;
	struct exmap_interface *ifc = &f->ifc[id];
	u32 random = index + 1;
	s64 mapped = 0;

	for (u32 round = 0; round < r->rounds; round++) {
		unsigned int opcode = unit_random(&random, 2) ? ALLOC : FREE;
		u32 n = 1 + unit_random(&random, 8);

		if (!unit_random(&random, 8)) {
			s64 ret = fake_read(f, id, unit_random(&random, 2) ? ALLOC : READ,
					    unit_random(&random, r->pages - 4),
					    1 + unit_random(&random, 4));

			wrong_if(r, ret < 0 && ret != -ENOMEM);
			mapped += ret > 0 ? ret >> EXMAP_PAGE_SHIFT : 0;
			continue;
		}
		exmap_lock(&ifc->lock);
		for (u32 i = 0; i < n; i++)
			fake_ask(f, id, i, unit_random(&random, r->pages), unit_random(&random, 6));
		fake_locked_do(f, id, opcode, n);
		for (u32 i = 0; i < n; i++) {
			struct exmap_iov iov = f->user[id].iov[i];

			wrong_if(r, iov.res && iov.res != -EFAULT && iov.res != -ENOMEM);
			wrong_if(r, opcode == FREE && iov.res == -ENOMEM);
			wrong_if(r, iov.pages < 0 || iov.pages > 5);
			mapped += opcode == ALLOC ? iov.pages : -iov.pages;
		}
		exmap_unlock(&ifc->lock);
	}
	__atomic_add_fetch(&r->mapped, mapped, __ATOMIC_RELAXED);
}

static void run_anything(u32 pages, u32 frames, u32 nr_ifc)
{
	struct fake *f = fake_new(pages, frames, nr_ifc);
	struct race r = { .f = f, .rounds = UNIT_ROUNDS(8000), .pages = pages };

	unit_run_threads(THREADS, anything, &r);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.mapped, fake_present(f));
	fake_free(f);
}

static void everything_meets_everything_4_10(void **state)
{
	(void)state;
	run_anything(16, 16, THREADS);
	run_anything(64, 1000, THREADS);
	run_anything(700, 650, THREADS);
}

static void frames_are_short_4_6(void **state)
{
	(void)state;
	run_anything(40, 5, THREADS);
	run_anything(40, 1, THREADS);
}

static void two_threads_on_one_interface_4_10(void **state)
{
	(void)state;
	run_anything(64, 40, 1);
	run_anything(64, 40, 2);
}

/* Thread 0 calls actions. The other threads write random vectors into its interface page. */
static void scribble(void *ctx, unsigned int index)
{
	struct race *r = ctx;
	struct exmap_interface *ifc = &r->f->ifc[0];
	u32 random = index + 1;

	while (index && !exmap_load(&r->stop)) {
		u32 vec = unit_random(&random, 16);

		if (unit_random(&random, 2))
			fake_ask(r->f, 0, vec, unit_random(&random, 64), 1);
		else
			fake_ask(r->f, 0, vec, 64 + unit_random(&random, 1000), 20);
	}
	if (index)
		return;
	for (u32 round = 0; round < r->rounds; round++) {
		unsigned int opcode = unit_random(&random, 2) ? ALLOC : FREE;
		int ret = fake_do(r->f, 0, opcode, 16);
		int failed = 0;

		/* Others write to the client's page, so look at the results in core/'s copy. */
		for (u32 i = 0; i < 16; i++) {
			struct exmap_iov iov = ifc->result[i];

			failed += iov.res < 0;
			wrong_if(r, iov.value >> 48);
			/*
			 * The threads ask for one page inside the surface, or many outside, or
			 * write what looks like a result. A result of many pages inside means
			 * that core/ has used one half of one vector, and one half of another.
			 */
			wrong_if(r, !(iov.res == 0 && (iov.pages == 0 || iov.pages == 1)) &&
					    !(iov.res == -EFAULT && iov.pages == 0));
		}
		wrong_if(r, ret != failed);
	}
	exmap_store(&r->stop, 1);
}

static void racing_writers_4_2(void **state)
{
	struct fake *f = fake_new(64, 64, 1);
	struct race r = { .f = f, .rounds = UNIT_ROUNDS(40000) };

	(void)state;
	/* A result, taken for a vector, is also one page inside, or pages outside. */
	for (u32 i = 0; i < 16; i++)
		fake_ask(f, 0, i, 0, 1);
	unit_run_threads(3, scribble, &r);
	assert_int_equal(r.wrong, 0);
	fake_free(f);
}

struct waiting {
	struct fake *f;
	u32 done;
	s64 first;
	s64 second;
	s64 (*call)(struct fake *f);
};

/* Thread 0's op waits at the gate and owns page 5. Thread 1 wants page 5 and pages around it. */
static void wait_for_page(void *ctx, unsigned int index)
{
	struct waiting *w = ctx;

	if (index == 0) {
		w->first = fake_one(w->f, 0, w->f->gate_op == FAKE_UNMAP ? FREE : ALLOC, 5, 1);
		return;
	}
	unit_wait_for(&w->f->reached, 1);
	w->second = w->call(w->f);
	exmap_store_release(&w->done, 1);
}

/* Opens the gate when the other call has carried out the part before page 5. */
static void open_after_commit(struct fake *f, enum fake_op op, u32 id)
{
	(void)op;
	if (id == 1)
		exmap_store_release(&f->open, 1);
}

static s64 free_around(struct fake *f)
{
	return fake_one(f, 1, FREE, 0, 10);
}

static s64 alloc_around(struct fake *f)
{
	return fake_one(f, 1, ALLOC, 0, 10);
}

static void expect_waiting(struct fake *f, s64 (*call)(struct fake *f), s64 second)
{
	struct waiting w = { .f = f, .call = call };

	f->gate = 5;
	f->hook = open_after_commit;
	unit_run_threads(2, wait_for_page, &w);
	assert_int_equal(w.first, 1);
	assert_int_equal(w.second, second);
	fake_check(f);
}

/*
 * A call that meets a BUSY page must finish its own pages before it waits. If it waited while it
 * owned pages, the gate would never open, and the test would time out.
 */
static void who_waits_owns_nothing(void **state)
{
	struct fake *f = fake_new(20, 20, 2);

	(void)state;
	/* FREE of 0-9 waits for an ALLOC of 5. */
	assert_int_equal(fake_one(f, 1, ALLOC, 0, 5), 5);
	f->gate_op = FAKE_MAP;
	expect_waiting(f, free_around, 6);
	assert_int_equal(fake_present(f), 0);
	fake_free(f);

	/* ALLOC of 0-9 waits for an ALLOC of 5. */
	f = fake_new(20, 20, 2);
	f->gate_op = FAKE_MAP;
	expect_waiting(f, alloc_around, 9);
	fake_free(f);

	/* ALLOC of 0-9 waits for a FREE of 5, then maps page 5 again. */
	f = fake_new(20, 20, 2);
	assert_int_equal(fake_one(f, 1, ALLOC, 5, 1), 1);
	f->gate_op = FAKE_UNMAP;
	expect_waiting(f, alloc_around, 10);
	fake_free(f);
}

struct read_wait {
	struct fake *f;
	unsigned int opcode;
	s64 ret;
	int others;
};

static void read_meets_busy(void *ctx, unsigned int index)
{
	struct read_wait *w = ctx;
	struct fake *f = w->f;

	switch (index) {
	case 0:
		if (f->gate_op == FAKE_UNMAP)
			fake_one(f, 0, FREE, 5, 1);
		else
			fake_one(f, 0, ALLOC, 5, 1);
		break;
	case 1:
		unit_wait_for(&f->reached, 1);
		w->ret = fake_read(f, 1, w->opcode, 0, 10);
		break;
	default:
		unit_wait_for(&f->reached, 1);
		/* While the read waits for page 5, it does not own page 0. */
		w->others = fake_one(f, 2, ALLOC, 0, 1);
		w->others += fake_one(f, 2, FREE, 0, 1);
		exmap_store_release(&f->open, 1);
	}
}

static void read_waits_for_a_busy_page_5_2_5_3(void **state)
{
	(void)state;
	for (unsigned int opcode = READ; opcode <= ALLOC; opcode++) {
		for (int freed = 0; freed < 2; freed++) {
			struct fake *f = fake_new(20, 20, 3);
			struct read_wait w = { .f = f, .opcode = opcode };

			if (freed)
				assert_int_equal(fake_one(f, 0, ALLOC, 5, 1), 1);
			f->gate_op = freed ? FAKE_UNMAP : FAKE_MAP;
			f->gate = 5;
			unit_run_threads(3, read_meets_busy, &w);
			assert_int_equal(w.others, 2);
			/*
			 * If page 5 was freed, the read succeeds, unless it met page 0 mapped. If
			 * page 5 was mapped, the read ends there.
			 */
			if (!freed || w.ret != 10 * (s64)EXMAP_PAGE_SIZE)
				assert_int_equal(w.ret, 0);
			assert_int_equal(fake_present(f), w.ret ? 10 : !freed);
			fake_free(f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_one_counts_a_page_4_10),
		cmocka_unit_test(everything_meets_everything_4_10),
		cmocka_unit_test(frames_are_short_4_6),
		cmocka_unit_test(two_threads_on_one_interface_4_10),
		cmocka_unit_test(racing_writers_4_2),
		cmocka_unit_test(who_waits_owns_nothing),
		cmocka_unit_test(read_waits_for_a_busy_page_5_2_5_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* test_emu_clone.c - calls on a file while CLONE exchanges its exmap */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>

#include "device.h"
#include "emu/memory.h"
#include "emu/rcu.h"

struct cloning {
	struct exmap_file *file;
	u32 rounds;
	u32 stop;
	u32 wrong;
};

static void wrong_if(struct cloning *r, bool condition)
{
	if (condition)
		__atomic_add_fetch(&r->wrong, 1, __ATOMIC_RELAXED);
}

/*
 * Thread 0 makes the file a clone of one exmap after another, and each exmap is freed at the next
 * CLONE. The other threads make calls on the file meanwhile.
 */
static void clone_or_call(void *ctx, unsigned int index)
{
	struct cloning *r = ctx;

	while (index && !exmap_load(&r->stop)) {
		unit_stats(r->file);
		emu_rcu_read_lock();
		emu_syscall_action(r->file, EXMAP_OP_ALLOC, 0, 1);
		emu_rcu_read_unlock();
		wrong_if(r, (long)emu_mmap(r->file, NULL, EXMAP_PAGE_SIZE, PROT_READ, MAP_SHARED,
					   EXMAP_OFF_INTERFACE(300)) != -ENXIO);
	}
	if (index)
		return;
	for (u32 round = 0; round < r->rounds; round++) {
		struct exmap_file *other = emu_open(O_RDWR, EMU_NAME_PLAIN);

		wrong_if(r, emu_ioctl(r->file, EXMAP_IOCTL_CLONE, 0, other) != 0);
		emu_file_put(other);
	}
	exmap_store(&r->stop, 1);
}

static void calls_while_clone_changes_the_exmap_7_2(void **state)
{
	struct cloning r = { .rounds = UNIT_LONG_ROUNDS(100000),
			     .file = emu_open(O_RDWR, EMU_NAME_PLAIN) };

	(void)state;
	unit_run_threads(3, clone_or_call, &r);
	assert_int_equal(r.wrong, 0);
	emu_file_put(r.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_while_clone_changes_the_exmap_7_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

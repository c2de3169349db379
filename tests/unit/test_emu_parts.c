// SPDX-License-Identifier: MIT
/* test_emu_parts.c - parts of the emulator by themselves: usercopy, hidden fds, the registry */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "emu/fork.h"
#include "emu/generation.h"
#include "emu/hidden_fd.h"
#include "emu/registry.h"
#include "emu/usercopy.h"

#define PAGE EXMAP_PAGE_SIZE

/* Return: a page that has an inaccessible page behind it. */
static char *last_page(void)
{
	char *two =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(two, MAP_FAILED);
	assert_int_equal(mprotect(two + PAGE, PAGE, PROT_NONE), 0);
	return two;
}

static void usercopy_copies(void **state)
{
	u64 from[64];
	u64 to[64];

	(void)state;
	for (u32 n = 0; n <= 64; n++) {
		for (u32 i = 0; i < 64; i++) {
			from[i] = i + 1;
			to[i] = 0;
		}
		assert_int_equal(emu_usercopy(to, from, n * 8), 0);
		for (u32 i = 0; i < 64; i++)
			assert_int_equal(to[i], i < n ? i + 1 : 0);
	}
	/* Clients' pointers need not be aligned. */
	assert_int_equal(emu_usercopy((char *)to + 1, (char *)from + 3, 16), 0);
	assert_memory_equal((char *)to + 1, (char *)from + 3, 16);
}

static void usercopy_of_bad_addresses_is_efault(void **state)
{
	char *page = last_page();
	char *end = page + PAGE;
	char *readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char good[64] = { 0 };

	(void)state;
	unit_handle_faults();
	assert_int_equal(emu_usercopy(good, NULL, 8), -EFAULT);
	assert_int_equal(emu_usercopy(NULL, good, 8), -EFAULT);
	assert_int_equal(emu_usercopy(NULL, NULL, 0), 0);
	assert_int_equal(emu_usercopy(readonly, good, 8), -EFAULT);
	/* For a non-canonical address the CPU does not report which address it was. */
	assert_int_equal(emu_usercopy(good, (void *)(1ul << 63), 8), -EFAULT);
	assert_int_equal(emu_usercopy((void *)(1ul << 55), good, 8), -EFAULT);
	for (int over = 1; over <= 16; over++) {
		assert_int_equal(emu_usercopy(good, end - 16 + over, 16), -EFAULT);
		assert_int_equal(emu_usercopy(end - 16 + over, good, 16), -EFAULT);
	}
	assert_int_equal(emu_usercopy(good, end - 16, 16), 0);
	assert_int_equal(emu_usercopy(end - 16, good, 16), 0);
	munmap(page, 2 * PAGE);
	munmap(readonly, PAGE);
}

static void hidden_fds_are_moved_and_known(void **state)
{
	int first = open("/dev/null", O_RDONLY);
	int fd;

	(void)state;
	assert_true(first >= 0);
	close(first);
	fd = emu_hide_fd(open("/dev/null", O_RDONLY));
	assert_true(fd > first);
	assert_true(emu_fd_is_hidden(fd));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	/* The client's next fd has the number that it would have without hidden fds. */
	assert_int_equal(open("/dev/null", O_RDONLY), first);
	assert_false(emu_fd_is_hidden(first));
	close(first);
	emu_close_hidden(fd);
	assert_false(emu_fd_is_hidden(fd));
	assert_int_equal(fcntl(fd, F_GETFD), -1);

	assert_int_equal(emu_hide_fd(-EMFILE), -EMFILE);
	emu_close_hidden(-1);
	assert_false(emu_fd_is_hidden(-1));
	assert_false(emu_fd_is_hidden(EMU_MAX_FDS));
	assert_false(emu_fd_is_hidden(INT32_MAX));
}

static void nothing_hidden_is_left_behind(void **state)
{
	u32 before = 0;
	u32 after = 0;

	(void)state;
	unit_device_free(unit_device_new(10, 10, -1));
	for (int fd = 0; fd < 8192; fd++)
		before += emu_fd_is_hidden(fd);
	for (int i = 0; i < 20; i++)
		unit_device_free(unit_device_new(10, 10, -1));
	for (int fd = 0; fd < 8192; fd++)
		after += emu_fd_is_hidden(fd);
	assert_int_equal(after, before);
}

/* Calls a function in a forked child. Return: its result, by the child's exit status. */
static int ask_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	emu_fork_prepare();
	pid = fork();
	if (!pid) {
		emu_fork_child();
		_exit(fn(arg));
	}
	emu_fork_parent();
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int same_generation(void *arg)
{
	return emu_generation() == *(uint64_t *)arg;
}

static int grandchild_differs(void *arg)
{
	uint64_t mine = emu_generation();

	return mine != *(uint64_t *)arg && !ask_child(same_generation, arg) &&
	       !ask_child(same_generation, &mine) && emu_generation() == mine;
}

static void generations_differ_1_4(void **state)
{
	uint64_t mine = emu_generation();

	(void)state;
	assert_int_not_equal(mine, 0);
	assert_int_equal(emu_generation(), mine);
	assert_int_equal(ask_child(same_generation, &mine), 0);
	assert_int_equal(ask_child(grandchild_differs, &mine), 1);
	assert_int_equal(emu_generation(), mine);
	assert_false(emu_in_vfork_child());
}

static void add(uintptr_t start, uintptr_t end, enum emu_region_kind kind, void *surface)
{
	struct emu_region region = { .start = start, .end = end, .kind = kind, .surface = surface };

	emu_vm_lock();
	assert_int_equal(emu_region_add(&region), 0);
	emu_vm_unlock();
}

static void drop(uintptr_t start)
{
	emu_vm_lock();
	emu_region_remove(start);
	emu_vm_unlock();
}

static uintptr_t find(uintptr_t start, uintptr_t end)
{
	struct emu_region region;

	return emu_region_find(start, end, &region) ? region.start : 0;
}

static void regions_are_found_by_overlap(void **state)
{
	(void)state;
	assert_int_equal(find(1, UINTPTR_MAX), 0);
	add(0x5000, 0x7000, EMU_REGION_SURFACE, NULL);
	add(0x1000, 0x2000, EMU_REGION_SURFACE, NULL);
	add(0x2000, 0x3000, EMU_REGION_EXPORT, NULL);
	assert_int_equal(find(0x1000, 0x1001), 0x1000);
	assert_int_equal(find(0x1fff, 0x2000), 0x1000);
	assert_int_equal(find(0x2000, 0x2001), 0x2000);
	assert_int_equal(find(0, 0x1000), 0);
	assert_int_equal(find(0x3000, 0x5000), 0);
	assert_int_equal(find(0x6fff, 0x9000), 0x5000);
	assert_int_equal(find(0x7000, 0x9000), 0);
	/* The lowest region is found, in whatever order they were added. */
	assert_int_equal(find(0, UINTPTR_MAX), 0x1000);
	assert_int_equal(find(0x2fff, UINTPTR_MAX), 0x2000);
	drop(0x4000);
	drop(0x1000);
	assert_int_equal(find(0, UINTPTR_MAX), 0x2000);
	drop(0x2000);
	drop(0x5000);
	assert_int_equal(find(0, UINTPTR_MAX), 0);
}

static uintptr_t find_near(uintptr_t start, uintptr_t end)
{
	struct emu_region region;

	return emu_region_find_near(start, end, &region) ? region.start : 0;
}

static void fences_count_for_who_asks_for_them(void **state)
{
	const struct emu_region one = {
		.start = 0x5000,
		.end = 0x6000,
		.fence = { 0x2000, 0x1000 },
		.exmap = 7,
		.interface = 3,
		.kind = EMU_REGION_INTERFACE,
	};
	struct emu_region region;

	(void)state;
	emu_vm_lock();
	assert_int_equal(emu_region_add(&one), 0);
	emu_vm_unlock();
	add(0x7000, 0x8000, EMU_REGION_SURFACE, NULL);
	assert_int_equal(find(0x3000, 0x5000), 0);
	assert_int_equal(find(0x6000, 0x7000), 0);
	assert_int_equal(find_near(0x2fff, 0x3000), 0);
	assert_int_equal(find_near(0x2fff, 0x3001), 0x5000);
	assert_int_equal(find_near(0x3000, 0x3001), 0x5000);
	assert_int_equal(find_near(0x6fff, 0x9000), 0x5000);
	assert_int_equal(find_near(0x7000, 0x9000), 0x7000);
	assert_true(emu_region_find_near(0x4000, 0x4001, &region));
	assert_int_equal(region.end, 0x6000);
	assert_int_equal(region.fence.before, 0x2000);
	assert_int_equal(region.fence.after, 0x1000);
	assert_int_equal(region.exmap, 7);
	assert_int_equal(region.interface, 3);
	assert_int_equal(region.kind, EMU_REGION_INTERFACE);
	emu_vm_lock();
	emu_region_refence(0x5000, &(struct emu_fence){ .after = 0x1000 });
	emu_vm_unlock();
	assert_int_equal(find_near(0x3000, 0x5000), 0);
	assert_int_equal(find_near(0x6000, 0x6001), 0x5000);
	drop(0x5000);
	drop(0x7000);
}

static void exports_outlive_their_surface(void **state)
{
	struct emu_surface *one = (void *)0x10;
	struct emu_surface *other = (void *)0x20;
	struct emu_region region;

	(void)state;
	add(0x1000, 0x2000, EMU_REGION_EXPORT, one);
	add(0x3000, 0x4000, EMU_REGION_EXPORT, other);
	add(0x5000, 0x6000, EMU_REGION_SURFACE, one);
	emu_vm_lock();
	emu_region_orphan(one);
	emu_vm_unlock();
	assert_true(emu_region_find(0x1000, 0x1001, &region));
	assert_null(region.surface);
	assert_true(emu_region_find(0x3000, 0x3001, &region));
	assert_ptr_equal(region.surface, other);
	assert_true(emu_region_find(0x5000, 0x5001, &region));
	assert_ptr_equal(region.surface, one);
	drop(0x1000);
	drop(0x3000);
	drop(0x5000);
}

static void too_many_regions_are_refused(void **state)
{
	struct emu_region region = { .end = 0 };
	uintptr_t n = 0;

	(void)state;
#ifdef EXMAP_TSAN
	print_message("takes a minute under ThreadSanitizer, which finds nothing in one thread\n");
	skip();
#endif
	emu_vm_lock();
	do {
		n++;
		region.start = n * 0x1000;
		region.end = region.start + 0x1000;
	} while (n < 100000 && !emu_region_add(&region));
	emu_vm_unlock();
	unit_assert_between(n, 100, 99999);
	assert_int_equal(find(n * 0x1000, UINTPTR_MAX), 0);
	assert_int_equal(find((n - 1) * 0x1000, UINTPTR_MAX), (n - 1) * 0x1000);
	assert_int_equal(find(0, UINTPTR_MAX), 0x1000);
	while (--n)
		drop(n * 0x1000);
	assert_int_equal(find(0, UINTPTR_MAX), 0);
}

static int finds_any(void *arg)
{
	(void)arg;
	return find(0, UINTPTR_MAX) != 0;
}

static int has_regions_of_its_own(void *arg)
{
	add(0x8000, 0x9000, EMU_REGION_SURFACE, NULL);
	return finds_any(arg) && find(0, UINTPTR_MAX) == 0x8000;
}

static void regions_of_a_parent_do_not_count_1_4(void **state)
{
	(void)state;
	add(0x1000, 0x2000, EMU_REGION_SURFACE, NULL);
	assert_int_equal(ask_child(finds_any, NULL), 0);
	assert_int_equal(ask_child(has_regions_of_its_own, NULL), 1);
	assert_int_equal(find(0, UINTPTR_MAX), 0x1000);
	drop(0x1000);
}

struct churn {
	u32 rounds;
	u32 stop;
	u32 wrong;
};

/* A region that stays is always found, with all its fields, while others are added and removed. */
static void look_or_change(void *ctx, unsigned int index)
{
	struct churn *c = ctx;
	struct emu_region region;

	while (index && !exmap_load(&c->stop)) {
		bool found = emu_region_find(0x100000, 0x100001, &region);

		if (!found || region.start != 0x100000 || region.end != 0x101000 ||
		    region.kind != EMU_REGION_SURFACE || region.surface != (void *)0x30)
			__atomic_add_fetch(&c->wrong, 1, __ATOMIC_RELAXED);
		if (emu_region_find(0, 0x100000, &region) &&
		    region.end - region.start != region.start)
			__atomic_add_fetch(&c->wrong, 1, __ATOMIC_RELAXED);
	}
	if (index)
		return;
	for (u32 i = 0; i < c->rounds; i++) {
		add(0x1000, 0x2000, EMU_REGION_EXPORT, (void *)0x40);
		add(0x4000, 0x8000, EMU_REGION_EXPORT, (void *)0x40);
		drop(0x1000);
		drop(0x4000);
	}
	exmap_store(&c->stop, 1);
}

static void looking_while_others_change(void **state)
{
	struct churn c = { .rounds = UNIT_ROUNDS(100000) };

	(void)state;
	add(0x100000, 0x101000, EMU_REGION_SURFACE, (void *)0x30);
	unit_run_threads(3, look_or_change, &c);
	assert_int_equal(c.wrong, 0);
	drop(0x100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usercopy_copies),
		cmocka_unit_test(usercopy_of_bad_addresses_is_efault),
		cmocka_unit_test(hidden_fds_are_moved_and_known),
		cmocka_unit_test(nothing_hidden_is_left_behind),
		cmocka_unit_test(generations_differ_1_4),
		cmocka_unit_test(regions_are_found_by_overlap),
		cmocka_unit_test(fences_count_for_who_asks_for_them),
		cmocka_unit_test(exports_outlive_their_surface),
		cmocka_unit_test(too_many_regions_are_refused),
		cmocka_unit_test(regions_of_a_parent_do_not_count_1_4),
		cmocka_unit_test(looking_while_others_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* test_emu.c - a device of the emulator: its states and its calls */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "device.h"
#include "emu/options.h"
#include "emu/mover.h"
#include "emu/memory.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE
#define BAD_POINTER ((void *)16)

/* EXMAP_OPTIONS names a strategy, and the emulator must not take another. */
static void the_strategy_asked_for_is_used(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	enum emu_strategy strategy = emu_options()->strategy;

	(void)state;
	assert_int_not_equal(strategy, EMU_STRATEGY_AUTO);
	assert_ptr_equal(d->file->dev->surface->mover,
			 strategy == EMU_STRATEGY_MOVE	? &emu_mover_move :
			 strategy == EMU_STRATEGY_COPY	? &emu_mover_copy :
			 strategy == EMU_STRATEGY_GUARD ? &emu_mover_guard :
							  &emu_mover_mprotect);
	if (strategy == EMU_STRATEGY_MOVE)
		assert_non_null(d->file->dev->surface->slots);
	unit_device_free(d);
}

static void pages_appear_and_vanish_4_4_4_9_6_1(void **state)
{
	struct device *d = unit_device_new(2000, 1500, -1);
	char *p = d->base + 10 * PAGE;

	(void)state;
	assert_true(unit_touch(p, false) > 0);
	assert_int_equal(unit_one(d, 0, ALLOC, 10, 1), 1);
	for (u32 i = 0; i < PAGE; i++)
		assert_int_equal(p[i], 0);
	p[7] = 42;
	assert_int_equal(unit_one(d, 1, ALLOC, 0, 1000), 999);
	assert_int_equal(p[7], 42);
	assert_int_equal(unit_touch(p + 3 * PAGE, true), 0);
	assert_true(unit_touch(d->base + 1000 * PAGE, true) > 0);
	assert_int_equal(unit_one(d, 2, FREE, 10, 1), 1);
	assert_true(unit_touch(p, false) > 0);
	assert_int_equal(unit_touch(p - 1, false), 0);
	assert_int_equal(unit_touch(p + PAGE, false), 0);
	assert_int_equal(unit_stats(d->file).alloc_count, 999);
	unit_device_free(d);
}

static void fault_tells_address_and_kind_6_1(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	u64 faults = exmap_load(&d->file->dev->faults);

	(void)state;
	assert_int_equal(unit_touch(d->base + 4711, false), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 99 * PAGE + 4095, true), SEGV_MAPERR);
	assert_int_equal(exmap_load(&d->file->dev->faults), faults + 2);
	unit_device_free(d);
}

static void kernel_access_6_2(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	int fds[2];
	char byte = 'x';

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], d->base, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 1), 1);
	d->base[0] = 'y';
	assert_int_equal(write(fds[1], d->base, 1), 1);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	close(fds[0]);
	close(fds[1]);
	unit_device_free(d);
}

static void actions_refused_4_1(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	struct exmap_action_params params = { .iov_len = 1, .opcode = ALLOC };
	struct device *d;

	(void)state;
	assert_int_equal(unit_action(file, &params), -EBADF);
	assert_int_equal(unit_setup(file, -1, 1, 10, 0), 0);
	assert_int_equal(unit_action(file, &params), -EPROTO);
	emu_file_put(file);

	d = unit_device_new(100, 10, -1);
	d->user[0]->iov[0].value = 1;
	assert_int_equal(unit_action(d->file, NULL), -EFAULT);
	assert_int_equal(unit_action(d->file, BAD_POINTER), -EFAULT);
	assert_int_equal(unit_action(d->file, (void *)d->base), -EFAULT);
	params.iov_len = 513;
	assert_int_equal(unit_action(d->file, &params), -EINVAL);
	params.iov_len = 1;
	params.interface = UNIT_INTERFACES;
	assert_int_equal(unit_action(d->file, &params), -EINVAL);
	params.interface = 0;
	for (unsigned int opcode = 0; opcode < 10; opcode++) {
		params.opcode = opcode;
		if (opcode < ALLOC || opcode > EXMAP_OP_RM_SD)
			assert_int_equal(unit_action(d->file, &params), -EINVAL);
	}
	assert_int_equal(d->user[0]->iov[0].value, 1);
	assert_int_equal(unit_do(d, 0, ALLOC, 0), 0);
	assert_int_equal(d->user[0]->iov[0].value, 1);
	assert_int_equal(unit_stats(d->file).alloc_count, 0);
	unit_device_free(d);
}

/* The first half of the parameters is readable, the second half is not. */
static void half_a_pointer_is_efault_4_1(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *two =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(two, MAP_FAILED);
	assert_int_equal(mprotect(two + PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(unit_action(d->file, (void *)(two + PAGE - 8)), -EFAULT);
	assert_int_equal(unit_action(d->file, (void *)(two + PAGE - 12)), -EFAULT);
	assert_int_equal(
		emu_ioctl(d->file, EXMAP_IOCTL_STATS, (unsigned long)(two + PAGE - 16), NULL),
		-EFAULT);
	assert_int_equal(unit_action(d->file, (void *)(two + PAGE - 16)), -EINVAL);
	munmap(two, 2 * PAGE);
	unit_device_free(d);
}

static u64 pages_of_the_machine(void)
{
	struct sysinfo info;

	assert_int_equal(sysinfo(&info), 0);
	return (u64)info.totalram * info.mem_unit / EXMAP_PAGE_SIZE;
}

static void setup_refused_then_retried_3_1_3_4(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	int closed = open("/dev/null", O_RDWR);

	(void)state;
	close(closed);
	unit_handle_faults();
	assert_int_equal(emu_ioctl(file, EXMAP_IOCTL_SETUP, 0, NULL), -EFAULT);
	assert_int_equal(unit_setup(file, -1, 0, 10, 0), -EINVAL);
	assert_int_equal(unit_setup(file, -1, -1, 10, 0), -EINVAL);
	assert_int_equal(unit_setup(file, -1, 257, 10, 0), -EINVAL);
	assert_int_equal(unit_setup(file, -1, 1, 0, 0), -EINVAL);
	assert_int_equal(unit_setup(file, -1, 1, 10, EXMAP_PAGEFAULT_ALLOC), -EINVAL);
	assert_int_equal(unit_setup(file, -1, 1, SIZE_MAX, 0), -ENOMEM);
	assert_int_equal(unit_setup(file, -1, 1, 1ul << 40, 0), -ENOMEM);
	assert_int_equal(unit_setup(file, -1, 1, pages_of_the_machine() + 1, 0), -ENOMEM);
	assert_int_equal(unit_setup(file, closed, 1, 10, 0), -EBADF);
	assert_int_equal(unit_setup(file, 1 << 30, 1, 10, 0), -EBADF);
	assert_int_equal(unit_stats(file).max_interfaces, 0);
	assert_int_equal(unit_setup(file, -7, 256, 1, ~(u64)0), 0);
	assert_int_equal(unit_stats(file).max_interfaces, 256);
	assert_int_equal(unit_stats(file).buffer_size, 1);
	assert_int_equal(unit_setup(file, -1, 1, 10, 0), -EBUSY);
	emu_file_put(file);
}

static void unknown_ioctls_1_1(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);

	(void)state;
	assert_int_equal(emu_ioctl(file, 0, 0, NULL), -EINVAL);
	assert_int_equal(emu_ioctl(file, EXMAP_IOCTL_SETUP + 7, 0, NULL), -EINVAL);
	emu_file_put(file);
}

static void capacity_is_exact_3_5_4_6(void **state)
{
	struct device *d = unit_device_new(3000, 777, -1);

	(void)state;
	assert_int_equal(unit_one(d, 3, ALLOC, 0, 1000), -ENOMEM);
	assert_int_equal(d->user[3]->iov[0].pages, 777);
	assert_int_equal(unit_touch(d->base + 776 * PAGE, true), 0);
	assert_true(unit_touch(d->base + 777 * PAGE, true) > 0);
	assert_int_equal(unit_one(d, 0, ALLOC, 2000, 1), -ENOMEM);
	assert_int_equal(unit_one(d, 1, FREE, 100, 100), 100);
	assert_int_equal(unit_one(d, 2, ALLOC, 2000, 100), 100);
	assert_int_equal(unit_stats(d->file).alloc_count, 777);
	unit_device_free(d);
}

/* One action of single pages, some of them neighbours, as when a cache evicts. */
static void many_vectors_at_once(void **state)
{
	struct device *d = unit_device_new(4096, 2048, -1);

	(void)state;
	for (int round = 0; round < 3; round++) {
		unsigned int opcode = round % 2 ? FREE : ALLOC;

		for (u32 i = 0; i < 512; i++)
			d->user[0]->iov[i] =
				(struct exmap_iov){ { .page = i < 256 ? 7 * i : 2000 + i,
						      .len = 1 } };
		assert_int_equal(unit_do(d, 0, opcode, 512), 0);
		for (u32 i = 0; i < 512; i++) {
			u64 page = i < 256 ? 7 * i : 2000 + i;

			assert_int_equal(d->user[0]->iov[i].pages, 1);
			assert_int_equal(unit_touch(d->base + page * PAGE, true) == 0,
					 opcode == ALLOC);
		}
	}
	unit_device_free(d);
}

static void clone_acts_on_the_other_7_2(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	struct exmap_file *clone = emu_open(O_RDWR, EMU_NAME_PLAIN);
	struct exmap_action_params params = { .iov_len = 1, .opcode = ALLOC };

	(void)state;
	assert_int_equal(emu_ioctl(clone, EXMAP_IOCTL_CLONE, 0, NULL), -EINVAL);
	assert_int_equal(emu_ioctl(clone, EXMAP_IOCTL_CLONE, 0, clone), -EINVAL);
	assert_int_equal(emu_ioctl(clone, EXMAP_IOCTL_CLONE, 0, d->file), 0);
	assert_int_equal(emu_ioctl(d->file, EXMAP_IOCTL_CLONE, 0, clone), -EINVAL);
	d->user[0]->iov[0] = (struct exmap_iov){ { .page = 3, .len = 2 } };
	assert_int_equal(unit_action(clone, &params), 0);
	assert_int_equal(d->user[0]->iov[0].pages, 2);
	assert_int_equal(unit_stats(clone).alloc_count, 2);
	assert_int_equal(unit_setup(clone, -1, 1, 1, 0), -EBUSY);
	/* The exmap lives as long as one of the files is open. */
	emu_file_put(d->file);
	d->file = clone;
	assert_int_equal(unit_one(d, 0, FREE, 0, 100), 2);
	unit_device_free(d);
}

static void file_that_dies_is_not_to_be_had(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);

	(void)state;
	assert_true(emu_file_get(file));
	assert_int_equal(file->refs, 2);
	emu_file_put(file);
	file->refs = 0;
	assert_false(emu_file_get(file));
	file->refs = 1;
	emu_file_put(file);
}

static void mapping_survives_the_last_file_1_2(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 10), 10);
	emu_file_put(d->file);
	for (u32 i = 0; i < 10; i++)
		assert_int_equal(unit_touch(d->base + i * PAGE, true), 0);
	assert_true(unit_touch(d->base + 10 * PAGE, true) > 0);
	assert_int_equal(emu_munmap(d->base, 100 * PAGE), 0);
	for (u32 i = 0; i < UNIT_INTERFACES; i++)
		munmap(d->user[i], PAGE);
	free(d);
}

static void system_call_400_7_4(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);

	(void)state;
	d->user[1]->iov[0] = (struct exmap_iov){ { .page = 3, .len = 2 } };
	assert_int_equal(emu_syscall_action(d->file, ALLOC, 1, 1), 0);
	assert_int_equal(d->user[1]->iov[0].pages, 2);
	/* These numbers would be valid if they were cut to 16 bits. */
	assert_int_equal(emu_syscall_action(d->file, 0x10000 + ALLOC, 1, 1), -EINVAL);
	assert_int_equal(emu_syscall_action(d->file, ALLOC, 0x10001, 1), -EINVAL);
	assert_int_equal(emu_syscall_action(d->file, ALLOC, 1, 0x10001), -EINVAL);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_strategy_asked_for_is_used),
		cmocka_unit_test(pages_appear_and_vanish_4_4_4_9_6_1),
		cmocka_unit_test(fault_tells_address_and_kind_6_1),
		cmocka_unit_test(kernel_access_6_2),
		cmocka_unit_test(actions_refused_4_1),
		cmocka_unit_test(half_a_pointer_is_efault_4_1),
		cmocka_unit_test(setup_refused_then_retried_3_1_3_4),
		cmocka_unit_test(unknown_ioctls_1_1),
		cmocka_unit_test(capacity_is_exact_3_5_4_6),
		cmocka_unit_test(many_vectors_at_once),
		cmocka_unit_test(clone_acts_on_the_other_7_2),
		cmocka_unit_test(file_that_dies_is_not_to_be_had),
		cmocka_unit_test(mapping_survives_the_last_file_1_2),
		cmocka_unit_test(system_call_400_7_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* test_emu_protection.c - exports are not split; pages that were read have the right protection */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "emu/memory.h"

#define PAGE EXMAP_PAGE_SIZE

/* Part of an export cannot be unmapped, as of a surface; the whole export can [2.5, 7.3]. */
static void export_is_unmapped_whole(void **state)
{
	struct device *d = unit_device_new(1024, 10, -1);
	char *words;

	(void)state;
	words = emu_mmap(d->file, NULL, 2 * PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT);
	assert_true((long)words > 0);
	assert_int_equal(emu_munmap(words, PAGE), -EINVAL);
	assert_int_equal(emu_munmap(words + PAGE, PAGE), -EINVAL);
	assert_int_equal(emu_munmap(words, 2 * PAGE), 0);
	assert_false(emu_vm_overlaps(words, 2 * PAGE));
	unit_device_free(d);
}

/* Whether the mapping that holds an address is executable. */
static bool executable(const void *addr)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start;
	unsigned long end;
	char line[512];
	char perms[8] = "";
	bool found = false;

	assert_non_null(maps);
	while (!found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%lx-%lx %7s", &start, &end, perms) == 3 &&
			(unsigned long)addr >= start && (unsigned long)addr < end;
	fclose(maps);
	return found && perms[2] == 'x';
}

/* A page that was read has the protection of the surface, like one that was allocated [2.6]. */
static void read_into_an_executable_surface(void **state)
{
	char name[] = "exmap-unit-XXXXXX";
	int fd = mkstemp(name);
	struct device *d;
	int direct;

	(void)state;
	assert_int_equal(ftruncate(fd, 10 * PAGE), 0);
	direct = open(name, O_RDONLY | O_DIRECT);
	unlink(name);
	close(fd);
	assert_true(direct >= 0);
	d = unit_device_new(100, 10, direct);
	close(direct);
	assert_int_equal(emu_mprotect(d->base, 100 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 5, 1), 1);
	assert_true(executable(d->base + 5 * PAGE));
	assert_int_equal(unit_read_pages(d, 0, EXMAP_OP_READ, 1, 1), PAGE);
	assert_true(executable(d->base + PAGE));
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(export_is_unmapped_whole),
		cmocka_unit_test(read_into_an_executable_surface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * registry.c - see registry.h
 *
 * Two copies of the table: readers use the one that the sequence number's lowest
 * bit names, a writer fills the other and then moves the number on. A reader
 * that finds it moved reads again; it never waits, so that it may interrupt a
 * writer. And it does not use RCU, whose library maps memory with its locks
 * held when a thread first reads, and so comes here.
 */

#include "emu/registry.h"

#include <errno.h>
#include <pthread.h>

#include "emu/process.h"
#include "emu/report.h"

/* Surfaces and exports of one process at a time. */
#define MAX_REGIONS 512

/* All fields are atomic; written under vm_lock while the copy is not in use. */
struct table {
	uint64_t generation;
	uint64_t n;
	struct emu_region region[MAX_REGIONS];
};

static pthread_mutex_t vm_lock = PTHREAD_MUTEX_INITIALIZER;
static struct table tables[2];
/* Changes of the table so far; atomic, written under vm_lock. */
static uint64_t sequence;

void emu_vm_lock(void)
{
	pthread_mutex_lock(&vm_lock);
}

void emu_vm_unlock(void)
{
	pthread_mutex_unlock(&vm_lock);
}

#define get(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define set(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELEASE)

static struct emu_region load(const struct emu_region *from)
{
	return (struct emu_region){
		.start = get(from->start),
		.end = get(from->end),
		.kind = get(from->kind),
		.surface = get(from->surface),
	};
}

/* The regions of a copy, unless they are a parent's. */
static uint64_t count(const struct table *table)
{
	return get(table->generation) == emu_generation() ? get(table->n) : 0;
}

/* The copy to fill; vm_lock held. */
static struct table *spare(void)
{
	struct table *table = &tables[(sequence + 1) % 2];

	set(table->generation, emu_generation());
	set(table->n, 0);
	return table;
}

static void append(struct table *table, const struct emu_region *region)
{
	struct emu_region *to = &table->region[table->n];

	set(to->start, region->start);
	set(to->end, region->end);
	set(to->kind, region->kind);
	set(to->surface, region->surface);
	set(table->n, table->n + 1);
}

static void publish(void)
{
	set(sequence, sequence + 1);
}

int emu_region_add(const struct emu_region *region)
{
	const struct table *old = &tables[sequence % 2];
	uint64_t n = count(old);
	struct table *table;
	uint64_t i = 0;

	if (n == MAX_REGIONS) {
		emu_say_once(
			"mmap: no room for more than 512 surfaces and exports at a time (ENOMEM); "
			"unmap some");
		return -ENOMEM;
	}
	table = spare();
	while (i < n && old->region[i].start < region->start)
		append(table, &old->region[i++]);
	append(table, region);
	while (i < n)
		append(table, &old->region[i++]);
	publish();
	return 0;
}

void emu_region_remove(uintptr_t start)
{
	const struct table *old = &tables[sequence % 2];
	struct table *table = spare();
	uint64_t n = count(old);

	for (uint64_t i = 0; i < n; i++) {
		if (old->region[i].start != start)
			append(table, &old->region[i]);
	}
	publish();
}

void emu_region_orphan(struct emu_surface *surface)
{
	const struct table *old = &tables[sequence % 2];
	struct table *table = spare();
	uint64_t n = count(old);

	for (uint64_t i = 0; i < n; i++) {
		struct emu_region region = old->region[i];

		if (region.kind == EMU_REGION_EXPORT && region.surface == surface)
			region.surface = NULL;
		append(table, &region);
	}
	publish();
}

bool emu_region_find(uintptr_t start, uintptr_t end, struct emu_region *region)
{
	uint64_t seen;
	bool found;

	do {
		const struct table *table;
		uint64_t n;

		seen = get(sequence);
		table = &tables[seen % 2];
		n = count(table);
		found = false;
		for (uint64_t i = 0; i < n && i < MAX_REGIONS && !found; i++) {
			*region = load(&table->region[i]);
			found = region->start < end && start < region->end;
		}
	} while (get(sequence) != seen);
	return found;
}

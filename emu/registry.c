// SPDX-License-Identifier: MIT
/*
 * registry.c - see registry.h
 *
 * There are two copies of the table. The lowest bit of a sequence number says which of them
 * readers use. A writer fills the other copy, then increments the number. A reader looks at the
 * number before and after; if it has changed, the reader begins again. So a reader never waits,
 * and a signal handler may be a reader while its own thread is writing.
 *
 * Readers do not use RCU. When a thread enters its first read section, liburcu calls mmap() with
 * a lock of its own held; the shim catches that mmap(), and looks here whether it meets a region.
 */

#include "emu/registry.h"

#include <errno.h>
#include <pthread.h>

#include "core/platform.h"
#include "emu/fence.h"
#include "emu/generation.h"
#include "emu/reentry.h"
#include "emu/say.h"

/* Regions of one process at a time. Example: 31 exmaps, each with 256 interfaces mapped. */
#define MAX_REGIONS 8192

/* One copy. All fields are atomic; written under vm_lock while readers use the other copy. */
struct table {
	uint64_t generation;
	uint64_t n;
	/* The first @n, in ascending order. Neither the regions nor their fences overlap. */
	struct emu_region region[MAX_REGIONS];
};

static pthread_mutex_t vm_lock = PTHREAD_MUTEX_INITIALIZER;
/* The two copies, allocated for the first region; set once under vm_lock, read atomically. */
static struct table *tables;
/* The sequence number: changes of the table so far; atomic, written under vm_lock. */
static uint64_t sequence;

void emu_vm_lock(void)
{
	emu_note_lock();
	pthread_mutex_lock(&vm_lock);
}

void emu_vm_unlock(void)
{
	pthread_mutex_unlock(&vm_lock);
	emu_note_unlock();
}

#define get(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define set(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELEASE)

static struct emu_region load(const struct emu_region *from)
{
	return (struct emu_region){
		.start = get(from->start),
		.end = get(from->end),
		.fence = { get(from->fence.before), get(from->fence.after) },
		.kind = get(from->kind),
		.surface = get(from->surface),
		.exmap = get(from->exmap),
		.interface = get(from->interface),
	};
}

/* Return: the copy that readers use after @changes changes; NULL if there are no tables. */
static const struct table *copy_after(uint64_t changes)
{
	const struct table *both = get(tables);

	return both ? &both[changes % 2] : NULL;
}

/* Return: number of regions in a copy; 0 if a parent process wrote it. */
static uint64_t count(const struct table *table)
{
	if (!table)
		return 0;
	return get(table->generation) == emu_generation() ? get(table->n) : 0;
}

/* Return: the copy that readers do not use, emptied; vm_lock held. */
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
	set(to->fence.before, region->fence.before);
	set(to->fence.after, region->fence.after);
	set(to->kind, region->kind);
	set(to->surface, region->surface);
	set(to->exmap, region->exmap);
	set(to->interface, region->interface);
	set(table->n, table->n + 1);
}

#ifdef EXMAP_CHECK
/* Asserts that the regions ascend, and that none overlaps another or another's fences. */
static void check(const struct table *table)
{
	uintptr_t end = 0;

	exmap_assert(table->n <= MAX_REGIONS);
	for (uint64_t i = 0; i < table->n; i++) {
		const struct emu_region *region = &table->region[i];

		exmap_assert(region->start < region->end);
		exmap_assert(region->start - region->fence.before >= end);
		end = region->end + region->fence.after;
	}
}
#else
static void check(const struct table *table)
{
	(void)table;
}
#endif

/* Readers see the spare copy from now on; vm_lock held. */
static void publish(void)
{
	check(copy_after(sequence + 1));
	set(sequence, sequence + 1);
}

/* Allocates the tables if there are none yet; vm_lock held. Return: false if out of memory. */
static bool have_tables(void)
{
	if (!tables)
		set(tables, emu_fenced_alloc(2 * sizeof(*tables)));
	return tables;
}

int emu_region_add(const struct emu_region *region)
{
	const struct table *old;
	struct table *table;
	uint64_t i = 0;
	uint64_t n;

	if (!have_tables())
		return -ENOMEM;
	old = copy_after(sequence);
	n = count(old);
	if (n == MAX_REGIONS) {
		emu_say_once(
			"mmap: no room for more than %d surfaces, interfaces and exports at a time "
			"(ENOMEM); unmap some",
			MAX_REGIONS);
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

/*
 * Publishes a table of those regions for which @edit returns true, with the changes that @edit
 * has made in them. vm_lock held.
 */
static void edit_all(bool (*edit)(struct emu_region *region, const void *what), const void *what)
{
	const struct table *old = copy_after(sequence);
	struct table *table;
	uint64_t n = count(old);

	if (!n)
		return;
	table = spare();
	for (uint64_t i = 0; i < n; i++) {
		struct emu_region region = old->region[i];

		if (edit(&region, what))
			append(table, &region);
	}
	publish();
}

static bool starts_elsewhere(struct emu_region *region, const void *start)
{
	return region->start != *(const uintptr_t *)start;
}

void emu_region_remove(uintptr_t start)
{
	edit_all(starts_elsewhere, &start);
}

static bool take_fence(struct emu_region *region, const void *changed)
{
	const struct emu_region *from = changed;

	if (region->start == from->start)
		region->fence = from->fence;
	return true;
}

void emu_region_refence(uintptr_t start, const struct emu_fence *fence)
{
	const struct emu_region changed = { .start = start, .fence = *fence };

	edit_all(take_fence, &changed);
}

static bool forget_surface(struct emu_region *region, const void *surface)
{
	if (region->kind == EMU_REGION_EXPORT && region->surface == surface)
		region->surface = NULL;
	return true;
}

void emu_region_orphan(struct emu_surface *surface)
{
	edit_all(forget_surface, surface);
}

/* The bounds of a region: with its fences if @near, else without. */
static uintptr_t lower_end(const struct emu_region *region, bool near)
{
	return get(region->start) - (near ? get(region->fence.before) : 0);
}

static uintptr_t upper_end(const struct emu_region *region, bool near)
{
	return get(region->end) + (near ? get(region->fence.after) : 0);
}

/*
 * Return: index of the first region that ends behind @start, @n if there is none. A writer may be
 * filling the copy: then the result is wrong, but below @n or equal, and find() begins again.
 */
static uint64_t first_behind(const struct table *table, uint64_t n, uintptr_t start, bool near)
{
	uint64_t low = 0;

	while (low < n) {
		uint64_t middle = (low + n) / 2;

		if (upper_end(&table->region[middle], near) > start)
			n = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool find(uintptr_t start, uintptr_t end, struct emu_region *region, bool near)
{
	uint64_t seen;
	bool found;

	do {
		const struct table *table;
		uint64_t n;
		uint64_t i;

		seen = get(sequence);
		table = copy_after(seen);
		n = EXMAP_MIN(count(table), (uint64_t)MAX_REGIONS);
		i = first_behind(table, n, start, near);
		found = i < n && lower_end(&table->region[i], near) < end;
		if (found)
			*region = load(&table->region[i]);
	} while (get(sequence) != seen);
	return found;
}

bool emu_region_find(uintptr_t start, uintptr_t end, struct emu_region *region)
{
	return find(start, end, region, false);
}

bool emu_region_find_near(uintptr_t start, uintptr_t end, struct emu_region *region)
{
	return find(start, end, region, true);
}

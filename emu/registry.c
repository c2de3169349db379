// SPDX-License-Identifier: MIT
/* registry.c - see registry.h */

#include "emu/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "emu/process.h"
#include "emu/rcu.h"

/* Immutable once published; replaced as a whole under vm_lock. */
struct table {
	uint64_t generation;
	size_t n;
	struct emu_region region[];
};

static pthread_mutex_t vm_lock = PTHREAD_MUTEX_INITIALIZER;
/* Accessed atomically; the table behind it lives for a grace period more. */
static struct table *current;

void emu_vm_lock(void)
{
	pthread_mutex_lock(&vm_lock);
}

void emu_vm_unlock(void)
{
	pthread_mutex_unlock(&vm_lock);
}

/* The table, unless it is the parent's. */
static struct table *mine(void)
{
	struct table *table = __atomic_load_n(&current, __ATOMIC_ACQUIRE);

	return table && table->generation == emu_generation() ? table : NULL;
}

static struct table *new_table(size_t n)
{
	struct table *table = malloc(sizeof(*table) + n * sizeof(table->region[0]));

	if (table) {
		table->generation = emu_generation();
		table->n = 0;
	}
	return table;
}

static void publish(struct table *table)
{
	struct table *old = __atomic_exchange_n(&current, table, __ATOMIC_ACQ_REL);

	emu_rcu_free(old);
}

int emu_region_add(const struct emu_region *region)
{
	struct table *old = mine();
	size_t n = old ? old->n : 0;
	struct table *table = new_table(n + 1);
	size_t i = 0;

	if (!table)
		return -ENOMEM;
	while (i < n && old->region[i].start < region->start)
		table->region[table->n++] = old->region[i++];
	table->region[table->n++] = *region;
	while (i < n)
		table->region[table->n++] = old->region[i++];
	publish(table);
	return 0;
}

void emu_region_remove(uintptr_t start)
{
	struct table *old = mine();
	struct table *table;

	if (!old)
		return;
	table = new_table(old->n);
	if (!table) {
		/* Better a region too few for good than one too many. */
		publish(NULL);
		return;
	}
	for (size_t i = 0; i < old->n; i++) {
		if (old->region[i].start != start)
			table->region[table->n++] = old->region[i];
	}
	publish(table);
}

void emu_region_orphan(struct emu_surface *surface)
{
	struct table *old = mine();
	struct table *table;

	if (!old)
		return;
	table = new_table(old->n);
	if (!table)
		return;
	for (size_t i = 0; i < old->n; i++) {
		table->region[table->n] = old->region[i];
		if (table->region[table->n].kind == EMU_REGION_EXPORT &&
		    table->region[table->n].surface == surface)
			table->region[table->n].surface = NULL;
		table->n++;
	}
	publish(table);
}

bool emu_region_find(uintptr_t start, uintptr_t end, struct emu_region *region)
{
	const struct table *table = mine();

	for (size_t i = 0; table && i < table->n; i++) {
		if (table->region[i].start < end && start < table->region[i].end) {
			*region = table->region[i];
			return true;
		}
	}
	return false;
}

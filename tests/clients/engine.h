/* SPDX-License-Identifier: MIT */
/*
 * engine.h - an engine in the manner of LeanStore: pages, an alias area for each worker, a common one
 *
 * Such engines are built against another header than ours, so this one has the interface in words of
 * its own: one word of the parameters is the first target of SHADOW, or flags. They never look at the
 * results of an ALLOC, but send it again while it fails; they set a flag of SETUP that means something
 * else elsewhere; and they read a page by a preadv() of one iovec.
 */
#ifndef CLIENTS_ENGINE_H
#define CLIENTS_ENGINE_H

#include "check.h"

#include <sched.h>
#include <sys/uio.h>

#define ENGINE_MAX_WORKERS 16
#define ENGINE_CPU_AFFINITY 2

enum { ENGINE_ALLOC = 1, ENGINE_FREE = 2, ENGINE_SHADOW = 3, ENGINE_RM_SHADOW = 4 };

struct engine_params {
	uint16_t interface;
	uint16_t iov_len;
	uint16_t opcode;
	union {
		uint64_t page_id;
		uint64_t flags;
	};
};

_Static_assert(sizeof(struct engine_params) == sizeof(struct exmap_action_params), "another size");
_Static_assert(offsetof(struct engine_params, page_id) == 8, "another place");

/* Pages of an object: the first, and their number. */
struct engine_extent {
	uint64_t page;
	uint64_t len;
};

struct engine {
	int fd;
	int db;
	char *mem;
	uint64_t pages; /* of the database */
	uint64_t alias; /* pages of a worker's area */
	int workers;
	uint64_t *vector[ENGINE_MAX_WORKERS];
};

/* The number that all of a page's words hold in the database. */
static inline uint64_t engine_word(uint64_t page)
{
	return page * 0x9e3779b97f4a7c15 | 1;
}

static UNUSED int engine_holds(const char *page, uint64_t of)
{
	for (size_t i = 0; i < PAGE / 8; i++) {
		if (((const volatile uint64_t *)page)[i] != engine_word(of))
			return 0;
	}
	return 1;
}

static UNUSED char *engine_at(const struct engine *e, uint64_t page)
{
	return e->mem + page * PAGE;
}

/* First page of a worker's alias area; of the common one, if the worker is one too many. */
static UNUSED uint64_t engine_area(const struct engine *e, int worker)
{
	return e->pages + worker * e->alias;
}

static UNUSED int engine_act(const struct engine *e, int worker, int opcode,
			     const struct engine_extent *extent, int n, uint64_t page_id)
{
	struct engine_params params = {
		.interface = worker, .iov_len = n, .opcode = opcode, .page_id = page_id
	};

	for (int i = 0; i < n; i++)
		e->vector[worker][i] = extent[i].page | extent[i].len << 52;
	return ioctl(e->fd, EXMAP_IOCTL_ACTION, &params);
}

/* The vectors are written once: what is left of them is sent until it is done. */
static UNUSED void engine_alloc(const struct engine *e, int worker,
				const struct engine_extent *extent, int n)
{
	struct engine_params params = { .interface = worker, .iov_len = n, .opcode = ENGINE_ALLOC };

	if (engine_act(e, worker, ENGINE_ALLOC, extent, n, 0) >= 0)
		return;
	do {
		if (errno != ENOMEM)
			check_need(0, "ALLOC");
		sched_yield();
	} while (ioctl(e->fd, EXMAP_IOCTL_ACTION, &params) < 0);
}

static UNUSED int engine_free(const struct engine *e, int worker,
			      const struct engine_extent *extent, int n)
{
	return engine_act(e, worker, ENGINE_FREE, extent, n, 0);
}

static UNUSED int engine_shadow(const struct engine *e, int worker,
				const struct engine_extent *extent, int n, uint64_t target)
{
	return engine_act(e, worker, ENGINE_SHADOW, extent, n, target);
}

static UNUSED int engine_rm_shadow(const struct engine *e, int worker)
{
	return engine_act(e, worker, ENGINE_RM_SHADOW, NULL, 0, 0);
}

/* A page from the database; it may be there already, and is read anew then. */
static UNUSED int engine_read(const struct engine *e, int worker, uint64_t page)
{
	struct iovec iov = { engine_at(e, page), PAGE };

	return preadv(e->fd, &iov, 1, worker) == (ssize_t)PAGE;
}

/* Whether the span at @area shows these extents, each page as the database has it. */
static UNUSED int engine_shows(const struct engine *e, uint64_t area,
			       const struct engine_extent *extent, int n)
{
	for (int i = 0; i < n; i++) {
		for (uint64_t j = 0; j < extent[i].len; j++) {
			if (!engine_holds(engine_at(e, area++), extent[i].page + j))
				return 0;
		}
	}
	return 1;
}

static UNUSED int engine_database(uint64_t pages)
{
	const char *dirs[] = { getenv("EXMAP_TEST_DIR"), ".", "/var/tmp", "/tmp", "/dev/shm" };
	uint64_t *buffer = (uint64_t *)aligned_alloc(PAGE, PAGE);
	int fd = -1;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && fd < 0; i++) {
		char name[512];

		snprintf(name, sizeof(name), "%s/engine-%d", dirs[i] ? dirs[i] : ".", getpid());
		fd = open(name, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
		unlink(name);
	}
	check_need(fd >= 0, "a directory with O_DIRECT files");
	for (uint64_t page = 0; page < pages; page++) {
		for (size_t i = 0; i < PAGE / 8; i++)
			buffer[i] = engine_word(page);
		check_need(pwrite(fd, buffer, PAGE, page * PAGE) == (ssize_t)PAGE, "database");
	}
	free(buffer);
	return fd;
}

static UNUSED const char *engine_device = "/dev/exmap0";

/* Opens a device of the dialect; @flags go to SETUP. */
static UNUSED void engine_open(struct engine *e, int workers, uint64_t pages, uint64_t alias,
			       uint64_t frames, uint64_t flags)
{
	struct exmap_ioctl_setup setup = { .max_interfaces = workers, .buffer_size = frames };
	uint64_t all = pages + workers * alias + pages;

	*e = (struct engine){ .pages = pages, .alias = alias, .workers = workers };
	e->db = engine_database(pages);
	e->fd = open(engine_device, O_RDWR);
	check_need(e->fd >= 0, engine_device);
	e->mem = (char *)mmap(NULL, all * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, e->fd, 0);
	check_need(e->mem != MAP_FAILED, "surface");
	setup.fd = e->db;
	setup.flags = flags;
	check_need(!ioctl(e->fd, EXMAP_IOCTL_SETUP, &setup), "SETUP");
	for (int i = 0; i < workers; i++) {
		e->vector[i] = (uint64_t *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
						e->fd, (off_t)EXMAP_OFF_INTERFACE(i));
		check_need(e->vector[i] != MAP_FAILED, "interface");
	}
}

#endif

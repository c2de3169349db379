// SPDX-License-Identifier: MIT
/*
 * execute.c - operations done to /dev/exmap; see execute.h
 */
#include "execute.h"
#include "backing.h"
#include "device.h"
#include "probe.h"

#include <err.h>
#include <errno.h>
#include <exmap.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define HUGE_SIZE (2UL << 20)
#define BAD_POINTER ((void *)8)
/* Each place has a range of addresses for its surfaces, apart from the others. */
#define ROOM (64UL << 20)
#define CLOSED_FD (1 << 19)

struct place places[PLACES];

static int backings[BACKINGS];
static int not_direct;
static char *rooms;

void execute_prepare(void)
{
	for (int i = 0; i < BACKINGS; i++)
		backings[i] = backing_create(backing_sizes[i]);
	not_direct = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

void execute_init(void)
{
	for (int i = 0; i < PLACES; i++)
		places[i].fd = -1;
	/* No other mmap() takes addresses that are reserved. */
	rooms = mmap(NULL, PLACES * ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rooms == MAP_FAILED)
		err(1, "mmap");
	probe_init();
	look_init();
}

static int64_t result(int64_t ret)
{
	return ret < 0 ? -errno : ret;
}

static int64_t map_result(const void *p)
{
	return p == MAP_FAILED ? -errno : 0;
}

static void drop_interfaces(struct place *p)
{
	for (int i = 0; i < MAX_INTERFACES; i++) {
		if (p->user[i])
			munmap(p->user[i], PAGE);
		p->user[i] = NULL;
	}
}

static void do_open(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[0]];

	if (p->fd >= 0)
		return;
	p->fd = open(device_path, O_RDWR | O_CLOEXEC);
	answer_add(got, "open", p->fd < 0 ? -errno : 0);
}

static void do_close(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[0]];

	drop_interfaces(p);
	answer_add(got, "close", result(close(p->fd)));
	p->fd = -1;
}

static void do_dup(const struct op *op, struct answer *got)
{
	struct place *to = &places[op->arg[1]];

	if (to->fd >= 0)
		return;
	to->fd = dup(places[op->arg[0]].fd);
	answer_add(got, "dup", to->fd < 0 ? -errno : 0);
}

static void do_clone(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[0]];
	int64_t ret = result(ioctl(p->fd, EXMAP_IOCTL_CLONE, places[op->arg[1]].fd));

	answer_add(got, "CLONE", ret);
	if (!ret) {
		/* These interface pages may be of the exmap that the descriptor acted on before. */
		for (int i = 0; i < PLACES; i++)
			drop_interfaces(&places[i]);
	}
}

static void do_setup(const struct op *op, struct answer *got)
{
	struct exmap_ioctl_setup s = {
		.fd = (int)op->arg[3],
		.max_interfaces = (int)op->arg[1],
		.buffer_size = (size_t)op->arg[2],
		.flags = (uint64_t)op->arg[4],
	};

	if (s.fd >= 0 && s.fd < BACKINGS)
		s.fd = backings[s.fd];
	else if (s.fd >= BACKINGS)
		s.fd = s.fd == BACKINGS ? not_direct : CLOSED_FD;
	answer_add(got, "SETUP",
		   result(ioctl(places[op->arg[0]].fd, EXMAP_IOCTL_SETUP,
				op->arg[5] ? BAD_POINTER : &s)));
}

/* The address that an operation means: @off pages behind the first 2 MiB of the range. */
static char *start_of(int64_t place, int64_t off)
{
	char *room = rooms + (size_t)place * ROOM;

	return room + (-(uintptr_t)room % HUGE_SIZE) + (size_t)off * PAGE;
}

static void reserve(char *at, size_t bytes)
{
	if (mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		err(1, "mmap");
}

static void do_map(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[1]];
	size_t bytes = (size_t)op->arg[2] * PAGE;
	char *at;

	if (p->base || op->arg[2] < 1 || op->arg[2] > MODEL_MAX_PAGES)
		return;
	at = mmap(start_of(op->arg[1], op->arg[3]), bytes, PROT_READ | PROT_WRITE,
		  MAP_SHARED_VALIDATE | MAP_FIXED, places[op->arg[0]].fd, (off_t)EXMAP_OFF_EXMAP);
	answer_add(got, "mmap", map_result(at));
	if (at == MAP_FAILED) {
		/* The kernel has unmapped the old mapping before it asked the driver. */
		reserve(start_of(op->arg[1], op->arg[3]), bytes);
		return;
	}
	p->base = at;
	p->pages = (size_t)op->arg[2];
}

static void drop_exports(void)
{
	for (struct place *p = places; p < places + PLACES; p++) {
		if (p->export)
			munmap((void *)p->export, p->export_words * sizeof(*p->export));
		p->export = NULL;
	}
}

static void do_unmap(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[0]];

	if (!p->base)
		return;
	drop_exports();
	answer_add(got, "munmap", result(munmap(p->base, p->pages * PAGE)));
	reserve(p->base, p->pages * PAGE);
	p->base = NULL;
}

static bool part_fits(const struct place *p, const struct op *op)
{
	return p->base && op->arg[1] >= 0 && op->arg[2] > 0 && (size_t)op->arg[1] < p->pages &&
	       (size_t)op->arg[2] <= p->pages - (size_t)op->arg[1];
}

static void do_part(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[0]];
	char *start = p->base + (size_t)op->arg[1] * PAGE;
	size_t bytes = (size_t)op->arg[2] * PAGE;

	if (!part_fits(p, op))
		return;
	if (op->kind == OP_PROTECT)
		answer_add(got, "mprotect", result(mprotect(start, bytes, (int)op->arg[3])));
	else if ((size_t)op->arg[2] < p->pages)
		answer_add(got, "munmap", result(munmap(start, bytes)));
}

static void do_advise(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[0]];

	if (p->base)
		answer_add(got, "madvise",
			   result(madvise(p->base, p->pages * PAGE, (int)op->arg[1])));
}

static void do_map_other(const struct op *op, struct answer *got)
{
	void *p = mmap(NULL, (size_t)op->arg[2], PROT_READ, op->arg[3] ? MAP_PRIVATE : MAP_SHARED,
		       places[op->arg[0]].fd, op->arg[1]);

	answer_add(got, "mmap", map_result(p));
	if (p != MAP_FAILED)
		munmap(p, (size_t)op->arg[2]);
}

static void do_export(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[1]];
	void *words;

	if (p->export || op->arg[2] < 1)
		return;
	words = mmap(NULL, (size_t)op->arg[2], PROT_READ, MAP_SHARED, places[op->arg[0]].fd,
		     EXMAP_OFF_PTEXPORT);
	answer_add(got, "mmap", map_result(words));
	if (words == MAP_FAILED)
		return;
	p->export = words;
	p->export_words = ((size_t)op->arg[2] + PAGE - 1) / PAGE * PAGE / sizeof(*p->export);
}

/* The page of an interface, mapped when it is first used through a descriptor. */
static struct exmap_user_interface *interface_page(struct place *p, int64_t i, int64_t *ret)
{
	struct exmap_user_interface *user = i < MAX_INTERFACES ? p->user[i] : NULL;

	*ret = 0;
	if (user)
		return user;
	user = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd,
		    (off_t)EXMAP_OFF_INTERFACE(i));
	*ret = map_result(user);
	if (user == MAP_FAILED)
		return NULL;
	p->user[i] = user;
	return user;
}

static void do_action(const struct op *op, struct answer *got)
{
	struct place *p = &places[op->arg[0]];
	struct exmap_action_params params = {
		.interface = (uint16_t)op->arg[1],
		.iov_len = (uint16_t)op->arg[2],
		.opcode = op_opcode(op),
		.page_id = (uint64_t)op->arg[3],
	};
	struct exmap_user_interface *user;
	int64_t ret;

	user = interface_page(p, op->arg[1], &ret);
	answer_add(got, "mmap of the interface", ret);
	for (unsigned int i = 0; user && i < op->n; i++) {
		struct exmap_iov v;

		v.page = (uint64_t)op->range[i].first;
		v.len = op->range[i].len;
		user->iov[i] = v;
	}
	ret = result(ioctl(p->fd, EXMAP_IOCTL_ACTION,
			   op->kind != OP_ACTION && op->arg[4] ? BAD_POINTER : &params));
	answer_add(got, "ACTION", ret);
	got->has_vectors = user;
	if (user)
		memcpy(got->vector, user, sizeof(got->vector));
}

static void do_read(const struct op *op, struct answer *got)
{
	char *base = places[op->arg[1]].base;
	int fd = places[op->arg[0]].fd;
	struct iovec iov[VECTORS];
	int64_t ret;

	if (!base)
		base = start_of(op->arg[1], 0);
	for (unsigned int i = 0; i < op->n; i++) {
		iov[i].iov_base = (char *)((intptr_t)base + op->range[i].first);
		iov[i].iov_len = op->range[i].len;
	}
	if (op->n == 1 && !op->arg[3])
		ret = pread(fd, iov[0].iov_base, iov[0].iov_len, op->arg[2]);
	else
		ret = preadv(fd, iov, (int)op->n, op->arg[2]);
	answer_add(got, "read", result(ret));
}

static void do_stats(const struct op *op, struct answer *got)
{
	struct exmap_ioctl_stats s;
	int64_t ret = result(
		ioctl(places[op->arg[0]].fd, EXMAP_IOCTL_STATS, op->arg[1] ? BAD_POINTER : &s));

	answer_add(got, "STATS", ret);
	if (ret)
		return;
	answer_add(got, "active", s.flags & 1);
	answer_add(got, "buffer_size", (int64_t)s.buffer_size);
	answer_add(got, "alloc_count", (int64_t)s.alloc_count);
	answer_add(got, "max_interfaces", s.max_interfaces);
}

static void do_other(const struct op *op, struct answer *got)
{
	static char page[PAGE] __attribute__((aligned(4096)));
	struct iovec iov = { page, PAGE };
	int fd = places[op->arg[0]].fd;
	int64_t ret;

	switch (op->arg[1]) {
	case 0:
		ret = lseek(fd, 0, SEEK_CUR);
		break;
	case 1:
		ret = write(fd, page, 8);
		break;
	case 2:
		ret = pwrite(fd, page, 8, 0);
		break;
	case 3:
		ret = ioctl(fd, _IOC(_IOC_WRITE, 'k', 9, 8), page);
		break;
	case 4:
		ret = ioctl(fd, _IOC(_IOC_WRITE, 'k', 2, 8), page);
		break;
	case 5:
		ret = preadv2(fd, &iov, 1, 0, RWF_NOWAIT);
		break;
	default:
		return;
	}
	answer_add(got, "call", result(ret));
}

void execute(const struct op *op, struct answer *got)
{
	static void (*const functions[OP_KINDS])(const struct op *, struct answer *) = {
		[OP_OPEN] = do_open,	 [OP_CLOSE] = do_close,		[OP_DUP] = do_dup,
		[OP_CLONE] = do_clone,	 [OP_SETUP] = do_setup,		[OP_MAP] = do_map,
		[OP_UNMAP] = do_unmap,	 [OP_PROTECT] = do_part,	[OP_CUT] = do_part,
		[OP_ADVISE] = do_advise, [OP_MAP_OTHER] = do_map_other, [OP_EXPORT] = do_export,
		[OP_ALLOC] = do_action,	 [OP_FREE] = do_action,		[OP_ACTION] = do_action,
		[OP_SHADOW] = do_action, [OP_RM_SD] = do_action,	[OP_READ] = do_read,
		[OP_STATS] = do_stats,	 [OP_OTHER] = do_other,
	};

	got->words = 0;
	got->has_vectors = false;
	got->sights = 0;
	if (functions[op->kind])
		functions[op->kind](op, got);
	else
		execute_look(op, got);
}

bool execute_may_export(void)
{
	struct exmap_ioctl_setup s = { .fd = -1, .max_interfaces = 1, .buffer_size = 1 };
	int fd = open(device_path, O_RDWR | O_CLOEXEC);
	char *surface, *words;

	if (fd < 0)
		err(1, "%s", device_path);
	surface = mmap(start_of(0, 0), HUGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	if (surface == MAP_FAILED || ioctl(fd, EXMAP_IOCTL_SETUP, &s))
		err(1, "%s", device_path);
	words = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, EXMAP_OFF_PTEXPORT);
	if (words != MAP_FAILED)
		munmap(words, PAGE);
	munmap(surface, HUGE_SIZE);
	reserve(surface, HUGE_SIZE);
	close(fd);
	return words != MAP_FAILED;
}

bool execute_shares(void)
{
	struct exmap_ioctl_setup s = { .fd = -1, .max_interfaces = 1, .buffer_size = 1 };
	struct exmap_action_params p = { .iov_len = 1, .opcode = EXMAP_OP_ALLOC };
	int fd = open(device_path, O_RDWR | O_CLOEXEC);
	char *surface = mmap(start_of(0, 0), 2 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_FIXED, fd, 0);
	struct exmap_user_interface *user;
	bool shares;

	if (surface == MAP_FAILED || ioctl(fd, EXMAP_IOCTL_SETUP, &s))
		err(1, "%s", device_path);
	user = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)EXMAP_OFF_INTERFACE(0));
	if (user == MAP_FAILED)
		err(1, "%s", device_path);
	user->iov[0].value = 1UL << (64 - EXMAP_PAGE_LEN_BITS); /* page 0, length 1 */
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &p))
		err(1, "ALLOC");
	user->iov[0].value = 1UL << (64 - EXMAP_PAGE_LEN_BITS);
	p.opcode = EXMAP_OP_SHADOW;
	p.page_id = 1;
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &p))
		err(1, "SHADOW");
	/* To the compiler these are two bytes, unless it has to look. */
	*(volatile char *)surface = 1;
	*(volatile char *)(surface + PAGE) = 2;
	shares = *(volatile char *)surface == 2;
	munmap(user, PAGE);
	munmap(surface, 2 * PAGE);
	reserve(surface, 2 * PAGE);
	close(fd);
	return shares;
}

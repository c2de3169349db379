// SPDX-License-Identifier: MIT
/*
 * life.c - one exmap from open to close, and the smaller operations on it
 */
#include "backing.h"
#include "choose.h"
#include "device.h"
#include "life.h"
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const op_names[OP_KINDS] = {
	"alloc", "free",  "read",  "read-alloc", "shadow", "rm-sd",  "look",
	"touch", "fault", "stats", "bad-call",	 "remap",  "verify",
};

const char *const event_names[EVENT_KINDS] = {
	"efault-vectors", "enomem-actions", "enomem-in-run", "short-reads",
	"failed-reads",	  "backing-pages",  "shadow-pages",  "ended-there",
};

unsigned long events[EVENT_KINDS];

static void *map(struct life *l, size_t bytes, uint64_t offset)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, (off_t)offset);

	if (p == MAP_FAILED)
		fail("mmap of %zu bytes at offset %#llx: %s", bytes, (unsigned long long)offset,
		     strerror(errno));
	return p;
}

void life_begin(struct life *l, int backing, size_t bytes)
{
	struct random *r = &l->random;
	struct exmap_ioctl_setup s = { .fd = backing };

	model_reset(&l->m, choose_size(r, MODEL_MAX_PAGES));
	l->m.frames = choose_size(r, 2500);
	l->m.backing_bytes = bytes;
	l->backing = backing;
	l->interfaces = 1 + (int)random_below(r, MAX_INTERFACES);
	s.max_interfaces = l->interfaces;
	s.buffer_size = l->m.frames;
	s.flags = random_u64(r); /* garbage [3.4] */
	l->m.leanstore = device_leanstore();
	describe("begin: %zu pages, %zu frames, %d interfaces, backing %d", l->m.pages, l->m.frames,
		 l->interfaces, backing);

	l->fd = open(device_path, O_RDWR | O_CLOEXEC);
	if (l->fd < 0)
		fail("open: %s", strerror(errno));
	if (random_chance(r, 50))
		l->surface = map(l, l->m.pages * PAGE, EXMAP_OFF_EXMAP);
	else
		l->surface = NULL;
	if (ioctl(l->fd, EXMAP_IOCTL_SETUP, &s))
		fail("SETUP: %s", strerror(errno));
	for (int i = 0; i < l->interfaces; i++)
		l->iface[i] = map(l, PAGE, EXMAP_OFF_INTERFACE(i));
	if (!l->surface)
		l->surface = map(l, l->m.pages * PAGE, EXMAP_OFF_EXMAP);
	life_probe(l);
}

void life_end(struct life *l)
{
	bool close_first = random_chance(&l->random, 50);

	describe("end, %s first", close_first ? "close" : "munmap");
	if (close_first && close(l->fd))
		fail("close: %s", strerror(errno));
	if (munmap(l->surface, l->m.pages * PAGE))
		fail("munmap: %s", strerror(errno));
	for (int i = 0; i < l->interfaces; i++)
		munmap(l->iface[i], PAGE);
	if (!close_first && close(l->fd))
		fail("close: %s", strerror(errno));
}

/* The word of a page that holds the stamp made for page @origin: another one in each page. */
static uint64_t *stamp_of(const struct life *l, size_t page, size_t origin)
{
	return (uint64_t *)life_page(l, page) + origin % 512;
}

static void check_backing(const struct life *l, size_t page, size_t origin)
{
	const uint64_t *got = (const uint64_t *)life_page(l, page);

	events[EVENT_BACKING_PAGE]++;
	for (size_t i = 0; i < 512; i++) {
		size_t at = origin * PAGE + i * 8;
		uint64_t want = backing_word(at, l->m.backing_bytes);

		if (got[i] != want)
			fail("page %zu, word %zu: %#llx, the backing has %#llx", page, i,
			     (unsigned long long)got[i], (unsigned long long)want);
	}
}

void life_check_page(struct life *l, size_t page)
{
	const struct model_page *p = model_content(&l->m, page);
	size_t origin = model_origin(&l->m, page);

	events[EVENT_SHADOW_PAGE] += l->m.page[page].owner && p->content != CONTENT_UNKNOWN;
	if (p->content == CONTENT_BACKING)
		check_backing(l, page, origin);
	else if (p->content == CONTENT_STAMP && *stamp_of(l, page, origin) != p->stamp)
		fail("page %zu (of %zu) has %#llx, the client wrote %#llx", page, origin,
		     (unsigned long long)*stamp_of(l, page, origin), (unsigned long long)p->stamp);
}

static void touch(struct life *l)
{
	size_t page;

	if (!choose_mapped(&l->random, &l->m, true, &page))
		return;
	describe("touch page %zu", page);
	life_check_page(l, page);
	l->m.page[page].content = CONTENT_STAMP;
	l->m.page[page].stamp = ++l->next_stamp;
	*stamp_of(l, page, page) = l->next_stamp;
}

/* An access to some page, whatever it is: a page, a shadow, one that has ended, or none. */
static void look(struct life *l)
{
	size_t page = random_below(&l->random, l->m.pages);
	bool ended = l->m.page[page].ended && !l->drops;
	struct fault fault;

	describe("look at page %zu", page);
	fault = probe_load(life_page(l, page));
	events[EVENT_ENDED_THERE] += ended && !fault.code;
	if (!ended && !fault.code != (l->m.page[page].mapped || l->m.page[page].owner))
		fail("page %zu: fault %d", page, fault.code);
	if (!fault.code && !ended)
		life_check_page(l, page);
}

static void touch_unmapped(struct life *l)
{
	struct fault fault;
	size_t page;
	char *p;

	if (!choose_mapped(&l->random, &l->m, false, &page) || !model_missing(&l->m, page))
		return;
	describe("touch unmapped page %zu", page);
	p = life_page(l, page) + random_below(&l->random, PAGE);
	fault = probe_load(p);
	if (fault.code != SEGV_MAPERR || fault.addr != p)
		fail("fault at %p told as code %d at %p", (void *)p, fault.code, fault.addr);
}

static void stats(struct life *l, bool active)
{
	struct exmap_ioctl_stats s;

	if (ioctl(l->fd, EXMAP_IOCTL_STATS, &s))
		fail("STATS: %s", strerror(errno));
	if (s.alloc_count != l->m.mapped || s.buffer_size != l->m.frames ||
	    s.max_interfaces != (uint32_t)l->interfaces || (s.flags & 1) != active)
		fail("STATS: %llu of %llu frames, %u interfaces, flags %#llx; expected %zu of %zu, %d, %d",
		     (unsigned long long)s.alloc_count, (unsigned long long)s.buffer_size,
		     s.max_interfaces, (unsigned long long)s.flags, l->m.mapped, l->m.frames,
		     l->interfaces, active);
}

static void expect_action_error(struct life *l, struct exmap_action_params p, int want)
{
	int got = ioctl(l->fd, EXMAP_IOCTL_ACTION, &p);

	if (got != -1 || errno != want)
		fail("interface %u, opcode %u, %u vectors: %d, errno %d; expected errno %d",
		     p.interface, p.opcode, p.iov_len, got, errno, want);
}

static void bad_call(struct life *l)
{
	struct exmap_action_params p = { .iov_len = 1, .opcode = EXMAP_OP_FREE };
	struct exmap_iov v;

	describe("bad call");
	v.page = 0;
	v.len = l->m.pages < 4095 ? l->m.pages : 4095;
	l->iface[0]->iov[0] = v;
	switch (random_below(&l->random, 4)) {
	case 0:
		p.interface = (uint16_t)(l->interfaces + random_below(&l->random, 300));
		break;
	case 1:
		p.opcode = (uint16_t)(EXMAP_OP_WRITE + random_below(&l->random, 300));
		break;
	case 2:
		p.opcode = EXMAP_OP_READ;
		break;
	default:
		p.iov_len = (uint16_t)(513 + random_below(&l->random, 60000));
		break;
	}
	expect_action_error(l, p, EINVAL);
	if (l->iface[0]->iov[0].value != v.value)
		fail("a call that failed wrote the vector");
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
static const bool built_with_sanitizer = true;
#else
static const bool built_with_sanitizer;
#endif

/*
 * Whether munmap() took a page: then something else can be mapped there. A sanitizer's
 * runtime may have mapped memory of its own there already.
 */
static bool is_gone(char *page)
{
	void *there = mmap(page, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			   -1, 0);

	if (there != MAP_FAILED) {
		munmap(there, PAGE);
		return there == page;
	}
	return built_with_sanitizer && errno == EEXIST;
}

static void remap(struct life *l)
{
	struct exmap_action_params p = { .iov_len = 1, .opcode = EXMAP_OP_ALLOC };
	size_t page = random_below(&l->random, l->m.pages);
	char *old = life_page(l, page);

	describe("munmap of %zu pages and mmap", l->m.pages);
	if (munmap(l->surface, l->m.pages * PAGE))
		fail("munmap: %s", strerror(errno));
	if (!is_gone(old))
		fail("page %zu is still there", page);
	model_reset(&l->m, choose_size(&l->random, MODEL_MAX_PAGES));
	stats(l, false);
	expect_action_error(l, p, EPROTO);
	l->surface = map(l, l->m.pages * PAGE, EXMAP_OFF_EXMAP);
	/* The surface before may have been too small for it. */
	life_probe(l);
	stats(l, true);
}

static void verify(struct life *l)
{
	describe("verify");
	stats(l, true);
	for (size_t i = 0; i < l->m.pages; i++) {
		if (l->m.page[i].mapped || l->m.page[i].owner)
			life_check_page(l, i);
	}
}

void life_op(struct life *l, enum op_kind op)
{
	switch (op) {
	case OP_ALLOC:
		return life_action(l, EXMAP_OP_ALLOC);
	case OP_FREE:
		return life_action(l, EXMAP_OP_FREE);
	case OP_READ:
		return life_read(l, EXMAP_OP_READ);
	case OP_READ_ALLOC:
		return life_read(l, EXMAP_OP_ALLOC);
	case OP_SHADOW:
		return life_shadow(l);
	case OP_RM_SD:
		return life_rm_sd(l, (unsigned int)random_below(&l->random, l->interfaces));
	case OP_LOOK:
		return look(l);
	case OP_TOUCH:
		return touch(l);
	case OP_FAULT:
		return touch_unmapped(l);
	case OP_STATS:
		describe("stats");
		return stats(l, true);
	case OP_BAD_CALL:
		return bad_call(l);
	case OP_REMAP:
		return remap(l);
	case OP_VERIFY:
		return verify(l);
	case OP_KINDS:
		break;
	}
}

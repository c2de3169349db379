// SPDX-License-Identifier: MIT
/* world.c - see world.h */

#define _GNU_SOURCE
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define MAX_INTERFACES 256
#define MAX_RANGES 1024
#define MAX_LEN 4095

/**
 * struct exmap - an exmap of the replay
 * @id:      its number in the trace
 * @fd:      -1 after the last file on it was closed
 * @files:   number of open files on it
 * @base:    the surface, or MAP_FAILED
 * @len:     bytes of the surface
 * @ready:   it is set up
 * @lock:    for each interface: held while its page is written, used and read
 * @user:    pages of interfaces, mapped when they are first used; under @lock
 *
 * The plan orders what changes an exmap before and behind what uses it.
 */
struct exmap {
	uint32_t id;
	int fd;
	int files;
	char *base;
	size_t len;
	bool ready;
	pthread_mutex_t lock[MAX_INTERFACES];
	struct exmap_user_interface *user[MAX_INTERFACES];
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
/* Under list_lock; an exmap stays where it is. */
static struct exmap **list;
static size_t nr_list;
/* The backing, open with O_DIRECT; -1 if no exmap has one. */
static int backing_fd = -1;

static struct exmap *exmap_of(uint32_t id)
{
	struct exmap *x = NULL;

	pthread_mutex_lock(&list_lock);
	for (size_t i = 0; i < nr_list && !x; i++) {
		if (list[i]->id == id)
			x = list[i];
	}
	if (!x) {
		x = need(calloc(1, sizeof(*x)));
		x->id = id;
		x->fd = -1;
		x->base = MAP_FAILED;
		for (int i = 0; i < MAX_INTERFACES; i++)
			pthread_mutex_init(&x->lock[i], NULL);
		list = need(reallocarray(list, nr_list + 1, sizeof(*list)));
		list[nr_list++] = x;
	}
	pthread_mutex_unlock(&list_lock);
	return x;
}

static int64_t answer(int64_t ret)
{
	return ret < 0 ? -errno : ret;
}

static void open_exmap(struct exmap *x, const struct emu_trace_event *event)
{
	const char *name = event->flags & EMU_TRACE_DIALECT ? "/dev/exmap0" : "/dev/exmap";
	int mode = event->kind == EMU_TRACE_OPEN ? event->result & O_ACCMODE : O_RDWR;

	x->fd = open(name, mode | O_CLOEXEC);
	if (x->fd < 0)
		die("%s: %s", name, strerror(errno));
	x->files++;
}

static void close_file(struct exmap *x)
{
	if (x->files && --x->files)
		return;
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}

static int64_t set_up(struct exmap *x, int64_t interfaces, uint64_t frames, uint64_t flags,
		      int64_t backing)
{
	struct exmap_ioctl_setup setup = {
		.fd = backing < 0 ? -1 : backing_fd,
		.max_interfaces = interfaces,
		.buffer_size = frames,
		.flags = flags,
	};
	int64_t ret = answer(ioctl(x->fd, EXMAP_IOCTL_SETUP, &setup));

	x->ready |= !ret;
	return ret;
}

static void do_setup(struct exmap *x, const struct emu_trace_setup *setup, struct outcome *outcome)
{
	/* What the backing or the memory was that could not be had, the trace does not say. */
	switch (setup->event.result) {
	case 0:
	case -EBUSY:
	case -EINVAL:
		outcome->result =
			set_up(x, setup->interfaces, setup->frames, setup->flags, setup->backing);
		break;
	default:
		outcome->skipped = true;
	}
}

static void do_mmap(struct exmap *x, const struct emu_trace_map *map, struct outcome *outcome)
{
	char *base;

	if (map->offset != EXMAP_OFF_EXMAP) {
		outcome->skipped = true;
		return;
	}
	/* The trace of a forked child does not have what its parent did. */
	if (x->fd < 0)
		open_exmap(x, &map->event);
	if (!x->ready && map->interfaces)
		set_up(x, map->interfaces, map->frames, 0, map->backing);
	base = mmap(NULL, map->len, map->prot, MAP_SHARED, x->fd, 0);
	outcome->result = base == MAP_FAILED ? -errno : 0;
	if (base == MAP_FAILED)
		return;
	x->base = base;
	x->len = map->len;
}

static void do_munmap(struct exmap *x, const struct emu_trace_map *map, struct outcome *outcome)
{
	if (map->offset != EXMAP_OFF_EXMAP || x->base == MAP_FAILED) {
		outcome->skipped = true;
		return;
	}
	outcome->result = answer(munmap(x->base, x->len));
	x->base = MAP_FAILED;
}

/* The interface is locked. Return: its page; NULL if it cannot be mapped. */
static struct exmap_user_interface *user_page(struct exmap *x, unsigned int interface)
{
	void *page;

	if (!x->user[interface]) {
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd,
			    EXMAP_OFF_INTERFACE(interface));
		x->user[interface] = page == MAP_FAILED ? NULL : page;
	}
	return x->user[interface];
}

static int64_t act(struct exmap *x, unsigned int interface, unsigned int opcode, unsigned int nr,
		   uint64_t target)
{
	struct exmap_action_params params = {
		.interface = interface,
		.opcode = opcode,
		.iov_len = nr,
	};

	if (opcode == EXMAP_OP_SHADOW)
		params.page_id = target;
	return answer(ioctl(x->fd, EXMAP_IOCTL_ACTION, &params));
}

/* ACTION of @nr vectors, which are replaced by their results if the call does not fail. */
static int64_t act_on(struct exmap *x, unsigned int interface, unsigned int opcode, uint64_t target,
		      uint64_t *vectors, unsigned int nr)
{
	struct exmap_user_interface *user;
	int64_t ret;

	if (interface >= MAX_INTERFACES)
		return -EINVAL;
	pthread_mutex_lock(&x->lock[interface]);
	user = user_page(x, interface);
	if (user) {
		memcpy(user->iov, vectors, nr * sizeof(*vectors));
		ret = act(x, interface, opcode, nr, target);
		if (ret >= 0)
			memcpy(vectors, user->iov, nr * sizeof(*vectors));
	} else {
		ret = -EBADF;
	}
	pthread_mutex_unlock(&x->lock[interface]);
	return ret;
}

static void do_action(struct exmap *x, const struct emu_trace_call *call, struct outcome *outcome)
{
	const struct emu_trace_event *in = &call->event;
	uint64_t *words;

	if (!has_words(call)) {
		/* A pointer that could not be read is no vector. */
		outcome->skipped = in->result == -EFAULT;
		if (!outcome->skipped)
			outcome->result = act(x, in->interface, in->opcode, call->nr, 0);
		return;
	}
	words = need(malloc((call->nr + 1) * sizeof(*words)));
	memcpy(words, call->word, call->nr * sizeof(*words));
	outcome->result = act_on(x, in->interface, in->opcode, call->target, words, call->nr);
	if (outcome->result >= 0 && has_results(call))
		outcome->words = words;
	else
		free(words);
}

static void do_read(struct exmap *x, const struct emu_trace_call *call, struct outcome *outcome)
{
	off_t offset = call->event.interface | call->event.opcode << 8;
	uintptr_t base = x->base == MAP_FAILED ? 0 : (uintptr_t)x->base;
	struct iovec iov[MAX_RANGES] = { { (void *)base, 0 } };
	uint32_t nr = has_words(call) ? call->nr : 1;

	for (uint32_t i = 0; has_words(call) && i < nr; i++)
		iov[i] =
			(struct iovec){ (void *)(base + call->word[2 * i]), call->word[2 * i + 1] };
	/* What was wrong with a range that could not be read, the trace does not say. */
	outcome->skipped = !has_words(call) && call->event.result == -EFAULT;
	if (!outcome->skipped)
		outcome->result = answer(preadv(x->fd, iov, nr, offset));
}

/* A range that io_uring allocated or freed, by vectors. */
static void do_bytes(struct exmap *x, const struct emu_trace_call *call, struct outcome *outcome)
{
	struct pages pages;
	uint64_t done = 0;

	outcome->skipped = !has_words(call) || call->event.result < 0;
	if (outcome->skipped)
		return;
	pages = call_pages(call, 0);
	while (pages.len) {
		uint64_t len = pages.len < MAX_LEN ? pages.len : MAX_LEN;
		struct exmap_iov vector = { { .page = pages.first, .len = len } };
		int64_t ret =
			act_on(x, call->event.interface, call->event.opcode, 0, &vector.value, 1);

		if (ret < 0 || vector.res < 0) {
			outcome->result = ret < 0 ? ret : vector.res;
			return;
		}
		done += vector.pages;
		pages.first += len;
		pages.len -= len;
	}
	outcome->result = done * PAGE;
}

void world_do(const struct emu_trace_event *event, struct outcome *outcome)
{
	struct exmap *x = exmap_of(event->exmap);

	outcome->result = event->result;
	switch (event->kind) {
	case EMU_TRACE_OPEN:
		open_exmap(x, event);
		break;
	case EMU_TRACE_CLOSE:
		close_file(x);
		break;
	case EMU_TRACE_CLONE:
		close_file(exmap_of(((const struct emu_trace_clone *)event)->was));
		x->files++;
		break;
	case EMU_TRACE_SETUP:
		if (x->fd < 0)
			open_exmap(x, event);
		do_setup(x, (const void *)event, outcome);
		break;
	case EMU_TRACE_MMAP:
		do_mmap(x, (const void *)event, outcome);
		break;
	case EMU_TRACE_MUNMAP:
		do_munmap(x, (const void *)event, outcome);
		break;
	case EMU_TRACE_ACTION:
		do_action(x, call_of(event), outcome);
		break;
	case EMU_TRACE_READ:
		do_read(x, call_of(event), outcome);
		break;
	default:
		do_bytes(x, call_of(event), outcome);
	}
	if (outcome->skipped)
		outcome->result = event->result;
}

/* The bytes that a READ got, from the start of the backing to the end of the last range. */
static uint64_t read_to(const struct emu_trace_call *call)
{
	uint64_t left = call->event.result, end = 0;

	for (uint32_t i = 0; i < call->nr && left; i++) {
		uint64_t len = call->word[2 * i + 1] < left ? call->word[2 * i + 1] : left;

		if (call->word[2 * i] + len > end)
			end = call->word[2 * i] + len;
		left -= len;
	}
	return end;
}

/* Return: bytes that the backing must have; -1 if no exmap has one. */
static int64_t backing_size(const struct trace *trace)
{
	int64_t size = -1;

	for (size_t i = 0; i < trace->nr; i++) {
		const struct emu_trace_event *event = trace->events[i].in;
		int64_t wanted = -1;

		if (event->kind == EMU_TRACE_SETUP && !event->result)
			wanted = ((const struct emu_trace_setup *)event)->backing;
		else if (event->kind == EMU_TRACE_MMAP)
			wanted = ((const struct emu_trace_map *)event)->backing;
		else if (event->kind == EMU_TRACE_READ && event->opcode == EXMAP_OP_READ &&
			 has_words(call_of(event)) && event->result > 0)
			/* The client's backing may have grown since SETUP. */
			wanted = read_to(call_of(event));
		if (wanted > size)
			size = wanted;
	}
	return size;
}

/* Makes a nameless file that O_DIRECT works on; it is sparse, whatever its size. */
static int make_backing(int64_t size)
{
	const char *folders[] = { getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int fd = folders[i] ?
				 open(folders[i], O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600) :
				 -1;

		if (fd >= 0 && !ftruncate(fd, size))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	die("no folder for a file of %lld bytes that can be opened with O_DIRECT; set TMPDIR, or "
	    "name a file by --backing",
	    (long long)size);
}

void world_start(const struct trace *trace, const char *backing)
{
	int64_t size = backing_size(trace);

	/* Not opened here: that would be an event of this thread, which the recording does not have. */
	if (access("/dev/exmap", R_OK | W_OK))
		die("/dev/exmap: %s; run exmap-run -- exmap-trace replay, or load the kernel module",
		    strerror(errno));
	if (backing) {
		backing_fd = open(backing, O_RDONLY | O_DIRECT | O_CLOEXEC);
		if (backing_fd < 0)
			die("%s: %s", backing, strerror(errno));
	} else if (size >= 0) {
		backing_fd = make_backing(size);
	}
}

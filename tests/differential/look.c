// SPDX-License-Identifier: MIT
/*
 * look.c - loads and stores, the client's and the kernel's; see execute.h
 */
#include "execute.h"
#include "probe.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel's own accesses copy through this pipe. */
static int pipe_fds[2];

void look_init(void)
{
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK))
		err(1, "pipe");
}

static int code_of(struct fault fault, const void *p)
{
	return fault.code && fault.addr != p ? WRONG_ADDRESS + fault.code : fault.code;
}

static void look(const struct place *p, size_t page, struct answer *got)
{
	const uint64_t *words = (const uint64_t *)(p->base + page * PAGE);
	struct sight *s = &got->sight[got->sights++];

	*s = (struct sight){ .code = code_of(probe_load(words), words) };
	if (s->code)
		return;
	s->words = words;
	for (size_t i = 0; i < PAGE / sizeof(*words); i++)
		s->hash = hash_add(s->hash, words[i]);
}

static void add_code(struct answer *got, struct fault fault, const void *p)
{
	got->sight[got->sights++] = (struct sight){ .code = code_of(fault, p) };
}

static void send(const uint64_t *at, struct answer *got)
{
	ssize_t ret = write(pipe_fds[1], at, sizeof(*at));
	uint64_t word = 0;

	answer_add(got, "write", ret < 0 ? -errno : ret);
	if (ret == sizeof(*at) && read(pipe_fds[0], &word, sizeof(word)) != sizeof(word))
		err(1, "read from a pipe");
	answer_add(got, "word", (int64_t)word);
}

static void receive(uint64_t *at, uint64_t stamp, struct answer *got)
{
	ssize_t ret;

	if (write(pipe_fds[1], &stamp, sizeof(stamp)) != sizeof(stamp))
		err(1, "write to a pipe");
	ret = read(pipe_fds[0], at, sizeof(*at));
	answer_add(got, "read", ret < 0 ? -errno : ret);
	/* Empty the pipe if the read has failed. */
	while (ret != sizeof(stamp) && read(pipe_fds[0], &stamp, sizeof(stamp)) > 0)
		;
}

static void do_page(const struct op *op, const struct place *p, struct answer *got)
{
	size_t page = (size_t)op->arg[1];
	uint64_t *at = (uint64_t *)(p->base + page * PAGE) + stamp_index(page);

	if (page >= p->pages)
		return;
	switch (op->kind) {
	case OP_LOAD:
		return look(p, page, got);
	case OP_STORE:
		return add_code(got, probe_store(at, (uint64_t)op->arg[2]), at);
	case OP_SEND:
		return send(at, got);
	case OP_RECEIVE:
		return receive(at, (uint64_t)op->arg[2], got);
	default:
		abort();
	}
}

/* How many pages have a frame that an earlier page has, too. */
static int64_t shared_frames(const struct place *p, size_t n)
{
	static unsigned char seen[1 << 17]; /* a bit for each frame number below 2^20 */
	int64_t twice = 0;

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < n; i++) {
		uint64_t frame = p->export[i] >> 12 & ((1UL << 40) - 1);

		if (!(p->export[i] & 1) || frame / 8 >= sizeof(seen))
			continue;
		twice += seen[frame / 8] >> frame % 8 & 1;
		seen[frame / 8] |= (unsigned char)(1 << frame % 8);
	}
	return twice;
}

static void peek(const struct place *p, struct answer *got)
{
	size_t n = p->export_words < MODEL_MAX_PAGES ? p->export_words : MODEL_MAX_PAGES;

	for (size_t i = 0; i < n; i++) {
		uint64_t word = p->export[i];
		int code = word & 1 ? (int)(word & 3) : 0;

		/* The word of a page that is not mapped is 0. */
		if (!(word & 1) && word)
			code = WRONG_ADDRESS;
		got->sight[got->sights++] = (struct sight){ .code = code };
	}
	answer_add(got, "frames mapped twice", shared_frames(p, n));
}

void execute_look(const struct op *op, struct answer *got)
{
	const struct place *p = &places[op->arg[0]];
	const char *at = p->base + op->arg[1];

	if (op->kind == OP_PEEK) {
		if (p->export)
			peek(p, got);
		return;
	}
	if (!p->base)
		return;
	if (op->kind == OP_VERIFY) {
		for (size_t page = 0; page < p->pages; page++)
			look(p, page, got);
	} else if (op->kind != OP_TOUCH) {
		do_page(op, p, got);
	} else if ((size_t)op->arg[1] < p->pages * PAGE) {
		add_code(got, probe_load(at), at);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * life.h - one exmap under test together with its model, and the operations on both
 */
#ifndef TESTS_LIFE_H
#define TESTS_LIFE_H

#include "model.h"
#include "random.h"
#include <exmap.h>

#define MAX_INTERFACES 8

struct life {
	struct random random;
	int fd;
	int backing; /* or -1 */
	char *surface;
	int interfaces;
	struct exmap_user_interface *iface[MAX_INTERFACES];
	uint64_t next_stamp;
	struct model m;
};

enum op_kind {
	OP_ALLOC,
	OP_FREE,
	OP_READ,
	OP_READ_ALLOC,
	OP_TOUCH,
	OP_FAULT,
	OP_STATS,
	OP_BAD_CALL,
	OP_REMAP,
	OP_VERIFY,
	OP_KINDS
};

extern const char *const op_names[OP_KINDS];

/* Events that are counted: a run that never meets some of them proves little. */
enum event_kind {
	EVENT_EFAULT, /* vectors outside */
	EVENT_ENOMEM, /* actions that ran out of frames */
	EVENT_PARTIAL, /* ... inside a vector */
	EVENT_SHORT_READ, /* reads that ended early */
	EVENT_FAILED_READ, /* reads with an errno */
	EVENT_BACKING_PAGE, /* pages compared with the backing */
	EVENT_KINDS
};

extern const char *const event_names[EVENT_KINDS];
extern unsigned long events[EVENT_KINDS];

/** life_begin - a new exmap of random shape; @backing is -1 or an fd of @bytes bytes. */
void life_begin(struct life *l, int backing, size_t bytes);
void life_op(struct life *l, enum op_kind op);
void life_end(struct life *l);

/* vectors.c, reads.c: the operations with the most cases. */
void life_action(struct life *l, int opcode);
void life_read(struct life *l, int opcode);

static inline char *life_page(const struct life *l, size_t page)
{
	return l->surface + page * PAGE;
}

/** describe - note the operation, for the message if it fails. */
__attribute__((format(printf, 1, 2))) void describe(const char *fmt, ...);
/** fail - print the message, the operation and the seed; end with status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...);

#endif

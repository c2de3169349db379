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
	bool drops; /* RM_SD drops pages at once */
};

enum op_kind {
	OP_ALLOC,
	OP_FREE,
	OP_READ,
	OP_READ_ALLOC,
	OP_SHADOW,
	OP_RM_SD,
	OP_LOOK,
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
	EVENT_SHADOW_PAGE, /* shadows compared with their sources' content */
	EVENT_ENDED_THERE, /* pages that RM_SD has left mapped */
	EVENT_KINDS
};

extern const char *const event_names[EVENT_KINDS];
extern unsigned long events[EVENT_KINDS];

/** life_begin - a new exmap of random shape; @backing is -1 or an fd of @bytes bytes. */
void life_begin(struct life *l, int backing, size_t bytes);
void life_op(struct life *l, enum op_kind op);
void life_end(struct life *l);

/* vectors.c, reads.c, shadows.c: the operations with the most cases. */
void life_action(struct life *l, int opcode);
void life_read(struct life *l, int opcode);
void life_shadow(struct life *l);
void life_rm_sd(struct life *l, unsigned int interface);
/** life_settle_shadows - end all of them, if a call may fail when it has ended some. */
void life_settle_shadows(struct life *l, const struct model_range *range, size_t n, bool fill);
/** life_probe - find out what kind of shadows the backend has. */
void life_probe(struct life *l);

/** life_check_page - compare the content of a page that is mapped or a shadow. */
void life_check_page(struct life *l, size_t page);

static inline char *life_page(const struct life *l, size_t page)
{
	return l->surface + page * PAGE;
}

/** describe - note the operation, for the message if it fails. */
__attribute__((format(printf, 1, 2))) void describe(const char *fmt, ...);
/** fail - print the message, the operation and the seed; end with status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * execute.h - operations done to /dev/exmap
 */
#ifndef TESTS_EXECUTE_H
#define TESTS_EXECUTE_H

#include "answer.h"
#include "op.h"

/** execute_prepare - make the backings; once, before any process is forked. */
void execute_prepare(void);
/** execute_init - once in each process; before the first operation. */
void execute_init(void);
/** execute - do @op, and store its answer in @got. One thread at a time. */
void execute(const struct op *op, struct answer *got);
/** execute_may_export - whether the backend offers the page-table export. */
bool execute_may_export(void);
/** execute_shares - whether the backend's shadows share the frames of their sources [8.2]. */
bool execute_shares(void);

/* A place for a descriptor, a surface and an export, which need not be of one exmap. */
struct place {
	int fd; /* or -1 */
	struct exmap_user_interface *user[MAX_INTERFACES];
	char *base; /* of the surface, or NULL */
	size_t pages;
	const uint64_t *export; /* or NULL */
	size_t export_words;
};

extern struct place places[PLACES];

/** execute_look - execute's part for OP_LOAD to OP_VERIFY, and OP_PEEK; in look.c. */
void execute_look(const struct op *op, struct answer *got);
/** look_init - once in each process. */
void look_init(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * execute.h - operations done to /dev/exmap
 */
#ifndef TESTS_EXECUTE_H
#define TESTS_EXECUTE_H

#include "answer.h"
#include "op.h"

/** execute_prepare - once, before any process is forked: the files that reads are from. */
void execute_prepare(void);
/** execute_init - once in each process; before the first operation. */
void execute_init(void);
/** execute - do @op; @got becomes what came of it. One thread at a time. */
void execute(const struct op *op, struct answer *got);
/** execute_may_export - whether the backend offers the page-table export. */
bool execute_may_export(void);

/* Our end of the descriptors and surfaces. */
struct place {
	int fd; /* or -1 */
	struct exmap_user_interface *user[MAX_INTERFACES];
	char *base; /* a surface's, another place's than the descriptor's; or NULL */
	size_t pages;
	const uint64_t *export; /* yet another place's, or NULL */
	size_t export_words;
};

extern struct place places[PLACES];

/** execute_look - execute's part for OP_LOAD to OP_VERIFY, and OP_PEEK; in look.c. */
void execute_look(const struct op *op, struct answer *got);
/** look_init - once in each process. */
void look_init(void);

#endif

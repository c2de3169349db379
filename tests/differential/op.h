/* SPDX-License-Identifier: MIT */
/*
 * op.h - operations, and their text: one a line
 *
 *	THREAD KIND ARGUMENT=NUMBER ... : FIRST+LENGTH ...
 *
 * There are PLACES places for descriptors, and as many for surfaces. An operation on an empty
 * place is done to descriptor -1, or does nothing.
 */
#ifndef TESTS_OP_H
#define TESTS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLACES 4
#define MAX_THREADS 8
#define MAX_INTERFACES 256
#define VECTORS 512
#define OP_ARGS 6

enum kind {
	OP_OPEN, /* fd */
	OP_CLOSE, /* fd */
	OP_DUP, /* fd, to */
	OP_CLONE, /* fd, of */
	OP_SETUP, /* fd, interfaces, frames, backing, flags, bad */
	OP_MAP, /* fd, to, pages, off: pages behind a multiple of 2 MiB */
	OP_UNMAP, /* surface */
	OP_PROTECT, /* surface, page, pages, prot; of the whole one or a part */
	OP_CUT, /* surface, page, pages: munmap of a part */
	OP_ADVISE, /* surface, advice */
	OP_MAP_OTHER, /* fd, offset, bytes, private: an mmap that mostly fails */
	OP_EXPORT, /* fd, to, bytes; until the next OP_UNMAP */
	OP_PEEK, /* export */
	OP_ALLOC, /* fd, interface, n, flags, bad; vectors */
	OP_FREE,
	OP_SHADOW, /* fd, interface, n, target, bad; vectors */
	OP_RM_SD, /* fd, interface, n */
	OP_ACTION, /* fd, interface, n, opcode: on the vectors that are there; page_id is opcode */
	OP_READ, /* fd, surface, offset, vectored; iovecs, in bytes */
	OP_STATS, /* fd, bad */
	OP_OTHER, /* fd, what: calls that fail */
	OP_LOAD, /* surface, page: all of its content */
	OP_STORE, /* surface, page, stamp */
	OP_TOUCH, /* surface, byte: any byte */
	OP_SEND, /* surface, page: the kernel loads from it */
	OP_RECEIVE, /* surface, page, stamp: the kernel stores to it */
	OP_VERIFY, /* surface: all pages as OP_LOAD */
	OP_KINDS
};

/* A vector's pages, or an iovec's bytes from the start of the surface. */
struct range {
	int64_t first;
	uint64_t len;
};

struct op {
	enum kind kind;
	unsigned int thread;
	int64_t arg[OP_ARGS];
	unsigned int n;
	struct range range[];
};

/** op_new - an operation with room for VECTORS ranges; of kind OP_KINDS. */
struct op *op_new(void);
/** op_copy - a copy without @from ... @to - 1 of its ranges. */
struct op *op_copy(const struct op *op, unsigned int from, unsigned int to);
/** op_assign - @to, from op_new(), becomes @op. */
void op_assign(struct op *to, const struct op *op);
/** op_print - one line. */
void op_print(const struct op *op, FILE *to);
/** op_parse - read such a line into an op_new(). Return: NULL, or what is wrong. */
const char *op_parse(struct op *op, const char *line);
/** op_opcode - the opcode of an action. */
unsigned int op_opcode(const struct op *op);
/** op_name - of a kind. */
const char *op_name(enum kind kind);
#endif

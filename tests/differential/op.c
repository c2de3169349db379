// SPDX-License-Identifier: MIT
/*
 * op.c - operations as text; see op.h
 */
#include "op.h"

#include <err.h>
#include <exmap.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *arg[OP_ARGS];
	bool ranges;
} kinds[OP_KINDS] = {
	[OP_OPEN] = { "open", { "fd" }, false },
	[OP_CLOSE] = { "close", { "fd" }, false },
	[OP_DUP] = { "dup", { "fd", "to" }, false },
	[OP_CLONE] = { "clone", { "fd", "of" }, false },
	[OP_SETUP] = { "setup",
		       { "fd", "interfaces", "frames", "backing", "flags", "bad" },
		       false },
	[OP_MAP] = { "map", { "fd", "to", "pages", "off" }, false },
	[OP_UNMAP] = { "unmap", { "surface" }, false },
	[OP_PROTECT] = { "protect", { "surface", "page", "pages", "prot" }, false },
	[OP_CUT] = { "cut", { "surface", "page", "pages" }, false },
	[OP_ADVISE] = { "advise", { "surface", "advice" }, false },
	[OP_MAP_OTHER] = { "map-other", { "fd", "offset", "bytes", "private" }, false },
	[OP_EXPORT] = { "export", { "fd", "to", "bytes" }, false },
	[OP_PEEK] = { "peek", { "export" }, false },
	[OP_ALLOC] = { "alloc", { "fd", "interface", "n", "flags", "bad" }, true },
	[OP_FREE] = { "free", { "fd", "interface", "n", "flags", "bad" }, true },
	[OP_SHADOW] = { "shadow", { "fd", "interface", "n", "target", "bad" }, true },
	[OP_RM_SD] = { "rm-sd", { "fd", "interface", "n" }, false },
	[OP_ACTION] = { "action", { "fd", "interface", "n", "opcode" }, false },
	[OP_READ] = { "read", { "fd", "surface", "offset", "vectored" }, true },
	[OP_STATS] = { "stats", { "fd", "bad" }, false },
	[OP_OTHER] = { "other", { "fd", "what" }, false },
	[OP_LOAD] = { "load", { "surface", "page" }, false },
	[OP_STORE] = { "store", { "surface", "page", "stamp" }, false },
	[OP_TOUCH] = { "touch", { "surface", "byte" }, false },
	[OP_SEND] = { "send", { "surface", "page" }, false },
	[OP_RECEIVE] = { "receive", { "surface", "page", "stamp" }, false },
	[OP_VERIFY] = { "verify", { "surface" }, false },
};

static size_t size_of(unsigned int ranges)
{
	return sizeof(struct op) + ranges * sizeof(struct range);
}

struct op *op_new(void)
{
	struct op *op = calloc(1, size_of(VECTORS));

	if (!op)
		err(1, NULL);
	op->kind = OP_KINDS;
	return op;
}

struct op *op_copy(const struct op *op, unsigned int from, unsigned int to)
{
	unsigned int n = op->n - (to - from);
	struct op *copy = malloc(size_of(n));

	if (!copy)
		err(1, NULL);
	memcpy(copy, op, size_of(from));
	memcpy(copy->range + from, op->range + to, (op->n - to) * sizeof(struct range));
	copy->n = n;
	return copy;
}

void op_assign(struct op *to, const struct op *op)
{
	memcpy(to, op, size_of(op->n));
}

unsigned int op_opcode(const struct op *op)
{
	switch (op->kind) {
	case OP_ALLOC:
		return EXMAP_OP_ALLOC;
	case OP_FREE:
		return EXMAP_OP_FREE;
	case OP_SHADOW:
		return EXMAP_OP_SHADOW;
	case OP_RM_SD:
		return EXMAP_OP_RM_SD;
	default:
		return (unsigned int)op->arg[3];
	}
}

const char *op_name(enum kind kind)
{
	return kinds[kind].name;
}

void op_print(const struct op *op, FILE *to)
{
	fprintf(to, "%u %s", op->thread, kinds[op->kind].name);
	for (int i = 0; i < OP_ARGS && kinds[op->kind].arg[i]; i++)
		fprintf(to, " %s=%" PRId64, kinds[op->kind].arg[i], op->arg[i]);
	if (kinds[op->kind].ranges)
		fputs(" :", to);
	for (unsigned int i = 0; i < op->n; i++)
		fprintf(to, " %" PRId64 "+%" PRIu64, op->range[i].first, op->range[i].len);
	fputc('\n', to);
}

/* The limit of each argument, so that no text leads outside this program's arrays. */
static const struct {
	const char *name;
	int64_t limit;
} limits[] = {
	{ "fd", PLACES },
	{ "of", PLACES },
	{ "to", PLACES },
	{ "surface", PLACES },
	{ "export", PLACES },
	{ "off", 512 },
	{ "interface", UINT16_MAX + 1 },
	{ "n", UINT16_MAX + 1 },
	{ "opcode", UINT16_MAX + 1 },
};

static bool in_limits(const char *name, int64_t value)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (!strcmp(limits[i].name, name))
			return value >= 0 && value < limits[i].limit;
	}
	return true;
}

static const char *parse_arguments(struct op *op, const char **rest)
{
	for (int i = 0; i < OP_ARGS && kinds[op->kind].arg[i]; i++) {
		const char *name = kinds[op->kind].arg[i];
		int skip = 0;
		char *end;

		sscanf(*rest, " %n", &skip);
		*rest += skip;
		if (strncmp(*rest, name, strlen(name)) || (*rest)[strlen(name)] != '=')
			return name;
		*rest += strlen(name) + 1;
		op->arg[i] = strtoll(*rest, &end, 0);
		if (end == *rest || !in_limits(name, op->arg[i]))
			return name;
		*rest = end;
	}
	return NULL;
}

static const char *parse_ranges(struct op *op, const char **rest)
{
	int skip = 0;

	if (sscanf(*rest, " :%n", &skip) < 0 || !skip)
		return "no ':'";
	*rest += skip;
	while (sscanf(*rest, "%" SCNd64 "+%" SCNu64 "%n", &op->range[op->n].first,
		      &op->range[op->n].len, &skip) == 2) {
		*rest += skip;
		if (++op->n == VECTORS)
			break;
	}
	return NULL;
}

const char *op_parse(struct op *op, const char *line)
{
	const char *wrong;
	char name[16];
	int skip = 0;

	if (sscanf(line, "%u %15s%n", &op->thread, name, &skip) != 2 || op->thread >= MAX_THREADS)
		return "no thread and name";
	for (op->kind = 0; op->kind < OP_KINDS; op->kind++) {
		if (!strcmp(kinds[op->kind].name, name))
			break;
	}
	if (op->kind == OP_KINDS)
		return "unknown operation";
	op->n = 0;
	line += skip;
	wrong = parse_arguments(op, &line);
	if (!wrong && kinds[op->kind].ranges)
		wrong = parse_ranges(op, &line);
	if (!wrong && line[strspn(line, " \n")])
		wrong = line;
	return wrong;
}

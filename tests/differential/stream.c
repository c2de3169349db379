// SPDX-License-Identifier: MIT
/*
 * stream.c - lists of operations, and their files; see stream.h
 */
#include "stream.h"

#include <err.h>
#include <stdlib.h>

static void append(struct stream *s, struct op *op)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->op = reallocarray(s->op, s->room, sizeof(struct op *));
		if (!s->op)
			err(1, NULL);
	}
	s->op[s->n++] = op;
}

void stream_add(struct stream *s, const struct op *op)
{
	append(s, op_copy(op, op->n, op->n));
}

void stream_clear(struct stream *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->op[i]);
	free(s->op);
	*s = (struct stream){ 0 };
}

void stream_read(struct stream *s, const char *path)
{
	FILE *from = fopen(path, "r");
	struct op *op = op_new();
	char *line = NULL;
	size_t room = 0, number = 0;

	if (!from)
		err(1, "%s", path);
	while (getline(&line, &room, from) > 0) {
		const char *wrong;

		number++;
		if (*line == '#' || *line == '\n')
			continue;
		wrong = op_parse(op, line);
		if (wrong)
			errx(1, "%s:%zu: %s", path, number, wrong);
		stream_add(s, op);
	}
	free(line);
	free(op);
	fclose(from);
}

void stream_print(const struct stream *s, FILE *to)
{
	for (size_t i = 0; i < s->n; i++)
		op_print(s->op[i], to);
}

// SPDX-License-Identifier: MIT
/*
 * shrink.c - makes a stream that fails short
 *
 * By delta debugging (Zeller and Hildebrandt 2002): it removes ever smaller pieces, and keeps
 * the rest whenever that still fails, in whichever way. First it removes operations, then
 * vectors; then it makes numbers smaller.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

static unsigned int runs;

/* Also cuts off @s what comes after the failure. */
static bool fails(struct stream *s)
{
	const struct extras extras = { .hasty = true };
	const struct source source = { .stream = s };
	const struct outcome *o = run(&source, &extras);

	runs++;
	if (o->ending == RUN_OK)
		return false;
	while (s->n > o->op + 1)
		free(s->op[--s->n]);
	return true;
}

static void copy_but(const struct stream *from, size_t first, size_t n, struct stream *to)
{
	for (size_t i = 0; i < from->n; i++) {
		if (i < first || i >= first + n)
			stream_add(to, from->op[i]);
	}
}

/* Replaces @s by @other if that fails. */
static bool try(struct stream *s, struct stream *other)
{
	if (!fails(other)) {
		stream_clear(other);
		return false;
	}
	stream_clear(s);
	*s = *other;
	return true;
}

static bool without_ops(struct stream *s, size_t first, size_t n)
{
	struct stream other = { 0 };

	copy_but(s, first, n, &other);
	return try(s, &other);
}

static bool fewer_ops(struct stream *s)
{
	bool any = false;

	for (size_t n = s->n / 2 + 1; n; n /= 2) {
		/* From the end, because later operations need earlier ones. */
		for (size_t end = s->n; end; end = end > n ? end - n : 0) {
			size_t first = end > n ? end - n : 0;

			if (end > s->n)
				continue;
			any |= without_ops(s, first, end - first);
		}
	}
	return any;
}

static bool with_op(struct stream *s, size_t i, struct op *op)
{
	struct stream other = { 0 };

	copy_but(s, 0, 0, &other);
	free(other.op[i]);
	other.op[i] = op;
	return try(s, &other);
}

static struct op *without_ranges(const struct op *op, unsigned int first, unsigned int n)
{
	struct op *copy = op_copy(op, first, first + n);

	/* An action has an argument that says how many vectors it does. */
	if (op->kind != OP_READ && op->arg[2] == op->n)
		copy->arg[2] = copy->n;
	return copy;
}

static bool fewer_ranges(struct stream *s, size_t i)
{
	bool any = false;

	for (unsigned int n = s->op[i]->n; n; n /= 2) {
		for (unsigned int end = s->op[i]->n; end; end = end > n ? end - n : 0) {
			unsigned int first = end > n ? end - n : 0;

			any |= with_op(s, i, without_ranges(s->op[i], first, end - first));
			if (i >= s->n)
				return any;
		}
	}
	return any;
}

/* @offset is where the number is in struct op. */
static bool with_number(struct stream *s, size_t i, size_t offset, int64_t number)
{
	struct op *copy = op_copy(s->op[i], 0, 0);

	memcpy((char *)copy + offset, &number, sizeof(number));
	return with_op(s, i, copy);
}

static bool smaller_number(struct stream *s, size_t i, size_t offset)
{
	bool any = false;

	while (i < s->n) {
		int64_t number;

		memcpy(&number, (const char *)s->op[i] + offset, sizeof(number));
		if (!number || with_number(s, i, offset, 0))
			return any || number;
		if (number < 0 || (!with_number(s, i, offset, number / 2) &&
				   !with_number(s, i, offset, number - 1)))
			break;
		any = true;
	}
	return any;
}

static bool smaller_numbers(struct stream *s, size_t i)
{
	const struct op *op = s->op[i];
	unsigned int n = op->n;
	bool any = false;

	if (op->thread) {
		struct op *copy = op_copy(op, 0, 0);

		copy->thread = 0;
		any |= with_op(s, i, copy);
	}
	for (int a = 0; a < OP_ARGS && i < s->n; a++)
		any |= smaller_number(s, i, offsetof(struct op, arg) + (size_t)a * sizeof(int64_t));
	for (unsigned int v = 0; v < n && v < 16 && i < s->n; v++) {
		size_t at = offsetof(struct op, range) + v * sizeof(struct range);

		any |= smaller_number(s, i, at + offsetof(struct range, len));
		any |= smaller_number(s, i, at + offsetof(struct range, first));
	}
	return any;
}

unsigned int shrink(struct stream *s)
{
	bool any = true;

	runs = 0;
	if (!fails(s))
		return 0;
	while (any) {
		any = fewer_ops(s);
		for (size_t i = 0; i < s->n; i++)
			any |= s->op[i]->n && fewer_ranges(s, i);
		for (size_t i = 0; i < s->n; i++)
			any |= smaller_numbers(s, i);
	}
	return runs;
}

// SPDX-License-Identifier: MIT
/*
 * answer.c - comparing answers; see answer.h
 */
#include "answer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

static void print_value(FILE *to, int64_t value)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np((int)-value) : NULL;

	if (name)
		fprintf(to, "-%s", name);
	else
		fprintf(to, "%" PRId64, value);
}

static void print_word(FILE *to, const struct word *w)
{
	fprintf(to, "%s ", w->what);
	for (int i = 0; i < w->choices; i++) {
		fputs(i ? " or " : "", to);
		print_value(to, w->value[i]);
	}
}

static bool word_fits(const struct word *want, const struct word *got)
{
	if (!want->choices)
		return true;
	for (int i = 0; i < want->choices; i++) {
		if (want->value[i] == got->value[0])
			return true;
	}
	return false;
}

static bool words_differ(const struct answer *want, const struct answer *got, uint64_t *hash,
			 FILE *why)
{
	for (int i = 0; i < want->words || i < got->words; i++) {
		const struct word *w = &want->word[i], *g = &got->word[i];

		if (i >= got->words || i >= want->words || !word_fits(w, g)) {
			fputs("expected ", why);
			if (i < want->words)
				print_word(why, w);
			fputs(", got ", why);
			if (i < got->words)
				print_word(why, g);
			return true;
		}
		if (w->choices == 1)
			*hash = hash_add(*hash, (uint64_t)g->value[0]);
	}
	return false;
}

static void print_vector(FILE *to, uint64_t value)
{
	print_value(to, (int32_t)value);
	fprintf(to, ", %d pages", (int16_t)(value >> 32));
	if (value >> 48)
		fprintf(to, " and high bits %#x", (unsigned int)(value >> 48));
}

static bool vectors_differ(const struct op *op, const struct answer *want, const struct answer *got,
			   uint64_t *hash, FILE *why)
{
	if (!want->has_vectors)
		return false;
	for (unsigned int i = 0; i < VECTORS; i++) {
		if (want->vector[i] != got->vector[i]) {
			fprintf(why, "vector %u", i);
			if (i < op->n)
				fprintf(why, " (%" PRId64 "+%" PRIu64 ")", op->range[i].first,
					op->range[i].len);
			fputs(": expected ", why);
			print_vector(why, want->vector[i]);
			fputs(", got ", why);
			print_vector(why, got->vector[i]);
			return true;
		}
		*hash = hash_add(*hash, got->vector[i]);
	}
	return false;
}

static bool code_fits(int want, int got)
{
	switch (want) {
	case ANY_FAULT:
		return got == SEGV_MAPERR || got == SEGV_ACCERR;
	case ANY_SIGHT:
		return got >= 0 && got < WRONG_ADDRESS;
	case NOT_PRESENT:
		return !got || got == WRONG_ADDRESS;
	default:
		return want == got;
	}
}

static bool sight_differs(const struct sight *want, const struct sight *got, uint64_t *hash,
			  FILE *why)
{
	if (!code_fits(want->code, got->code)) {
		fprintf(why, "expected %d, got %d (0 none, 1 MAPERR, 2 ACCERR)", want->code,
			got->code);
		return true;
	}
	if (want->code >= 0)
		*hash = hash_add(*hash, (uint64_t)got->code);
	if (want->known == CONTENT_STAMP) {
		uint64_t stamp = got->words[stamp_index(want->origin)];

		*hash = hash_add(*hash, stamp);
		if (want->stamp != stamp) {
			fprintf(why, "has %#" PRIx64 ", the client stored %#" PRIx64, stamp,
				want->stamp);
			return true;
		}
	} else if (want->known == CONTENT_BACKING) {
		*hash = hash_add(*hash, got->hash);
		if (want->hash != got->hash) {
			fprintf(why, "is not as in the backing");
			return true;
		}
	}
	return false;
}

static bool sights_differ(const struct op *op, const struct answer *want, const struct answer *got,
			  uint64_t *hash, FILE *why)
{
	size_t first = op->kind == OP_VERIFY || op->kind == OP_PEEK ? 0 : (size_t)op->arg[1];

	if (want->sights != got->sights) {
		fprintf(why, "expected %zu pages, got %zu", want->sights, got->sights);
		return true;
	}
	for (size_t i = 0; i < want->sights; i++) {
		long at = ftell(why);

		fprintf(why, "page %zu: ", op->kind == OP_TOUCH ? first / PAGE : first + i);
		if (sight_differs(&want->sight[i], &got->sight[i], hash, why))
			return true;
		fseek(why, at, SEEK_SET);
	}
	return false;
}

bool answer_differs(const struct op *op, const struct answer *want, const struct answer *got,
		    uint64_t *hash, char *why, size_t size)
{
	FILE *to = fmemopen(why, size, "w");
	bool differ;

	if (!to)
		return true;
	differ = words_differ(want, got, hash, to) || vectors_differ(op, want, got, hash, to) ||
		 sights_differ(op, want, got, hash, to);
	fclose(to);
	return differ;
}

void answer_print(const struct answer *got, FILE *to)
{
	fputs("   ", to);
	for (int i = 0; i < got->words; i++) {
		fputc(' ', to);
		print_word(to, &got->word[i]);
	}
	for (size_t i = 0; i < got->sights && i < 8; i++)
		fprintf(to, " %d", got->sight[i].code);
	if (got->sights > 8)
		fputs(" ...", to);
	fputc('\n', to);
}

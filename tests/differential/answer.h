/* SPDX-License-Identifier: MIT */
/*
 * answer.h - the answer to an operation: the backend's, or the model's
 */
#ifndef TESTS_ANSWER_H
#define TESTS_ANSWER_H

#include "model.h"
#include "op.h"

#define MAX_WORDS 6
#define MAX_CHOICES 4

/* A result, or several where the spec leaves a choice. Errors are negative errnos. */
struct word {
	const char *what;
	int64_t value[MAX_CHOICES];
	int choices; /* 0: any value */
};

/* How a page looks. */
struct sight {
	int code; /* si_code of the SIGSEGV, or 0; of an export, the lowest bits of a word */
	enum content known; /* which part of the content is known, and compared */
	uint64_t stamp; /* of the model: the word at stamp_index() of @origin */
	uint64_t hash; /* of all words */
	size_t origin; /* of the model: the page whose content is seen */
	const uint64_t *words; /* of the backend: the content, until the next operation */
};

/* Codes beside the kernel's. */
#define ANY_FAULT (-1) /* SEGV_MAPERR or SEGV_ACCERR */
#define ANY_SIGHT (-2) /* a fault or none [8.6] */
#define NOT_PRESENT (-3) /* of an export: a word without the present bit [8.8] */
#define WRONG_ADDRESS 1000 /* added to the code */

struct answer {
	int words;
	struct word word[MAX_WORDS];
	bool has_vectors;
	uint64_t vector[VECTORS]; /* the interface's whole page */
	size_t sights;
	struct sight sight[MODEL_MAX_PAGES];
};

static inline void answer_add(struct answer *a, const char *what, int64_t value)
{
	a->word[a->words++] = (struct word){ what, { value }, 1 };
}

/** answer_or - the word just added may have this value too. */
static inline void answer_or(struct answer *a, int64_t value)
{
	struct word *w = &a->word[a->words - 1];

	w->value[w->choices++] = value;
}

/** answer_add_unknown - any value will do. */
static inline void answer_add_unknown(struct answer *a, const char *what)
{
	a->word[a->words++] = (struct word){ what, { 0 }, 0 };
}

/** stamp_index - which word of a page holds its stamp: another one in each page. */
static inline size_t stamp_index(size_t page)
{
	return page % 512;
}

/** hash_add - one more word for a hash that began as 0. */
static inline uint64_t hash_add(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/**
 * answer_differs - compare
 *
 * Adds to *@hash all of @got that the spec leaves no choice about. Return: true if they differ,
 * and then @why says where.
 */
bool answer_differs(const struct op *op, const struct answer *want, const struct answer *got,
		    uint64_t *hash, char *why, size_t size);

/** answer_print - print an answer as one line. */
void answer_print(const struct answer *got, FILE *to);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * model.h - what an exmap must do, as a table of pages and a count of frames
 *
 * Numbers in brackets are clauses of docs/spec.md.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE 4096UL
#define MODEL_MAX_PAGES 4096

/* What is known of a mapped page's content. */
enum content {
	CONTENT_UNKNOWN, /* just allocated [4.8] */
	CONTENT_STAMP, /* the client wrote page.stamp */
	CONTENT_BACKING, /* read from the backing, untouched since [5.2] */
};

struct model_page {
	bool mapped;
	enum content content;
	uint64_t stamp;
	bool ended; /* was a shadow, and may still be mapped [8.6] */
	unsigned int owner; /* a shadow: number of the interface that made it, plus 1; else 0 */
	size_t source; /* of a shadow */
	unsigned int shown; /* how many shadows have this source */
};

/* The targets of SHADOWs of one interface, as ranges [8.5]. */
struct model_targets {
	unsigned int ranges;
	size_t end; /* of the last one */
};

#define MODEL_INTERFACES 256

struct model {
	size_t pages; /* of the surface */
	size_t frames; /* buffer_size */
	size_t mapped; /* pages mapped now */
	size_t backing_bytes; /* size of the backing, if there is one */
	bool shares; /* shadows share their sources' frames [8.2]; else they are copies */
	bool leanstore; /* it follows the LeanStore dialect [8.9] */
	struct model_targets targets[MODEL_INTERFACES];
	struct model_page page[MODEL_MAX_PAGES];
};

struct model_range {
	uint64_t page;
	size_t len;
};

struct model_result {
	int res;
	int pages;
};

/**
 * model_alloc - one vector of ALLOC [4.4-4.6]
 *
 * @exhausted carries "out of frames" from one vector of an action to the next. In the LeanStore
 * dialect the first vector that has -ENOMEM here ends the action, and has no result [8.11].
 * If a vector gets only some of its pages the model maps the first of them, and a backend may
 * choose others. So the caller must FREE the whole vector next: that counts the same number,
 * whatever the choice was.
 */
struct model_result model_alloc(struct model *m, uint64_t page, size_t len, bool *exhausted);
struct model_result model_free(struct model *m, uint64_t page, size_t len);

/** model_reset - the surface was unmapped, and mapped again with @pages pages [2.4]. */
void model_reset(struct model *m, size_t pages);
size_t model_count(const struct model *m, size_t page, size_t len);

/**
 * model_shadow - SHADOW [8.1-8.5]
 *
 * @readable: whether the surface may be read
 * Return: 0, or a negative errno.
 */
int model_shadow(struct model *m, unsigned int interface, const struct model_range *source,
		 size_t n, uint64_t target, bool readable);
/** model_rm_sd - RM_SD [8.6] */
void model_rm_sd(struct model *m, unsigned int interface);

/** model_missing - whether an access to this page surely faults. */
static inline bool model_missing(const struct model *m, size_t page)
{
	return !m->page[page].mapped && !m->page[page].owner && !m->page[page].ended;
}

/** model_content - the page whose content is seen at @page, which is mapped or a shadow. */
static inline const struct model_page *model_content(const struct model *m, size_t page)
{
	return m->page[page].owner && m->shares ? &m->page[m->page[page].source] : &m->page[page];
}

/** model_origin - the page for which that content was made: stamps and backings depend on it. */
static inline size_t model_origin(const struct model *m, size_t page)
{
	return m->page[page].owner ? m->page[page].source : page;
}

/** model_shadow_in - the first shadow in a range, or @page + @len. */
size_t model_shadow_in(const struct model *m, uint64_t page, size_t len);

/**
 * model_may_break - whether an ALLOC or a read may fail after it has ended some of the shadows in
 * its ranges, which leaves open which
 */
bool model_may_break(const struct model *m, const struct model_range *range, size_t n, bool fill);

/* Why a read stopped, as a set: where the spec leaves a choice, more than one bit is set. */
enum stop {
	STOP_NOT = 0,
	STOP_ENDS = 1, /* what was done so far, no error [5.3, 5.5] */
	STOP_EINVAL = 2, /* misaligned [5.4] */
	STOP_EFAULT = 4, /* outside [5.4] */
	STOP_ENOMEM = 8, /* no frames [5.4] */
};

/**
 * model_read - one iovec of a read, at byte @at (may be outside) of the surface
 *
 * Adds the bytes done to *@bytes and returns why the call must stop here.
 */
int model_read(struct model *m, intptr_t at, size_t len, bool fill, size_t *bytes);

#endif

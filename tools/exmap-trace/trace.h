/* SPDX-License-Identifier: MIT */
/*
 * trace.h - exmap-trace: a trace in memory, and what can be done with it
 *
 * emu/trace_format.h says what a file holds. load() reads it; each command is a function here.
 */
#ifndef EXMAP_TRACE_H
#define EXMAP_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <exmap.h>

#include "emu/trace_format.h"

/* Exit status of commands: results differ; the trace cannot be read, or not to its end. */
#define EXIT_DIFFERENT 1
#define EXIT_TROUBLE 2

/**
 * struct event - an event of a trace
 * @in:     as it is in the file
 * @thread: index in trace.threads
 * @start:  nanoseconds since the trace began
 * @end:    likewise
 */
struct event {
	const struct emu_trace_event *in;
	uint32_t thread;
	uint64_t start;
	uint64_t end;
};

/** struct thread - a thread of a trace; @tid: its number; @nr: number of its events. */
struct thread {
	uint32_t tid;
	uint32_t nr;
};

/**
 * struct trace - a trace
 * @path:       the file
 * @header:     of the file, which is mapped there
 * @size:       bytes of the file
 * @threads:    in the order of their first events
 * @nr_threads: number of threads
 * @events:     by their starts; those of one thread in their order
 * @nr:         number of events
 * @dropped:    number of events that were not recorded
 * @whole:      the file was read to its end, and has one
 */
struct trace {
	const char *path;
	const struct emu_trace_header *header;
	size_t size;
	struct thread *threads;
	uint32_t nr_threads;
	struct event *events;
	size_t nr;
	uint64_t dropped;
	bool whole;
};

/**
 * load() - read a trace
 *
 * Says in one line on stderr what is wrong with the file. Exits with EXIT_TROUBLE if nothing can be
 * read.
 *
 * Return: the trace. If the file was cut off or is damaged, what stands before that.
 */
struct trace *load(const char *path);

/** unload() - free a trace. */
void unload(struct trace *trace);

/** is_call() - whether an event is an ACTION, READ or BYTES: a struct emu_trace_call. */
static inline bool is_call(const struct emu_trace_event *event)
{
	return event->kind == EMU_TRACE_ACTION || event->kind == EMU_TRACE_READ ||
	       event->kind == EMU_TRACE_BYTES;
}

static inline const struct emu_trace_call *call_of(const struct emu_trace_event *event)
{
	return (const struct emu_trace_call *)event;
}

/** has_words() - whether the words of a call are there. */
static inline bool has_words(const struct emu_trace_call *call)
{
	return !(call->event.flags & EMU_TRACE_REFUSED);
}

/**
 * struct pages - what a vector or range asks for
 * @first: first page
 * @len:   number of pages
 */
struct pages {
	uint64_t first;
	uint64_t len;
};

/** call_pages() - the pages of vector or range @i; of a range that is no pages, none. */
struct pages call_pages(const struct emu_trace_call *call, uint32_t i);

/** has_results() - whether a call has a result for each vector: an ALLOC or FREE by ACTION. */
static inline bool has_results(const struct emu_trace_call *call)
{
	return call->event.kind == EMU_TRACE_ACTION && call->event.opcode <= EXMAP_OP_FREE &&
	       has_words(call);
}

/** call_result() - the word of the result of vector @i, if the call has_results() and did not fail. */
uint64_t call_result(const struct emu_trace_call *call, uint32_t i);

/** frees() - whether a call unmaps pages; the others map some. */
static inline bool frees(const struct emu_trace_event *event)
{
	return event->opcode == EXMAP_OP_FREE;
}

/** complain() - print one line on stderr, with "exmap-trace: " before it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** die() - complain(), and exit with EXIT_TROUBLE. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** need() - memory that is there: exits if @memory is NULL. */
void *need(void *memory);

/** opcode_name() - ALLOC, or "opcode 9" if there is no name. Valid until the next call. */
const char *opcode_name(unsigned int opcode);

/** print_event() - print an event in one line; @all: all vectors, not only the first. */
void print_event(FILE *out, const struct trace *trace, const struct event *event, bool all);

/** dump() - print all events. */
void dump(const struct trace *trace, bool all);

#endif /* EXMAP_TRACE_H */

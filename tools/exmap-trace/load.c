// SPDX-License-Identifier: MIT
/* load.c - reads a trace; distrusts every number in it */

#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most vectors of an ACTION, and ranges of a READ, as the interface has it. */
#define MAX_VECTORS EXMAP_USER_INTERFACE_PAGES
#define MAX_RANGES 1024

/* A tick, and what CLOCK_MONOTONIC said then. */
struct moment {
	uint64_t ticks;
	uint64_t mono;
};

/* What was read of a thread: how many events it had dropped, and when its last one ended. */
struct progress {
	uint64_t dropped;
	uint64_t end;
};

/* A file that is being read. */
struct input {
	struct trace *trace;
	const char *data;
	size_t size;
	size_t room;
	bool ended;
	bool gave_up;
	struct moment last;
	struct progress *progress;
};

/* Maps the file. An empty one has no mapping. */
static void map(struct input *in, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		die("%s is no file; name one that exmap-run --trace=FILE has written", path);
	in->size = st.st_size;
	if (!in->size)
		return;
	data = mmap(NULL, in->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	close(fd);
	in->data = data;
}

static void check_header(const struct input *in, const char *path)
{
	const struct emu_trace_header *header = (const void *)in->data;
	size_t magic = sizeof(header->magic);

	if (in->size < magic || memcmp(header->magic, EMU_TRACE_MAGIC, magic))
		die("%s is no trace; name a file that exmap-run --trace=FILE has written", path);
	if (in->size < magic + sizeof(header->version))
		die("%s was cut off in its header; record it again", path);
	if (header->version != EMU_TRACE_VERSION)
		die("%s is a trace of version %u, and this exmap-trace reads version %u; use the "
		    "exmap-trace that belongs to the exmap-run that recorded it",
		    path, header->version, EMU_TRACE_VERSION);
	if (in->size < sizeof(*header) || header->size < sizeof(*header) ||
	    header->size > in->size || header->size % 8)
		die("%s was cut off in its header; record it again", path);
}

static uint32_t thread_of(struct input *in, uint32_t tid)
{
	struct trace *trace = in->trace;

	for (uint32_t i = 0; i < trace->nr_threads; i++) {
		if (trace->threads[i].tid == tid)
			return i;
	}
	trace->threads =
		need(reallocarray(trace->threads, trace->nr_threads + 1, sizeof(*trace->threads)));
	in->progress =
		need(reallocarray(in->progress, trace->nr_threads + 1, sizeof(*in->progress)));
	in->progress[trace->nr_threads] = (struct progress){ 0 };
	trace->threads[trace->nr_threads] = (struct thread){ .tid = tid };
	return trace->nr_threads++;
}

/* Whether a call has the words that its numbers promise. */
static bool call_is_sound(const struct emu_trace_call *call)
{
	uint64_t words = (call->event.size - sizeof(*call)) / sizeof(uint64_t);
	bool results = call->event.flags & EMU_TRACE_RESULTS;

	if (!has_words(call))
		return true;
	/* A result is a number of vectors, or of bytes of one system call. */
	if (call->event.result > INT32_MAX)
		return false;
	if (call->event.kind == EMU_TRACE_ACTION)
		return call->nr <= MAX_VECTORS && words >= call->nr * (results ? 2 : 1);
	return call->nr <= MAX_RANGES && words >= call->nr * 2;
}

/* Whether an event, of which @left bytes are there, is what it says. */
static bool is_sound(const struct emu_trace_event *event, size_t left)
{
	static const size_t least[] = {
		[EMU_TRACE_PAD] = 8,
		[EMU_TRACE_OPEN] = sizeof(struct emu_trace_event),
		[EMU_TRACE_CLOSE] = sizeof(struct emu_trace_event),
		[EMU_TRACE_CLONE] = sizeof(struct emu_trace_clone),
		[EMU_TRACE_SETUP] = sizeof(struct emu_trace_setup),
		[EMU_TRACE_MMAP] = sizeof(struct emu_trace_map),
		[EMU_TRACE_MUNMAP] = sizeof(struct emu_trace_map),
		[EMU_TRACE_ACTION] = sizeof(struct emu_trace_call),
		[EMU_TRACE_READ] = sizeof(struct emu_trace_call),
		[EMU_TRACE_BYTES] = sizeof(struct emu_trace_call),
		[EMU_TRACE_FAULT] = sizeof(struct emu_trace_fault),
	};
	size_t size = sizeof(struct emu_trace_event);

	if (event->kind < sizeof(least) / sizeof(least[0]))
		size = least[event->kind];
	if (event->size < size || event->size > left || event->size % 8)
		return false;
	return !is_call(event) || call_is_sound(call_of(event));
}

static bool is_known(const struct emu_trace_event *event)
{
	return event->kind != EMU_TRACE_PAD && event->kind <= EMU_TRACE_FAULT;
}

/* Return: false if the event is not behind the one before: a thread does one thing at a time. */
static bool add_event(struct input *in, const struct emu_trace_event *event, uint32_t thread)
{
	struct trace *trace = in->trace;

	if (event->start < in->progress[thread].end || event->end < event->start)
		return false;
	in->progress[thread].end = event->end;
	if (trace->nr == in->room) {
		in->room = in->room ? 2 * in->room : 1024;
		trace->events = need(reallocarray(trace->events, in->room, sizeof(*trace->events)));
	}
	trace->events[trace->nr++] = (struct event){ .in = event, .thread = thread };
	trace->threads[thread].nr++;
	return true;
}

/* Reads the events of a chunk, of which @left bytes are there. Return: false where they break off. */
static bool read_events(struct input *in, const char *at, size_t left, uint32_t tid,
			uint64_t dropped)
{
	uint32_t thread = thread_of(in, tid);

	in->progress[thread].dropped = dropped;
	while (left) {
		const struct emu_trace_event *event = (const void *)at;

		if (left < 8 || !is_sound(event, left))
			return false;
		if (is_known(event) && !add_event(in, event, thread))
			return false;
		at += event->size;
		left -= event->size;
	}
	return true;
}

/* Return: the offset at which the file ends or cannot be read on. */
static size_t read_chunks(struct input *in)
{
	size_t at = in->trace->header->size;

	while (in->size - at >= sizeof(struct emu_trace_chunk)) {
		const struct emu_trace_chunk *chunk = (const void *)(in->data + at);
		size_t left = in->size - at - sizeof(*chunk);
		bool whole = chunk->size <= left;

		if (chunk->magic != EMU_TRACE_CHUNK_MAGIC || chunk->size % 8)
			break;
		in->last = (struct moment){ chunk->ticks, chunk->mono };
		in->gave_up |= chunk->kind == EMU_TRACE_GAVE_UP;
		if (chunk->kind == EMU_TRACE_END || chunk->kind == EMU_TRACE_GAVE_UP) {
			in->ended = true;
			in->trace->dropped = chunk->dropped;
		} else if (chunk->kind == EMU_TRACE_EVENTS &&
			   !read_events(in, (const char *)(chunk + 1), whole ? chunk->size : left,
					chunk->tid, chunk->dropped)) {
			break;
		}
		if (!whole)
			break;
		at += sizeof(*chunk) + chunk->size;
	}
	return at;
}

/* Converts the ticks of all events, by the first moment and the last that the file tells. */
static void convert_times(const struct input *in)
{
	const struct emu_trace_header *header = in->trace->header;
	double rate = 1;

	if (header->clock == EMU_TRACE_COUNTER && in->last.ticks > header->ticks &&
	    in->last.mono > header->mono)
		rate = (double)(in->last.mono - header->mono) / (in->last.ticks - header->ticks);
	for (size_t i = 0; i < in->trace->nr; i++) {
		struct event *event = &in->trace->events[i];
		uint64_t start = event->in->start, end = event->in->end;

		event->start = start > header->ticks ? (start - header->ticks) * rate : 0;
		event->end = end > start ? event->start + (end - start) * rate : event->start;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->in->start != y->in->start)
		return x->in->start < y->in->start ? -1 : 1;
	/* Events of one thread lie in the file in their order. */
	return (x->in > y->in) - (x->in < y->in);
}

/* Gives threads their final places: by their first events. */
static void order_threads(struct trace *trace)
{
	uint32_t *place = need(calloc(trace->nr_threads + 1, sizeof(*place)));
	struct thread *threads = need(calloc(trace->nr_threads + 1, sizeof(*threads)));
	uint32_t n = 0;

	for (size_t i = 0; i < trace->nr; i++) {
		uint32_t old = trace->events[i].thread;

		if (!place[old]) {
			threads[n] = trace->threads[old];
			place[old] = ++n;
		}
		trace->events[i].thread = place[old] - 1;
	}
	free(place);
	free(trace->threads);
	trace->threads = threads;
	trace->nr_threads = n;
}

struct trace *load(const char *path)
{
	struct trace *trace = need(calloc(1, sizeof(*trace)));
	struct input in = { .trace = trace };
	size_t end;

	trace->path = path;
	map(&in, path);
	check_header(&in, path);
	trace->header = (const void *)in.data;
	trace->size = in.size;
	end = read_chunks(&in);
	for (uint32_t i = 0; !in.ended && i < trace->nr_threads; i++)
		trace->dropped += in.progress[i].dropped;
	trace->whole = in.ended && end == in.size && !in.gave_up;
	convert_times(&in);
	if (trace->nr)
		qsort(trace->events, trace->nr, sizeof(*trace->events), by_start);
	order_threads(trace);
	free(in.progress);
	if (in.gave_up && end == in.size)
		complain(
			"%s ends early: its disk was full, or it grew too large, and its process went "
			"on; what stands there is read (%zu events)",
			path, trace->nr);
	else if (!trace->whole)
		complain(
			"%s was cut off, or is damaged, at byte %zu of %zu: its process was killed, "
			"or it was not copied in whole; what stands before is read (%zu events)",
			path, end, in.size, trace->nr);
	return trace;
}

void unload(struct trace *trace)
{
	munmap((void *)trace->header, trace->size);
	free(trace->threads);
	free(trace->events);
	free(trace);
}

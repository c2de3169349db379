// SPDX-License-Identifier: MIT
/* dump.c - prints events as lines of text */

#define _GNU_SOURCE
#include "trace.h"

#include <inttypes.h>
#include <string.h>

/* Vectors of a call that are printed unless all are wanted. */
#define FIRST 6

const char *opcode_name(unsigned int opcode)
{
	static const char *const names[] = {
		[EXMAP_OP_READ] = "READ",     [EXMAP_OP_ALLOC] = "ALLOC", [EXMAP_OP_FREE] = "FREE",
		[EXMAP_OP_SHADOW] = "SHADOW", [EXMAP_OP_RM_SD] = "RM_SD",
	};
	static char number[32];

	if (opcode < sizeof(names) / sizeof(names[0]))
		return names[opcode];
	snprintf(number, sizeof(number), "opcode %u", opcode);
	return number;
}

/* Prints a result: a negative errno by its name. */
static void print_result(FILE *out, int64_t result)
{
	const char *name = result < 0 && result >= -4095 ? strerrorname_np(-result) : NULL;

	if (name)
		fprintf(out, "%s", name);
	else
		fprintf(out, "%" PRId64, result);
}

/* Prints what was asked for, as 7 or 8+4, and where it is not all that: what was got. */
static void print_vector(FILE *out, const struct emu_trace_call *call, uint32_t i)
{
	struct pages asked = call_pages(call, i);
	struct exmap_iov result;

	fprintf(out, " %" PRIu64, asked.first);
	if (asked.len != 1)
		fprintf(out, "+%" PRIu64, asked.len);
	if (!has_results(call) || call->event.result < 0)
		return;
	result.value = call_result(call, i);
	if (result.res) {
		fprintf(out, "=");
		print_result(out, result.res);
	}
	if (result.res || (uint64_t)result.pages != asked.len)
		fprintf(out, "=%d", result.pages);
}

static void print_range(FILE *out, const struct emu_trace_call *call, uint32_t i)
{
	uint64_t offset = call->word[2 * i], len = call->word[2 * i + 1];

	if ((offset | len) % 4096 || !len)
		fprintf(out, " bytes %" PRId64 "+%" PRIu64, (int64_t)offset, len);
	else
		print_vector(out, call, i);
}

static void print_call(FILE *out, const struct event *event, bool all)
{
	const struct emu_trace_call *call = call_of(event->in);
	const char *unit = event->in->kind == EMU_TRACE_ACTION ? "vector" : "range";
	const char *how = event->in->kind == EMU_TRACE_READ  ? " by read" :
			  event->in->kind == EMU_TRACE_BYTES ? " by io_uring" :
							       "";
	uint32_t shown = 0;

	fprintf(out, "%s%s, interface %u", opcode_name(event->in->opcode), how,
		event->in->interface);
	if (event->in->opcode == EXMAP_OP_SHADOW && has_words(call))
		fprintf(out, ", at page %" PRIu64, call->target);
	fprintf(out, ", %u %s%s%s", call->nr, unit, call->nr == 1 ? "" : "s",
		has_words(call) && call->nr ? ":" : "");
	for (; has_words(call) && shown < call->nr && (all || shown < FIRST); shown++) {
		if (event->in->kind == EMU_TRACE_ACTION)
			print_vector(out, call, shown);
		else
			print_range(out, call, shown);
	}
	if (has_words(call) && shown < call->nr)
		fprintf(out, " ...");
	fprintf(out, " -> ");
	print_result(out, event->in->result);
	if (event->end > event->start)
		fprintf(out, " (%.3f us", (event->end - event->start) / 1e3);
	if (call->steals)
		fprintf(out, ", %u steal%s", call->steals, call->steals == 1 ? "" : "s");
	if (event->end > event->start)
		fprintf(out, ")");
}

static void print_map(FILE *out, const struct emu_trace_map *map)
{
	bool mmap = map->event.kind == EMU_TRACE_MMAP;

	fprintf(out, "%s of ", mmap ? "mmap" : "munmap");
	if (map->offset == EXMAP_OFF_EXMAP)
		fprintf(out, "the surface, %" PRIu64 " pages", map->len / 4096);
	else if (map->offset == EXMAP_OFF_PTEXPORT)
		fprintf(out, "the page-table export, %" PRIu64 " bytes", map->len);
	else if (map->offset >= EXMAP_OFF_INTERFACE_BASE)
		fprintf(out, "interface %" PRIu64, (map->offset - EXMAP_OFF_INTERFACE_BASE) >> 12);
	else
		fprintf(out, "offset %#" PRIx64, map->offset);
	if (map->event.result) {
		fprintf(out, " -> ");
		print_result(out, map->event.result);
	} else {
		fprintf(out, " at %#" PRIx64, map->addr);
	}
}

static void print_setup(FILE *out, const struct emu_trace_setup *setup)
{
	fprintf(out, "SETUP of %" PRIu64 " frames, %" PRId64 " interface%s, ", setup->frames,
		setup->interfaces, setup->interfaces == 1 ? "" : "s");
	if (setup->backing < 0)
		fprintf(out, "no backing -> ");
	else
		fprintf(out, "a backing of %" PRId64 " bytes -> ", setup->backing);
	print_result(out, setup->event.result);
}

static void print_fault(FILE *out, const struct emu_trace_fault *fault)
{
	fprintf(out, "fault: %s unallocated page %" PRIu64 " at byte %" PRIu64 " of it",
		fault->error & 16 ? "jump to" :
		fault->error & 2  ? "store to" :
				    "load from",
		fault->offset / 4096, fault->offset % 4096);
}

void print_event(FILE *out, const struct trace *trace, const struct event *event, bool all)
{
	const struct emu_trace_event *in = event->in;

	fprintf(out, "%13.9f %7u exmap %u: ", event->start / 1e9, trace->threads[event->thread].tid,
		in->exmap);
	switch (in->kind) {
	case EMU_TRACE_OPEN:
		fprintf(out, "open%s", in->flags & EMU_TRACE_DIALECT ? ", LeanStore dialect" : "");
		break;
	case EMU_TRACE_CLOSE:
		fprintf(out, "close");
		break;
	case EMU_TRACE_CLONE:
		fprintf(out, "CLONE, by the file of exmap %" PRIu64,
			((const struct emu_trace_clone *)in)->was);
		break;
	case EMU_TRACE_SETUP:
		print_setup(out, (const void *)in);
		break;
	case EMU_TRACE_MMAP:
	case EMU_TRACE_MUNMAP:
		print_map(out, (const void *)in);
		break;
	case EMU_TRACE_FAULT:
		print_fault(out, (const void *)in);
		break;
	default:
		print_call(out, event, all);
	}
	fputc('\n', out);
}

void dump(const struct trace *trace, bool all)
{
	const struct emu_trace_header *header = trace->header;

	printf("trace of %.16s, process %u: %zu events of %u thread%s, %" PRIu64 " dropped\n",
	       header->command, header->pid, trace->nr, trace->nr_threads,
	       trace->nr_threads == 1 ? "" : "s", trace->dropped);
	for (size_t i = 0; i < trace->nr; i++)
		print_event(stdout, trace, &trace->events[i], all);
}

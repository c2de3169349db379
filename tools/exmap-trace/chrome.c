// SPDX-License-Identifier: MIT
/*
 * chrome.c - a trace in the Trace Event format, which ui.perfetto.dev and chrome://tracing open
 *
 * Calls are complete events ("X"), faults, opens and the like instant events ("i"), frames in use a
 * counter for each exmap ("C"), names of the process and its threads metadata ("M"). Times are in
 * microseconds.
 */

#include "chrome.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

static const char *comma = "";

static void put(struct json_object *object)
{
	printf("%s%s", comma, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	comma = ",\n";
	json_object_put(object);
}

static void add_int(struct json_object *object, const char *name, int64_t value)
{
	json_object_object_add(object, name, json_object_new_int64(value));
}

static void add_string(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, json_object_new_string(value));
}

/* A time in microseconds, with three digits behind the point. */
static void add_time(struct json_object *object, const char *name, uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%03u", (unsigned long long)ns / 1000,
		 (unsigned int)(ns % 1000));
	json_object_object_add(object, name, json_object_new_double_s(ns / 1e3, text));
}

static struct json_object *new_event(const struct trace *trace, const char *phase, const char *name,
				     uint32_t tid)
{
	struct json_object *object = json_object_new_object();

	add_string(object, "name", name);
	add_string(object, "ph", phase);
	add_int(object, "pid", trace->header->pid);
	add_int(object, "tid", tid);
	return object;
}

static void put_name(const struct trace *trace, const char *what, uint32_t tid, const char *name)
{
	struct json_object *object = new_event(trace, "M", what, tid);
	struct json_object *args = json_object_new_object();

	add_string(args, "name", name);
	json_object_object_add(object, "args", args);
	put(object);
}

static void put_names(const struct trace *trace)
{
	char name[32];

	snprintf(name, sizeof(name), "%.16s", trace->header->command);
	put_name(trace, "process_name", trace->header->pid, name);
	for (uint32_t i = 0; i < trace->nr_threads; i++) {
		snprintf(name, sizeof(name), "thread %u", trace->threads[i].tid);
		put_name(trace, "thread_name", trace->threads[i].tid, name);
	}
}

/* The line that dump prints, without its time and thread. */
static void add_line(struct json_object *args, const struct trace *trace, const struct event *event)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = need(open_memstream(&line, &size));
	const char *text;

	print_event(out, trace, event, false);
	fclose(out);
	line[strcspn(line, "\n")] = '\0';
	text = strstr(line, "exmap ");
	add_string(args, "what", text ? text : line);
	free(line);
}

static void put_call(const struct trace *trace, const struct event *event)
{
	const struct emu_trace_call *call = call_of(event->in);
	struct json_object *object = new_event(trace, "X", opcode_name(event->in->opcode),
					       trace->threads[event->thread].tid);
	struct json_object *args = json_object_new_object();

	add_string(object, "cat",
		   event->in->kind == EMU_TRACE_ACTION ? "action" :
		   event->in->kind == EMU_TRACE_READ   ? "read" :
							 "io_uring");
	add_time(object, "ts", event->start);
	add_time(object, "dur", event->end - event->start);
	add_line(args, trace, event);
	add_int(args, "exmap", event->in->exmap);
	add_int(args, "interface", event->in->interface);
	add_int(args, "vectors", call->nr);
	add_int(args, "pages", call->pages);
	add_int(args, "result", event->in->result);
	add_int(args, "steals", call->steals);
	json_object_object_add(object, "args", args);
	put(object);
}

static const char *kind_name(unsigned int kind)
{
	static const char *const names[] = {
		[EMU_TRACE_OPEN] = "open",   [EMU_TRACE_CLOSE] = "close",
		[EMU_TRACE_CLONE] = "CLONE", [EMU_TRACE_SETUP] = "SETUP",
		[EMU_TRACE_MMAP] = "mmap",   [EMU_TRACE_MUNMAP] = "munmap",
		[EMU_TRACE_FAULT] = "fault",
	};

	return names[kind];
}

static void put_instant(const struct trace *trace, const struct event *event)
{
	struct json_object *object = new_event(trace, "i", kind_name(event->in->kind),
					       trace->threads[event->thread].tid);
	struct json_object *args = json_object_new_object();

	add_string(object, "cat", event->in->kind == EMU_TRACE_FAULT ? "fault" : "set-up");
	add_time(object, "ts", event->start);
	/* Shown in the thread's lane only. */
	add_string(object, "s", "t");
	add_line(args, trace, event);
	json_object_object_add(object, "args", args);
	put(object);
}

static void put_used(void *context, const struct event *event, uint64_t before, uint64_t used)
{
	const struct trace *trace = context;
	struct json_object *object, *args = json_object_new_object();
	char name[32];

	(void)before;
	snprintf(name, sizeof(name), "frames of exmap %u", event->in->exmap);
	object = new_event(trace, "C", name, trace->header->pid);
	add_time(object, "ts", event->end);
	add_int(args, "used", used);
	json_object_object_add(object, "args", args);
	put(object);
}

void chrome(const struct trace *trace)
{
	printf("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped\":%llu},\"traceEvents\":[\n",
	       (unsigned long long)trace->dropped);
	put_names(trace);
	for (size_t i = 0; i < trace->nr; i++) {
		if (is_call(trace->events[i].in))
			put_call(trace, &trace->events[i]);
		else
			put_instant(trace, &trace->events[i]);
	}
	follow_frames(trace, (void *)trace, put_used);
	printf("\n]}\n");
}

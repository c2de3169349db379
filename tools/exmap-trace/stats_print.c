// SPDX-License-Identifier: MIT
/* stats_print.c - prints figures of a trace: a table, JSON, a script for gnuplot */

#include "stats.h"

#include <inttypes.h>
#include <json-c/json.h>

static bool is_used(const struct opcode_stats *op)
{
	return op->calls || op->refused;
}

static const char *name_of(unsigned int opcode)
{
	return opcode == NR_OPCODES - 1 ? "others" : opcode_name(opcode);
}

static double mean(const struct histogram *h)
{
	return h->number ? (double)h->sum / h->number : 0;
}

/* Of pages that were asked for, those that were mapped (ALLOC, READ) or unmapped (FREE) already. */
static double hit_rate(const struct opcode_stats *op)
{
	return op->asked > op->done ? (double)(op->asked - op->done) / op->asked : 0;
}

static double per(uint64_t what, uint64_t of)
{
	return of ? (double)what / of : 0;
}

static void print_opcodes(const struct stats *stats)
{
	printf("%-9s %10s %9s %12s %12s %6s %9s %8s %10s %10s\n", "", "calls", "refused", "asked",
	       "done", "hits", "failed", "steals", "ns/call", "ns/page");
	for (unsigned int i = 0; i < NR_OPCODES; i++) {
		const struct opcode_stats *op = &stats->opcodes[i];

		if (!is_used(op))
			continue;
		printf("%-9s %10" PRIu64 " %9" PRIu64 " %12" PRIu64 " %12" PRIu64
		       " %5.1f%% %9" PRIu64 " %8" PRIu64 " %10.0f %10.1f\n",
		       name_of(i), op->calls, op->refused, op->asked, op->done, 100 * hit_rate(op),
		       op->failed, op->steals, per(op->ns, op->calls), per(op->ns, op->done));
	}
}

/* The number of buckets up to the last that is not empty. */
static unsigned int used_buckets(const struct histogram *h)
{
	unsigned int n = NR_BUCKETS;

	while (n && !h->count[n - 1])
		n--;
	return n;
}

static void print_range(unsigned int bucket)
{
	uint64_t least = bucket_least(bucket), most = bucket_least(bucket + 1) - 1;

	if (least >= most)
		printf("  %21" PRIu64, least);
	else
		printf("  %10" PRIu64 "-%-10" PRIu64, least, most);
}

static void print_histogram(const char *title, const char *name, const struct histogram *h)
{
	if (!h->number)
		return;
	printf("\n%s%s%s: mean %.1f, most %" PRIu64 "\n", title, *name ? " of " : "", name, mean(h),
	       h->most);
	for (unsigned int i = 0; i < used_buckets(h); i++) {
		if (!h->count[i])
			continue;
		print_range(i);
		printf(" %12" PRIu64 " %5.1f%%\n", h->count[i], 100 * per(h->count[i], h->number));
	}
}

static void print_frames(const struct stats *stats)
{
	printf("\nframes in use: at most %" PRIu64 " of %" PRIu64 "; by tenths of the time:\n ",
	       stats->most, stats->frames);
	for (int i = 0; i < 10; i++)
		printf(" %" PRIu64, stats->moments[(i + 1) * NR_MOMENTS / 10 - 1]);
	printf("\n");
}

static void print_table(const struct trace *trace, const struct stats *stats)
{
	printf("trace of %.16s, process %u: %zu events of %u threads in %.6f s, %" PRIu64
	       " dropped, %" PRIu64 " faults\n\n",
	       trace->header->command, trace->header->pid, trace->nr, trace->nr_threads,
	       stats->ns / 1e9, trace->dropped, stats->faults);
	print_opcodes(stats);
	for (unsigned int i = 0; i < NR_OPCODES; i++) {
		print_histogram("vectors a call", name_of(i), &stats->opcodes[i].batch);
		print_histogram("pages a vector", name_of(i), &stats->opcodes[i].len);
	}
	print_histogram("reuse distances, in pages", "", &stats->reuse);
	printf("\npages used for the first time: %" PRIu64 "\n", stats->first);
	print_frames(stats);
}

static void add_int(struct json_object *object, const char *name, int64_t value)
{
	json_object_object_add(object, name, json_object_new_int64(value));
}

static void add_double(struct json_object *object, const char *name, double value)
{
	json_object_object_add(object, name, json_object_new_double(value));
}

static struct json_object *json_histogram(const struct histogram *h)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	add_int(object, "number", h->number);
	add_double(object, "mean", mean(h));
	add_int(object, "most", h->most);
	for (unsigned int i = 0; i < used_buckets(h); i++) {
		struct json_object *bucket = json_object_new_object();

		add_int(bucket, "from", bucket_least(i));
		add_int(bucket, "count", h->count[i]);
		json_object_array_add(list, bucket);
	}
	json_object_object_add(object, "histogram", list);
	return object;
}

static struct json_object *json_opcode(const struct opcode_stats *op)
{
	struct json_object *object = json_object_new_object();

	add_int(object, "calls", op->calls);
	add_int(object, "refused", op->refused);
	add_int(object, "pages_asked", op->asked);
	add_int(object, "pages_done", op->done);
	add_double(object, "hit_rate", hit_rate(op));
	add_int(object, "failed", op->failed);
	add_int(object, "steals", op->steals);
	add_double(object, "steals_per_call", per(op->steals, op->calls));
	add_int(object, "ns", op->ns);
	json_object_object_add(object, "vectors", json_histogram(&op->batch));
	json_object_object_add(object, "vector_lengths", json_histogram(&op->len));
	return object;
}

static struct json_object *json_frames(const struct stats *stats)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	add_int(object, "setup", stats->frames);
	add_int(object, "most", stats->most);
	for (int i = 0; i < NR_MOMENTS; i++)
		json_object_array_add(list, json_object_new_int64(stats->moments[i]));
	json_object_object_add(object, "over_time", list);
	return object;
}

static void print_json(const struct trace *trace, const struct stats *stats)
{
	struct json_object *root = json_object_new_object();
	struct json_object *opcodes = json_object_new_object();

	add_int(root, "events", trace->nr);
	add_int(root, "threads", trace->nr_threads);
	add_int(root, "dropped", trace->dropped);
	add_int(root, "faults", stats->faults);
	add_int(root, "ns", stats->ns);
	for (unsigned int i = 0; i < NR_OPCODES; i++) {
		if (is_used(&stats->opcodes[i]))
			json_object_object_add(opcodes, name_of(i),
					       json_opcode(&stats->opcodes[i]));
	}
	json_object_object_add(root, "opcodes", opcodes);
	json_object_object_add(root, "reuse_distances", json_histogram(&stats->reuse));
	add_int(root, "first_uses", stats->first);
	json_object_object_add(root, "frames", json_frames(stats));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

static void plot_histogram(const char *block, unsigned int opcode, const struct histogram *h)
{
	printf("$%s%u << END\n", block, opcode);
	for (unsigned int i = 0; i < NR_BUCKETS; i++)
		printf("%" PRIu64 " %" PRIu64 "\n", bucket_least(i), h->count[i]);
	printf("END\n");
}

/* Plots a histogram for each opcode that is used, or for @only. */
static void plot_bars(const struct stats *stats, const char *title, const char *block,
		      bool by_opcode)
{
	const char *comma = "plot";

	printf("set title '%s'\nset xlabel 'at least'\nset ylabel 'times'\n", title);
	printf("set style data histeps\nset logscale x 2\nset xrange [0.5:]\nset yrange [0:]\n");
	for (unsigned int i = 0; i < (by_opcode ? NR_OPCODES : 1); i++) {
		if (by_opcode && !is_used(&stats->opcodes[i]))
			continue;
		printf("%s $%s%u using ($1>0?$1:0.6):2 title '%s'", comma, block, i,
		       by_opcode ? name_of(i) : "");
		comma = ",";
	}
	printf("\nunset logscale x\n");
}

static void print_plot(const struct stats *stats)
{
	printf("# A script for gnuplot: exmap-trace stats --plot FILE | gnuplot -persist\n");
	for (unsigned int i = 0; i < NR_OPCODES; i++) {
		plot_histogram("batch", i, &stats->opcodes[i].batch);
		plot_histogram("len", i, &stats->opcodes[i].len);
	}
	plot_histogram("reuse", 0, &stats->reuse);
	printf("$frames << END\n");
	for (int i = 0; i < NR_MOMENTS; i++)
		printf("%g %" PRIu64 "\n", stats->ns / 1e9 * i / NR_MOMENTS, stats->moments[i]);
	printf("END\nset multiplot layout 2, 2\n");
	printf("set title 'frames in use'\nset xlabel 'seconds'\nset yrange [0:]\n"
	       "plot $frames with steps title ''\n");
	plot_bars(stats, "vectors a call", "batch", true);
	plot_bars(stats, "pages a vector", "len", true);
	plot_bars(stats, "reuse distance, in pages", "reuse", false);
	printf("unset multiplot\n");
}

void stats_print(const struct trace *trace, const struct stats *stats, enum stats_format format)
{
	if (format == STATS_JSON)
		print_json(trace, stats);
	else if (format == STATS_PLOT)
		print_plot(stats);
	else
		print_table(trace, stats);
}

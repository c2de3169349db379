/* SPDX-License-Identifier: MIT */
/*
 * world.h - the exmaps of a replay
 *
 * Any thread may call these functions. They return what came of the system call: a result or a
 * negative errno.
 */
#ifndef EXMAP_TRACE_WORLD_H
#define EXMAP_TRACE_WORLD_H

#include "outcome.h"

/**
 * world_start() - get ready
 * @backing: the file that READs read; NULL to make one that is as long as the trace needs
 *
 * Exits with a message if there is no /dev/exmap, or no such file.
 */
void world_start(const struct trace *trace, const char *backing);

/** world_do() - do what the event of a step says; fills in result, words and skipped. */
void world_do(const struct emu_trace_event *event, struct outcome *outcome);

#endif /* EXMAP_TRACE_WORLD_H */

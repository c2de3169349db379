/* SPDX-License-Identifier: MIT */
/* trace.h - the file of exmap-run --trace=FILE */
#ifndef EXMAP_RUN_TRACE_H
#define EXMAP_RUN_TRACE_H

#include <stdbool.h>

/**
 * trace_option() - have the client write a trace to @file
 *
 * The emulator overwrites no file. So a trace of that name, from an earlier run, is removed now, and
 * only a trace: any other file is an error.
 *
 * Return: false, after a message, if the client could not write the file.
 */
bool trace_option(const char *file);

#endif /* EXMAP_RUN_TRACE_H */

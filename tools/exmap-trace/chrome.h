/* SPDX-License-Identifier: MIT */
/* chrome.h - exmap-trace chrome: a trace in the Trace Event format */
#ifndef EXMAP_TRACE_CHROME_H
#define EXMAP_TRACE_CHROME_H

#include "trace.h"

/** chrome() - print a trace as JSON. */
void chrome(const struct trace *trace);

#endif /* EXMAP_TRACE_CHROME_H */

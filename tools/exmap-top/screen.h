/* SPDX-License-Identifier: MIT */
/* screen.h - the figures on a terminal, again and again, until the user has seen enough */
#ifndef EXMAP_TOP_SCREEN_H
#define EXMAP_TOP_SCREEN_H

#include "tools/exmap-top/look.h"

/** screen_run() - show what @look finds, every @interval seconds */
void screen_run(const struct look *look, double interval);

#endif /* EXMAP_TOP_SCREEN_H */

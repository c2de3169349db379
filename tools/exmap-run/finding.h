/* SPDX-License-Identifier: MIT */
/* finding.h - a line of exmap-run --doctor */
#ifndef EXMAP_RUN_FINDING_H
#define EXMAP_RUN_FINDING_H

#include <stdio.h>

/* A finding's first word stands below those of the others. */
#define FINDING "%-36s "

static inline void say(const char *what, const char *finding)
{
	printf(FINDING "%s\n", what, finding);
}

#endif /* EXMAP_RUN_FINDING_H */

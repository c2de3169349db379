/* SPDX-License-Identifier: MIT */
/* finding.h - a line of exmap-run --doctor */
#ifndef EXMAP_RUN_FINDING_H
#define EXMAP_RUN_FINDING_H

#include <stdio.h>

static inline void say(const char *what, const char *finding)
{
	printf("%-34s %s\n", what, finding);
}

#endif /* EXMAP_RUN_FINDING_H */

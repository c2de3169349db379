// SPDX-License-Identifier: MIT
/*
 * many_exmaps - a process has many small exmaps at the same time, and each serves all its frames
 */
#include "check.h"

#define EXMAPS 100
#define PAGES 64
#define FRAMES 16

int main(void)
{
	static struct client clients[EXMAPS];
	int opened = 0;
	int served = 0;

	for (int i = 0; i < EXMAPS; i++)
		opened += client_open(&clients[i], PAGES, FRAMES, 1, -1) == 0;
	CHECK(opened == EXMAPS);
	/* Each page far from the next: no two are in one mapping. */
	for (int i = 0; i < EXMAPS; i++) {
		int pages = 0;

		for (int page = 0; page < FRAMES; page++)
			pages += client_alloc(&clients[i], 0, 4 * page, 1) == 1;
		served += pages == FRAMES;
	}
	CHECK(served == EXMAPS);
	for (int i = 0; i < EXMAPS; i++)
		client_close(&clients[i]);
	return check_done();
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* background.h - the workqueue that frees exmaps and surfaces, and waiting for it */
#ifndef EXMAP_KMOD_BACKGROUND_H
#define EXMAP_KMOD_BACKGROUND_H

#include <linux/workqueue.h>

/** exmap_background_init() - before the first exmap. Return: 0 or a negative errno. */
int exmap_background_init(void);

/** exmap_background_exit() - wait until every exmap and every surface is freed. Sleeps. */
void exmap_background_exit(void);

/** exmap_background_add() - count an exmap that was made; exmap_background_done() uncounts it. */
void exmap_background_add(void);
void exmap_background_done(void);

/**
 * exmap_background_ends() - count a surface or an exmap that will be freed soon
 *
 * exmap_background_ended() uncounts it when it is free. A surface is uncounted after the exmap that
 * it held, if that ends with it, is counted.
 */
void exmap_background_ends(void);
void exmap_background_ended(void);

/**
 * exmap_background_flush() - wait until all is free that was closed and unmapped before
 *
 * Sleeps, for ten seconds at most: other processes may close exmaps all the time. Not for the
 * workqueue itself, nor under locks that freeing takes.
 */
void exmap_background_flush(void);

/** exmap_background_queue() - run @work in the workqueue; from any context. */
void exmap_background_queue(struct work_struct *work);

#endif /* EXMAP_KMOD_BACKGROUND_H */

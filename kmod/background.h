/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* background.h - what ends in a context that may sleep, after its last user has gone */
#ifndef EXMAP_KMOD_BACKGROUND_H
#define EXMAP_KMOD_BACKGROUND_H

#include <linux/workqueue.h>

/** exmap_background_init() - before there is an exmap. Return: 0 or a negative errno. */
int exmap_background_init(void);

/** exmap_background_exit() - wait until every exmap and every surface has ended. */
void exmap_background_exit(void);

/** exmap_background_add() - one exmap more, which ends by exmap_background_done(). */
void exmap_background_add(void);
void exmap_background_done(void);

/** exmap_background_queue() - do @work soon; from any context. */
void exmap_background_queue(struct work_struct *work);

#endif /* EXMAP_KMOD_BACKGROUND_H */

/* SPDX-License-Identifier: MIT */
/* client.h - processes that have exmaps of the emulator's */
#ifndef EXMAP_TOP_CLIENT_H
#define EXMAP_TOP_CLIENT_H

#include "tools/exmap-top/snapshot.h"

/**
 * enum client_state - what became of a look at a process
 * @CLIENT_SEEN:    its exmaps are known
 * @CLIENT_NONE:    it has never opened an exmap, or it has ended
 * @CLIENT_FOREIGN: it may not be looked into, and whether it has exmaps is not known
 * @CLIENT_LOCKED:  it has opened an exmap, but its memory may not be read, as by a debugger: Yama
 * @CLIENT_VERSION: it has an emulator that exmap-top does not understand
 */
enum client_state { CLIENT_SEEN, CLIENT_NONE, CLIENT_FOREIGN, CLIENT_LOCKED, CLIENT_VERSION };

/** client_open() - find out how a process's exmaps are laid out; fills in @r. */
enum client_state client_open(int pid, struct remote *r);

/** client_look() - add the exmaps of one process to a snapshot. */
enum client_state client_look(int pid, struct snapshot *s);

/** client_look_at_all() - the same for all processes that may be looked into; counts @s->locked. */
void client_look_at_all(struct snapshot *s);

/** client_name() - set an exmap's @command to the name of its process. */
void client_name(struct exmap_figures *x);

#endif /* EXMAP_TOP_CLIENT_H */

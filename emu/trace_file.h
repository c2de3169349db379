/* SPDX-License-Identifier: MIT */
/*
 * trace_file.h - the file of trace=FILE, and the thread that writes it
 *
 * Each thread that makes events has a ring. The writer, a thread of the emulator's that no signal
 * reaches, moves what is in the rings to the file: every 10 ms, and when a ring is half full. So a
 * process that is killed loses the last 10 ms of its trace. It loses nothing where it exits,
 * executes another program, or dies of an access that fault.c diagnoses.
 *
 * A file that exists is not overwritten: FILE.PID is written instead. So a forked child, and a
 * program that the client executes, have traces of their own as soon as they open or map an exmap.
 *
 * If the file cannot be written, as on a full disk, that is said once, the trace ends behind the
 * last whole chunk, and the client goes on.
 */
#ifndef EXMAP_EMU_TRACE_FILE_H
#define EXMAP_EMU_TRACE_FILE_H

#include <pthread.h>
#include <stdbool.h>

#include "emu/ring.h"

/**
 * emu_trace_start() - begin the trace of this process, if that is wanted and was not done yet
 *
 * Any thread; outside RCU read sections, and without any lock of the emulator's. Does nothing in a
 * signal handler that has interrupted a call.
 */
void emu_trace_start(void);

/**
 * emu_trace_ring() - the calling thread's ring, which is made now if there is none yet
 *
 * Any thread, in signal handlers too. Return: NULL if there is no trace, or no memory.
 */
struct emu_ring *emu_trace_ring(void);

/**
 * emu_trace_same_ring() - the ring that emu_trace_ring() has given the calling thread last
 *
 * Between the two calls the trace may have ended, as on a full disk: an event that was begun is
 * finished all the same.
 */
struct emu_ring *emu_trace_same_ring(void);

/** emu_trace_wake() - wake the writer, because a ring is half full. Any thread, in handlers too. */
void emu_trace_wake(void);

/**
 * emu_trace_end() - write what is in the rings, and that the process ends now
 *
 * If the process does not end after all, because its exec failed, the trace goes on. Does nothing in
 * a child of vfork(), which shares its parent's memory. Any thread, in handlers of faults too.
 */
void emu_trace_end(void);

/**
 * emu_trace_writer() - what the writer does, as pthread_create() wants it
 *
 * The shim must make no client's thread of it: no signal is to be unblocked there, and no trap set.
 */
void *emu_trace_writer(void *unused);

/*
 * pthread_create(): in a client the shim's, or that of a sanitizer, which wants to know all threads.
 * Set before the first exmap is opened, because emu/ does not know the shim.
 */
extern int (*emu_create_thread)(pthread_t *thread, const pthread_attr_t *attr,
				void *(*run)(void *arg), void *arg)
	__attribute__((visibility("hidden")));

/** emu_trace_is_writer() - whether a thread is the writer. Any thread. */
bool emu_trace_is_writer(long tid);

/** emu_trace_say_end() - at the end of the process: emu_trace_end(), and say what was dropped. */
void emu_trace_say_end(void);

/** emu_trace_lock() - take the lock of the file; held across a fork. */
void emu_trace_lock(void);
void emu_trace_unlock(void);

#endif /* EXMAP_EMU_TRACE_FILE_H */

/* SPDX-License-Identifier: MIT */
/*
 * trace_format.h - the file that trace=FILE writes and tools/exmap-trace reads
 *
 *	header  chunk  chunk  chunk  ...
 *
 * A chunk holds events of one thread, in their order. The chunks of different threads follow each
 * other as they were written: a reader sorts events by their times. All numbers are little-endian.
 * Times are ticks, of the clock that the header names; the header and each chunk pair a tick with
 * CLOCK_MONOTONIC, so that a reader can convert them.
 *
 * A reader skips kinds of events that it does not know, by their size. Whatever else changes gets
 * another EMU_TRACE_VERSION.
 */
#ifndef EXMAP_EMU_TRACE_FORMAT_H
#define EXMAP_EMU_TRACE_FORMAT_H

#include <stdint.h>

#define EMU_TRACE_MAGIC "EXMAPTRC"
#define EMU_TRACE_VERSION 1

/*
 * The unit of a trace's times: a step of the processor's counter (emu/counter.h), or a nanosecond of
 * CLOCK_MONOTONIC.
 */
enum emu_trace_clock { EMU_TRACE_COUNTER = 1, EMU_TRACE_NANOSECONDS = 2 };

/**
 * struct emu_trace_header - the beginning of the file
 * @magic:   EMU_TRACE_MAGIC, without the final zero
 * @version: EMU_TRACE_VERSION
 * @size:    bytes of this header
 * @clock:   enum emu_trace_clock
 * @pid:     the process
 * @ticks:   when the trace began
 * @mono:    CLOCK_MONOTONIC at @ticks, in nanoseconds
 * @real:    CLOCK_REALTIME at @ticks, in nanoseconds
 * @command: the process's name, as in /proc/self/comm
 */
struct emu_trace_header {
	char magic[8];
	uint32_t version;
	uint32_t size;
	uint32_t clock;
	uint32_t pid;
	uint64_t ticks;
	uint64_t mono;
	uint64_t real;
	char command[16];
};

#define EMU_TRACE_CHUNK_MAGIC 0x4b4e4843 /* CHNK */

/**
 * enum emu_trace_chunk_kind - what a chunk says
 * @EMU_TRACE_EVENTS:  events of a thread
 * @EMU_TRACE_END:     the process ends or executes another program. A file without such a chunk was
 *                     cut off. Chunks may follow: exec may have failed, and other threads go on
 *                     until the process is gone
 * @EMU_TRACE_GAVE_UP: the file could not be written, as on a full disk; the process went on
 */
enum emu_trace_chunk_kind { EMU_TRACE_EVENTS = 1, EMU_TRACE_END = 2, EMU_TRACE_GAVE_UP = 3 };

/**
 * struct emu_trace_chunk - the beginning of a chunk
 * @magic:   EMU_TRACE_CHUNK_MAGIC
 * @kind:    enum emu_trace_chunk_kind
 * @tid:     the thread; 0 for END and GAVE_UP
 * @size:    bytes of events that follow
 * @ticks:   when the chunk was written
 * @mono:    CLOCK_MONOTONIC at @ticks, in nanoseconds
 * @dropped: events of this thread that were lost so far, because its ring was full; for END and
 *           GAVE_UP those of all threads
 */
struct emu_trace_chunk {
	uint32_t magic;
	uint32_t kind;
	uint32_t tid;
	uint32_t size;
	uint64_t ticks;
	uint64_t mono;
	uint64_t dropped;
};

/**
 * enum emu_trace_kind - kinds of events, and the structures that they have
 * @EMU_TRACE_PAD:    no event: the end of the ring; only @kind and @size are set
 * @EMU_TRACE_OPEN:   open() of an exmap; struct emu_trace_event, result: open()'s flags
 * @EMU_TRACE_CLOSE:  the last descriptor of an open file was closed; struct emu_trace_event
 * @EMU_TRACE_CLONE:  CLONE, which gave a file @exmap instead of another; struct emu_trace_clone
 * @EMU_TRACE_SETUP:  struct emu_trace_setup
 * @EMU_TRACE_MMAP:   struct emu_trace_map
 * @EMU_TRACE_MUNMAP: struct emu_trace_map
 * @EMU_TRACE_ACTION: ACTION; struct emu_trace_call, its words: vectors, then results, if there are
 *                    some; RM_SD has no vectors
 * @EMU_TRACE_READ:   read() and its like, READ or ALLOC; struct emu_trace_call, its words: for each
 *                    range the offset in the surface, which may be outside of it, and the length,
 *                    both in bytes
 * @EMU_TRACE_BYTES:  ALLOC or FREE of one range of bytes, by io_uring; as READ
 * @EMU_TRACE_FAULT:  an access to a page that was not allocated; struct emu_trace_fault
 */
enum emu_trace_kind {
	EMU_TRACE_PAD = 0,
	EMU_TRACE_OPEN = 1,
	EMU_TRACE_CLOSE = 2,
	EMU_TRACE_CLONE = 3,
	EMU_TRACE_SETUP = 4,
	EMU_TRACE_MMAP = 5,
	EMU_TRACE_MUNMAP = 6,
	EMU_TRACE_ACTION = 7,
	EMU_TRACE_READ = 8,
	EMU_TRACE_BYTES = 9,
	EMU_TRACE_FAULT = 10,
};

/**
 * enum emu_trace_flags - flags of events
 * @EMU_TRACE_RESULTS: the words of an ACTION end with a result for each vector. Without the flag
 *                     and with a result that is not negative, each vector has got what it asked
 *                     for: all of its pages
 * @EMU_TRACE_REFUSED: the call was refused before it began; the words are not there
 * @EMU_TRACE_DIALECT: OPEN, MMAP: the exmap is of the LeanStore dialect
 */
enum emu_trace_flags { EMU_TRACE_RESULTS = 1, EMU_TRACE_REFUSED = 2, EMU_TRACE_DIALECT = 4 };

/**
 * struct emu_trace_event - the beginning of every event
 * @kind:      enum emu_trace_kind
 * @flags:     enum emu_trace_flags
 * @size:      bytes of the whole event, a multiple of 8
 * @start:     when the call had its interface for itself; other events: when they happened
 * @end:       when the call's work was done
 * @exmap:     number of the exmap in its process, from 1 on
 * @interface: number of the interface, of ACTION, READ and BYTES
 * @opcode:    of ACTION, READ and BYTES
 * @result:    what the system call returned, a negative errno for an error
 */
struct emu_trace_event {
	uint16_t kind;
	uint16_t flags;
	uint32_t size;
	uint64_t start;
	uint64_t end;
	uint32_t exmap;
	uint16_t interface;
	uint16_t opcode;
	int64_t result;
};

/**
 * struct emu_trace_call - ACTION, READ and BYTES
 * @nr:     number of vectors or ranges; of a call that was refused, as the client gave it
 * @steals: how often the interface took frames from other interfaces' lists during the call
 * @target: ACTION of SHADOW: the first target page
 * @pages:  number of pages that the call mapped or unmapped, of the exmap's frames
 * @word:   see enum emu_trace_kind
 */
struct emu_trace_call {
	struct emu_trace_event event;
	uint32_t nr;
	uint32_t steals;
	uint64_t target;
	uint64_t pages;
	uint64_t word[];
};

/** struct emu_trace_clone - CLONE; @was: number of the file's exmap before. */
struct emu_trace_clone {
	struct emu_trace_event event;
	uint64_t was;
};

/**
 * struct emu_trace_setup - SETUP
 * @interfaces: as the client gave it
 * @frames:     as the client gave it
 * @flags:      as the client gave it
 * @backing:    bytes of the backing; -1 for none
 */
struct emu_trace_setup {
	struct emu_trace_event event;
	int64_t interfaces;
	uint64_t frames;
	uint64_t flags;
	int64_t backing;
};

/**
 * struct emu_trace_map - mmap() of an exmap, and the end of what it mapped
 * @offset:     mmap()'s, which says what is mapped
 * @addr:       the address
 * @len:        bytes
 * @prot:       mmap()'s protection
 * @flags:      mmap()'s flags
 * @interfaces: of the exmap, 0 before SETUP: a forked child may map what its parent has set up
 * @frames:     of the exmap, 0 before SETUP
 * @backing:    of the exmap: bytes, or -1 for none
 */
struct emu_trace_map {
	struct emu_trace_event event;
	uint64_t offset;
	uint64_t addr;
	uint64_t len;
	uint32_t prot;
	uint32_t flags;
	uint64_t interfaces;
	uint64_t frames;
	int64_t backing;
};

/**
 * struct emu_trace_fault - an access to a page that was not allocated
 * @offset: in the surface, in bytes
 * @error:  what x86-64's error code says: bit 1 for a store, bit 4 for an instruction
 */
struct emu_trace_fault {
	struct emu_trace_event event;
	uint64_t offset;
	uint64_t error;
};

#endif /* EXMAP_EMU_TRACE_FORMAT_H */

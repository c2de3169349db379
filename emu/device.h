/* SPDX-License-Identifier: MIT */
/*
 * device.h - one exmap, and the open files on it
 *
 * The states of an exmap, and what each call leads to:
 *
 *	state    mmap() of the surface   SETUP    munmap() of the surface
 *	opened   mapped                  set up   -
 *	mapped   EBUSY                   active   opened
 *	set up   active                  EBUSY    -
 *	active   EBUSY                   EBUSY    set up
 *
 * Lock order: emu_vm_lock(), then a device's lock, then one interface's lock, then the pool's.
 *
 * The functions that serve a system call return what the system call would: a result, or a
 * negative errno. The clauses of docs/spec.md in brackets name the errors.
 */
#ifndef EXMAP_EMU_DEVICE_H
#define EXMAP_EMU_DEVICE_H

#include <sys/types.h>

#include "core/call.h"
#include "core/inject_rule.h"

/* Bytes of an interface's bounce buffer: what READ copies in at a time; see mover_copy.c. */
#define EMU_BOUNCE_SIZE (EXMAP_FETCH_PAGES * EXMAP_PAGE_SIZE)

/* Ranges that one read may have, as in the kernel: UIO_MAXIOV. */
#define EMU_MAX_IOV 1024

struct emu_history;
struct emu_surface;

/**
 * struct exmap_device - one exmap
 * @core:       the part that core/ works on; @core.forgotten is written under @lock
 * @refs:       references: one for each file, one for the mapped surface, and one for each
 *              emu_device_get(); atomic
 * @lock:       serialises SETUP and the mapping, protection and unmapping of the surface
 * @serial:     number of the exmap in messages; constant
 * @generation: emu_generation() of the process that opened the exmap or last mapped it; written
 *              under @lock. The statistics read it without a lock.
 *
 * SETUP writes these under @lock, before it publishes the number of interfaces in @core. Then
 * they are constant:
 * @memory:     one allocation for the pool, the interfaces, @bounce and @iovecs
 * @memory_len: bytes of @memory
 * @user:       the pages of the interfaces, which the client maps too
 * @user_fd:    memfd of @user
 * @backing_fd: hidden fd of the backing, or -1 for none
 * @bounce:     EMU_BOUNCE_SIZE bytes for each interface; their content is under its lock
 * @iovecs:     EMU_MAX_IOV ranges for each interface; their content is under its lock
 * @history:    the latest actions, or NULL without option history=
 *
 * @surface:    the mapped surface, or NULL. Written under @lock while calls are stopped. Read
 *              under @lock, or under an interface's lock, or atomically in an RCU read section.
 * @stopped:    no call may begin; written under @lock, read atomically under an interface's lock
 * @last_mover: name of the last surface's strategy, or NULL; written under @lock. The statistics
 *              read it without a lock.
 * @faults:     accesses to pages that were not allocated; atomic
 * @exposed:    times that holes=readable made all free pages readable; atomic
 * @injected:   number of times that each rule of inject= did something; atomic
 * @next:       next in the list of all exmaps; under emu_devices_lock()
 */
struct exmap_device {
	struct exmap core;
	u32 refs;
	pthread_mutex_t lock;
	u64 serial;
	u64 generation;
	void *memory;
	size_t memory_len;
	struct exmap_user_interface *user;
	int user_fd;
	int backing_fd;
	char *bounce;
	struct iovec *iovecs;
	struct emu_history *history;
	struct emu_surface *surface;
	bool stopped;
	const char *last_mover;
	u64 faults;
	u64 exposed;
	u64 injected[EXMAP_INJECT_RULES];
	struct exmap_device *next;
};

/**
 * enum emu_name - the names by which an exmap is opened: EMU_NAME_PLAIN + N + 1 is /dev/exmapN
 *
 * An exmap that was opened by a name with a number follows the LeanStore dialect [8.9].
 */
enum emu_name { EMU_NAME_PLAIN, EMU_NAME_LAST = EMU_NAME_PLAIN + 5 };

/**
 * struct exmap_file - an open file on an exmap; fds made by dup() share it
 * @refs:  references: one for each fd, and one for each call that holds the file; atomic
 * @flags: open()'s flags; constant
 * @name:  by which it was opened; constant
 * @dev:   the exmap. CLONE exchanges it, under emu_devices_lock(). Read atomically, in an RCU
 *         read section or by emu_device_get().
 * @clone: CLONE has exchanged @dev; atomic
 */
struct exmap_file {
	u32 refs;
	int flags;
	enum emu_name name;
	struct exmap_device *dev;
	bool clone;
};

/**
 * emu_open() - open a file on a new exmap
 * @flags: open()'s flags
 * @name:  what was opened
 *
 * Any thread. Return: the file, with one reference, for emu_file_put(); NULL if out of memory.
 */
struct exmap_file *emu_open(int flags, enum emu_name name);

/**
 * emu_file_get() - take a reference to a file
 *
 * Inside an RCU read section. Any thread. Return: false if the last reference is gone already.
 */
bool emu_file_get(struct exmap_file *file);

/**
 * emu_file_put() - drop a reference to a file; the last one closes it
 *
 * Outside RCU read sections, because the last one waits for a grace period. Any thread.
 */
void emu_file_put(struct exmap_file *file);

/**
 * emu_action() - EXMAP_IOCTL_ACTION [4]
 * @params: the client's pointer, which may be bad
 *
 * Inside an RCU read section. Any thread; calls on one interface wait for each other.
 *
 * Return: number of vectors that failed, or a negative errno.
 */
long emu_action(struct exmap_file *file, const struct exmap_action_params *params);

/** emu_syscall_action() - system call 400 [7.4]; otherwise like emu_action(). */
long emu_syscall_action(struct exmap_file *file, unsigned int opcode, unsigned int interface,
			unsigned int iov_len);

/**
 * emu_ioctl() - all ioctls except ACTION
 * @request: the ioctl's number
 * @arg:     the client's argument, which may be a bad pointer
 * @other:   for CLONE: the file that fd @arg stands for, or NULL if the fd is no exmap
 *
 * Caller holds references to the files, and is outside RCU read sections. Any thread.
 *
 * Return: 0 or a negative errno: -EINVAL for an unknown @request, -EDEADLK as reentry.h says, others
 * as clauses 3 and 7 say.
 */
long emu_ioctl(struct exmap_file *file, unsigned long request, unsigned long arg,
	       struct exmap_file *other);

/**
 * emu_read() - read(2) and its like on an exmap [5]
 * @iov:    the client's array of ranges, which may be at a bad address
 * @nr_iov: number of ranges, as the client gave it
 * @offset: file offset, which names the interface and the operation; 0 for read() and readv()
 *
 * Inside an RCU read section. Any thread; calls on one interface wait for each other.
 *
 * Return: bytes, or a negative errno.
 */
ssize_t emu_read(struct exmap_file *file, const struct iovec *iov, long nr_iov, off_t offset);

/** emu_read_one() - emu_read() into one range, @buffer of @len bytes. */
ssize_t emu_read_one(struct exmap_file *file, void *buffer, size_t len, off_t offset);

/**
 * emu_command() - an io_uring command [7.5]
 * @cmd_op:    the command's number, which names interface and operation
 * @fixed:     true if @range holds vectors, in a buffer registered with the ring; false if
 *             @range is itself the range of the surface to map
 * @in_buffer: with @fixed: whether the range is inside that buffer
 * @range:     the emulator's copy of a range, with the client's address, which may be bad
 *
 * Inside an RCU read section. Any thread. Return: bytes newly mapped, or with @fixed the number of
 * vectors that failed, or a negative errno.
 */
long emu_command(struct exmap_file *file, u32 cmd_op, bool fixed, bool in_buffer,
		 const struct iovec *range);

/**
 * emu_undo_read() - FREE the pages of a read whose result the client will not get
 * @offset: the read's file offset; the read has returned at least as many bytes as @range has
 * @range:  the emulator's copy of the range that was read, inside the surface
 *
 * Does nothing if the surface was unmapped meanwhile, as the pages went with it; and nothing in the
 * LeanStore dialect, where the pages may have been mapped before the read.
 * Inside an RCU read section. Any thread.
 */
void emu_undo_read(struct exmap_file *file, off_t offset, const struct iovec *range);

/** emu_report_all() - print the statistics of this process's exmaps, under stats=1. Any thread. */
void emu_report_all(void);

/* The rest is for the files of emu/ only. */

/** emu_devices_lock() - protect the list of all exmaps; also held across fork(). */
void emu_devices_lock(void);
void emu_devices_unlock(void);

/**
 * emu_setup() - EXMAP_IOCTL_SETUP [3]
 * @foreign: the surface was mapped by another process, such as the parent [1.4]
 * @user:    the client's pointer, which may be bad
 *
 * dev->lock held. Return: 0 or a negative errno; after an error nothing has changed.
 */
long emu_setup(struct exmap_device *dev, bool foreign, const struct exmap_ioctl_setup *user);

/** emu_setup_undo() - free what emu_setup() made, if it did; no other thread uses the device. */
void emu_setup_undo(struct exmap_device *dev);

/**
 * emu_device_unmap() - take the surface from its exmap, and give all frames back to the pool
 *
 * After the return no call uses the surface or can find it. The mapping itself is still there.
 * emu_vm_lock() held.
 */
void emu_device_unmap(struct exmap_device *dev);

/**
 * emu_device_stop_calls() - stop ACTION and READ on all interfaces
 *
 * Waits for the calls in progress. A call that begins later waits for dev->lock, which the
 * caller holds from before this function until after emu_device_start_calls().
 */
void emu_device_stop_calls(struct exmap_device *dev);
void emu_device_start_calls(struct exmap_device *dev);

/** emu_device_get() - take a reference to a file's exmap; caller holds a reference to the file. */
struct exmap_device *emu_device_get(struct exmap_file *file);

/** emu_device_put() - drop a reference to an exmap; outside RCU read sections: the last waits. */
void emu_device_put(struct exmap_device *dev);

#endif /* EXMAP_EMU_DEVICE_H */

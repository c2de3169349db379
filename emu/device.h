/* SPDX-License-Identifier: MIT */
/*
 * device.h - one exmap, and the open files on it
 *
 * The state machine: opened; then mapped and set up, in either order; then
 * active, when it is both. munmap() takes it back to set up.
 *
 * Lock order: emu_vm_lock(), a device's lock, one interface's lock, the pool's.
 *
 * Functions return what the system call would: a result, or a negative errno.
 */
#ifndef EXMAP_EMU_DEVICE_H
#define EXMAP_EMU_DEVICE_H

#include <sys/types.h>

#include "core/call.h"

/* Bytes that one READ moves at a time; see mover_copy.c. */
#define EMU_BOUNCE_SIZE (64 * EXMAP_PAGE_SIZE)

/* As many ranges as the kernel takes in one read: UIO_MAXIOV. */
#define EMU_MAX_IOV 1024

struct emu_surface;

/**
 * struct exmap_device - one exmap
 * @core:       what the rules know of it; its @forgotten is written under @lock
 * @refs:       files on it, and one for the mapped surface; atomic
 * @lock:       protects SETUP and changes of @surface
 * @serial:     number, for people; constant
 * @generation: address space that opened or last mapped it; under @lock
 *
 * Set by SETUP before the interfaces of @core, and then constant:
 * @memory:     where the pool, the interfaces, @bounce and @iovecs are
 * @memory_len: its bytes
 * @user:       pages of the interfaces, shared with the client
 * @user_fd:    memfd behind @user
 * @backing_fd: hidden fd, or -1
 * @bounce:     EMU_BOUNCE_SIZE for each interface, under its lock
 * @iovecs:     EMU_MAX_IOV for each interface, under its lock
 *
 * @surface:    the mapped surface or NULL. Read atomically inside an RCU read section; stable
 *              during a call on any interface; written between emu_device_stop_calls() and
 *              emu_device_start_calls().
 * @stopped:    no call may begin; written under @lock, read atomically under an interface's lock
 * @last_mover: strategy of the last surface; under @lock
 * @faults:     accesses to pages not allocated; atomic
 * @next:       in the list of all, under devices_lock in device.c
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
	struct emu_surface *surface;
	bool stopped;
	const char *last_mover;
	u64 faults;
	struct exmap_device *next;
};

/**
 * struct exmap_file - an open file on an exmap; duplicated fds share it
 * @refs:  fds and calls in progress; atomic
 * @flags: open()'s flags; constant
 * @dev:   the exmap; CLONE exchanges it. Read atomically; a reader that holds no
 *         reference to the device stays inside an RCU read section.
 * @clone: whether CLONE did; atomic
 */
struct exmap_file {
	u32 refs;
	int flags;
	struct exmap_device *dev;
	bool clone;
};

/** emu_open() - a new exmap. Return: NULL when out of memory. */
struct exmap_file *emu_open(int flags);

/** emu_file_get() - one more reference; inside an RCU read section. Return: false if dying. */
bool emu_file_get(struct exmap_file *file);

/** emu_file_put() - one reference less; outside read sections: the last one waits. */
void emu_file_put(struct exmap_file *file);

/**
 * emu_action() - EXMAP_IOCTL_ACTION [4]
 * @params: the client's pointer, good or bad
 *
 * Inside an RCU read section. Any thread.
 */
long emu_action(struct exmap_file *file, const struct exmap_action_params *params);

/** emu_syscall_action() - system call 400 [7.4]; as emu_action(). */
long emu_syscall_action(struct exmap_file *file, unsigned int opcode, unsigned int interface,
			unsigned int iov_len);

/**
 * emu_ioctl() - the other ioctls
 * @other: CLONE: the file that @arg names, NULL if that is no exmap
 *
 * Caller holds references to the files, and is outside read sections.
 */
long emu_ioctl(struct exmap_file *file, unsigned long request, unsigned long arg,
	       struct exmap_file *other);

/**
 * emu_read() - read(2) and its like on an exmap [5]
 * @iov:    the client's array, good or bad
 * @nr_iov: its length, as the client gave it
 * @offset: file offset, 0 for read() and readv()
 *
 * Inside an RCU read section. Any thread.
 */
ssize_t emu_read(struct exmap_file *file, const struct iovec *iov, long nr_iov, off_t offset);

/** emu_read_one() - the same for one buffer. */
ssize_t emu_read_one(struct exmap_file *file, void *buffer, size_t len, off_t offset);

/**
 * emu_command() - an io_uring command [7.5]
 * @cmd_op:    of the command
 * @fixed:     @range holds vectors, in a registered buffer
 * @in_buffer: with @fixed: the range is inside that buffer
 * @range:     in our memory, with the client's address, good or bad
 *
 * Inside an RCU read section. Any thread. Return: bytes newly mapped, or with @fixed the number of
 * vectors that failed, or a negative errno.
 */
long emu_command(struct exmap_file *file, u32 cmd_op, bool fixed, bool in_buffer,
		 const struct iovec *range);

/**
 * emu_undo_read() - FREE pages that a read has mapped, and of which the client never hears
 * @offset: of the read, which has returned at least @range's bytes
 * @range:  in our memory, with the client's address, inside the surface
 *
 * Inside an RCU read section. Any thread. If the surface has gone meanwhile, so have the pages.
 */
void emu_undo_read(struct exmap_file *file, off_t offset, const struct iovec *range);

/** emu_report_all() - statistics of every exmap of this process, if they are asked for. */
void emu_report_all(void);

/* Between the files of the emulator. */

/** emu_devices_lock() - hold the list of all exmaps still, across a fork. */
void emu_devices_lock(void);
void emu_devices_unlock(void);

/**
 * emu_setup() - EXMAP_IOCTL_SETUP [3]; the device locked
 * @foreign: the surface belongs to another process [1.4]
 * @user:    the client's pointer, good or bad
 */
long emu_setup(struct exmap_device *dev, bool foreign, const struct exmap_ioctl_setup *user);

/** emu_setup_undo() - give back what emu_setup() made; no thread uses the device any more. */
void emu_setup_undo(struct exmap_device *dev);

/** emu_device_unmap() - the surface is to go: no call runs on it after; emu_vm_lock() held. */
void emu_device_unmap(struct exmap_device *dev);

/**
 * emu_device_stop_calls() - keep all interfaces' calls out; the device locked
 *
 * Waits for those in progress. New ones wait for the device's lock, which the
 * caller keeps until after emu_device_start_calls().
 */
void emu_device_stop_calls(struct exmap_device *dev);
void emu_device_start_calls(struct exmap_device *dev);

/** emu_device_get() - the exmap of a file, with a reference; caller holds one to the file. */
struct exmap_device *emu_device_get(struct exmap_file *file);

/** emu_device_put() - one reference less; outside read sections. */
void emu_device_put(struct exmap_device *dev);

#endif /* EXMAP_EMU_DEVICE_H */

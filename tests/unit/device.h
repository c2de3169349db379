/* SPDX-License-Identifier: MIT */
/*
 * device.h - an exmap of the emulator, called as the shim calls it
 *
 * The signal handlers that the shim would have installed are here, too.
 */
#ifndef EXMAP_TESTS_DEVICE_H
#define EXMAP_TESTS_DEVICE_H

#include <sys/mman.h>

#include "emu/device.h"

#define UNIT_INTERFACES 4

/**
 * struct device - an exmap, set up and mapped
 * @file:   the open file
 * @base:   its surface
 * @pages:  pages of the surface
 * @frames: frames of the pool
 * @user:   interface pages, as the client maps them
 */
struct device {
	struct exmap_file *file;
	char *base;
	size_t pages;
	size_t frames;
	struct exmap_user_interface *user[UNIT_INTERFACES];
};

/**
 * unit_handle_faults() - install the signal handlers, until the test ends
 *
 * cmocka has its own for each test; unit_device_new() does this, too.
 */
void unit_handle_faults(void);

/** unit_device_new() - open, set up with @backing or -1, map surface and interfaces. */
struct device *unit_device_new(size_t pages, size_t frames, int backing);

/** unit_device_map() - map the surface, at any address. */
void unit_device_map(struct device *d);

/** unit_device_free() - check that every frame can be had, and away with it. */
void unit_device_free(struct device *d);

/** unit_setup() - EXMAP_IOCTL_SETUP. */
long unit_setup(struct exmap_file *file, int fd, int interfaces, size_t frames, uint64_t flags);

/** unit_stats() - EXMAP_IOCTL_STATS, which must succeed. */
struct exmap_ioctl_stats unit_stats(struct exmap_file *file);

/** unit_action() - EXMAP_IOCTL_ACTION inside a read section, as the shim does it. */
long unit_action(struct exmap_file *file, const struct exmap_action_params *params);

/** unit_do() - the same of @n vectors that are in place. */
long unit_do(struct device *d, u32 id, unsigned int opcode, u32 n);

/** unit_one() - one vector. Return: its pages, or its negative result. */
long unit_one(struct device *d, u32 id, unsigned int opcode, u64 page, u64 len);

/** unit_read() - a read inside a read section. */
ssize_t unit_read(struct exmap_file *file, const struct iovec *iov, long n, off_t offset);

/** unit_read_pages() - a read of some pages of the surface. */
ssize_t unit_read_pages(struct device *d, u32 id, unsigned int opcode, u64 page, u64 len);

/**
 * unit_touch() - load a byte, and store it back if @write
 *
 * Return: 0, or the si_code of the SIGSEGV that the client would have got.
 */
int unit_touch(volatile char *addr, bool write);

#endif /* EXMAP_TESTS_DEVICE_H */

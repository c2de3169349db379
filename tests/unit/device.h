/* SPDX-License-Identifier: MIT */
/*
 * device.h - an exmap of the emulator, which tests call as the shim does
 *
 * It also has the handlers of SIGSEGV and SIGBUS, which the shim would install.
 */
#ifndef EXMAP_TESTS_DEVICE_H
#define EXMAP_TESTS_DEVICE_H

#include <sys/mman.h>

#include "emu/device.h"

#define UNIT_INTERFACES 4

/**
 * struct device - an exmap that is set up and mapped
 * @file:   the open file
 * @base:   address of the surface
 * @pages:  number of pages of the surface
 * @frames: number of frames
 * @user:   the interface pages, as a client maps them
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
 * cmocka installs its own at the beginning of each test. unit_device_new() calls this function.
 */
void unit_handle_faults(void);

/** unit_device_new() - open an exmap, set it up with fd @backing or -1, map all of it. */
struct device *unit_device_new(size_t pages, size_t frames, int backing);

/** unit_device_map() - map the surface, at an address that the kernel chooses. */
void unit_device_map(struct device *d);

/** unit_device_free() - check that no frame was lost, unmap and close the exmap. */
void unit_device_free(struct device *d);

/** unit_setup() - EXMAP_IOCTL_SETUP. */
long unit_setup(struct exmap_file *file, int fd, int interfaces, size_t frames, uint64_t flags);

/** unit_stats() - EXMAP_IOCTL_STATS; fails the test if that fails. */
struct exmap_ioctl_stats unit_stats(struct exmap_file *file);

/** unit_action() - EXMAP_IOCTL_ACTION, in an RCU read section as the shim calls it. */
long unit_action(struct exmap_file *file, const struct exmap_action_params *params);

/** unit_do() - unit_action() of the first @n vectors, which the caller has written. */
long unit_do(struct device *d, u32 id, unsigned int opcode, u32 n);

/** unit_one() - an action of one vector. Return: its pages, or its negative res. */
long unit_one(struct device *d, u32 id, unsigned int opcode, u64 page, u64 len);

/** unit_read() - emu_read(), in an RCU read section as the shim calls it. */
ssize_t unit_read(struct exmap_file *file, const struct iovec *iov, long n, off_t offset);

/** unit_read_pages() - unit_read() of one range: @len pages of the surface, from @page on. */
ssize_t unit_read_pages(struct device *d, u32 id, unsigned int opcode, u64 page, u64 len);

/**
 * unit_touch() - load a byte, and store it back if @write
 *
 * Return: 0 if the access succeeds, else the si_code of the SIGSEGV that a client would get.
 */
int unit_touch(volatile char *addr, bool write);

#endif /* EXMAP_TESTS_DEVICE_H */

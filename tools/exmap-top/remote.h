/* SPDX-License-Identifier: MIT */
/* remote.h - read the emulator's structures in another process's memory; see emu/published.h */
#ifndef EXMAP_TOP_REMOTE_H
#define EXMAP_TOP_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "emu/published.h"

/** struct remote - a process whose memory is read, and how its structures are laid out */
struct remote {
	int pid;
	struct emu_published layout;
};

/**
 * struct remote_surface - a mapped surface
 * @base:     address of its first page
 * @nr_pages: number of pages
 * @table:    address of the page table
 * @touched:  address of the bitmap of touched blocks
 */
struct remote_surface {
	uint64_t base;
	uint64_t nr_pages;
	uint64_t table;
	uint64_t touched;
};

/** remote_read() - read @len bytes at @address. Return: 0 or a negative errno. */
int remote_read(const struct remote *r, uint64_t address, void *to, size_t len);

/** remote_readv() - read @n ranges into @to, one behind the other. Return: as remote_read(). */
int remote_readv(const struct remote *r, struct iovec *ranges, size_t n, void *to);

/**
 * remote_fields() - read consecutive fields of a structure
 * @address: of the structure
 * @first:   the first field; others of the same structure follow
 * @n:       number of fields
 * @values:  set to the fields, as unsigned numbers
 *
 * Return: as remote_read().
 */
int remote_fields(const struct remote *r, uint64_t address, enum emu_field_name first, size_t n,
		  uint64_t *values);

#endif /* EXMAP_TOP_REMOTE_H */

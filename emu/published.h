/* SPDX-License-Identifier: MIT */
/*
 * published.h - what a process tells exmap-top: where its exmaps are, and how they are laid out
 *
 * A process that opens an exmap writes one struct emu_published into a memfd, once. exmap-top finds
 * the memfd among /proc/PID/fd by its name, and opens it there. It then follows the pointers through
 * the process's memory with process_vm_readv().
 *
 * Why so:
 * - Nothing is copied into a page that others see, so a call on an exmap costs nothing more. The
 *   figures are those that the emulator keeps for itself.
 * - The kernel lets in who may ptrace the process, both at the memfd and at its memory.
 * - A memfd ends with its process, however that ends. A file under /run would be left behind, and is
 *   not there in containers.
 * - What is written never changes. A forked child has the memfd and its parent's addresses, so what
 *   the memfd says is true of the child, too. The exmaps that the child only has copies of are told
 *   by their generation.
 * - The emulator and exmap-top may be of different builds. The table of offsets tells how the
 *   structures are laid out; the version changes with what the fields mean.
 *
 * Reading takes no lock, so a pointer may lead to memory that was unmapped meanwhile, or that is
 * something else now. A reader expects that, and checks the numbers that it gets.
 */
#ifndef EXMAP_EMU_PUBLISHED_H
#define EXMAP_EMU_PUBLISHED_H

#include <stdint.h>

/* The name as memfd_create() gets it, and as /proc/PID/fd shows it. */
#define EMU_PUBLISHED_NAME "exmap state"
#define EMU_PUBLISHED_LINK "/memfd:" EMU_PUBLISHED_NAME " (deleted)"

#define EMU_PUBLISHED_MAGIC 0x706f742d70616d78ULL
#define EMU_PUBLISHED_VERSION 1

/* The fields: a name, the structure, the member. */
#define EMU_PUBLISHED_FIELDS(field)                                                                \
	field(DEVICE_NEXT, struct exmap_device, next) field(                                       \
		DEVICE_SERIAL, struct exmap_device,                                                \
		serial) field(DEVICE_GENERATION, struct exmap_device,                              \
			      generation) field(DEVICE_NR_INTERFACES, struct exmap_device,         \
						core.nr_interfaces) field(DEVICE_FRAMES,           \
									  struct exmap_device,     \
									  core.buffer_size)        \
		field(DEVICE_INTERFACES, struct exmap_device, core.interfaces) field(              \
			DEVICE_LISTS, struct exmap_device,                                         \
			core.pool.lists) field(DEVICE_FORGOTTEN, struct exmap_device,              \
					       core.forgotten) field(DEVICE_SURFACE,               \
								     struct exmap_device, surface) \
			field(DEVICE_STRATEGY, struct exmap_device, last_mover) field(             \
				DEVICE_FAULTS, struct exmap_device,                                \
				faults) field(INTERFACE_ACTIONS, struct exmap_interface,           \
					      counts.actions) field(INTERFACE_ALLOCATED,           \
								    struct exmap_interface,        \
								    counts.allocated)              \
				field(INTERFACE_FREED, struct exmap_interface, counts.freed)       \
					field(INTERFACE_BYTES_READ, struct exmap_interface,        \
					      counts.bytes_read) field(INTERFACE_LARGEST,          \
								       struct exmap_interface,     \
								       counts.largest)             \
						field(LIST_FREE, struct exmap_list, free) field(   \
							LIST_STEALS, struct exmap_list,            \
							steals) field(SURFACE_GENERATION,          \
								      struct emu_surface,          \
								      generation)                  \
							field(SURFACE_BASE, struct emu_surface,    \
							      core.base) field(SURFACE_NR_PAGES,   \
									       struct emu_surface, \
									       core.nr_pages)      \
								field(SURFACE_TABLE,               \
								      struct emu_surface,          \
								      core.table)                  \
									field(SURFACE_TOUCHED,     \
									      struct emu_surface,  \
									      core.touched)

#define EMU_PUBLISHED_ENUM(name, type, member) EMU_FIELD_##name,
enum emu_field_name { EMU_PUBLISHED_FIELDS(EMU_PUBLISHED_ENUM) EMU_NR_FIELDS };
#undef EMU_PUBLISHED_ENUM

/** struct emu_field - where a field is in its structure, and how many bytes it has */
struct emu_field {
	uint32_t offset;
	uint32_t size;
};

/**
 * struct emu_published - the content of the memfd
 * @magic:      EMU_PUBLISHED_MAGIC
 * @version:    EMU_PUBLISHED_VERSION
 * @list_size:  bytes of a struct exmap_list, of which a pool has an array
 * @devices:    address of the pointer to the newest struct exmap_device
 * @generation: address of the process's generation, see generation.h
 * @fields:     by enum emu_field_name
 */
struct emu_published {
	uint64_t magic;
	uint32_t version;
	uint32_t list_size;
	uint64_t devices;
	uint64_t generation;
	struct emu_field fields[EMU_NR_FIELDS];
};

#endif /* EXMAP_EMU_PUBLISHED_H */

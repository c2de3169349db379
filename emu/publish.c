// SPDX-License-Identifier: MIT
/* publish.c - see publish.h */

#define _GNU_SOURCE
#include "emu/publish.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "core/interface.h"
#include "emu/device.h"
#include "emu/generation.h"
#include "emu/hidden_fd.h"
#include "emu/published.h"
#include "emu/surface.h"
#include "emu/sys.h"

#define FIELD(name, type, member) \
	[EMU_FIELD_##name] = { offsetof(type, member), sizeof(((type *)NULL)->member) },

void emu_publish(struct exmap_device *const *devices)
{
	/* Under emu_devices_lock(). fork() copies it with the fd. */
	static bool done;
	struct emu_published p = {
		.magic = EMU_PUBLISHED_MAGIC,
		.version = EMU_PUBLISHED_VERSION,
		.list_size = sizeof(struct exmap_list),
		.devices = (uintptr_t)devices,
		.generation = (uintptr_t)emu_generation_page(),
		.fields = { EMU_PUBLISHED_FIELDS(FIELD) },
	};
	int fd;

	if (done)
		return;
	done = true;
	fd = emu_hide_fd(
		emu_sys(SYS_memfd_create, EMU_PUBLISHED_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING));
	if (fd < 0)
		return;
	emu_sys(SYS_write, fd, &p, sizeof(p));
	emu_sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
}

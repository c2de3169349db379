// SPDX-License-Identifier: MIT
/* exmap-emu.c - the emulator's functions, with libc's way to return errors; see exmap-emu.h */

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "emu/device.h"
#include "emu/fault.h"
#include "emu/fork.h"
#include "emu/rcu.h"
#include "emu/registry.h"
#include "emu/sys.h"
#include "emu/trace_file.h"
#include "emu/memory.h"
#include "include/exmap-emu.h"

#define EXPORT __attribute__((visibility("default")))

static void __attribute__((destructor)) at_exit(void)
{
	emu_trace_say_end();
}

static long answer(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static void *answer_address(void *addr)
{
	if (!emu_is_error(addr))
		return addr;
	errno = -(intptr_t)addr;
	return MAP_FAILED;
}

static struct exmap_file *file_of(struct exmap_emu *emu)
{
	return (struct exmap_file *)emu;
}

static void at_first(void)
{
	emu_create_thread = pthread_create;
	pthread_atfork(emu_fork_prepare, emu_fork_parent, emu_fork_child);
}

EXPORT struct exmap_emu *exmap_emu_open(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct exmap_file *file;

	pthread_once(&once, at_first);
	file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	if (!file)
		errno = ENOMEM;
	return (struct exmap_emu *)file;
}

EXPORT void exmap_emu_close(struct exmap_emu *emu)
{
	emu_file_put(file_of(emu));
}

EXPORT int exmap_emu_setup(struct exmap_emu *emu, int backing, int max_interfaces,
			   size_t buffer_size)
{
	struct exmap_ioctl_setup setup = {
		.fd = backing,
		.max_interfaces = max_interfaces,
		.buffer_size = buffer_size,
	};

	return answer(emu_ioctl(file_of(emu), EXMAP_IOCTL_SETUP, (unsigned long)&setup, NULL));
}

EXPORT void *exmap_emu_map(struct exmap_emu *emu, void *addr, size_t len, int prot)
{
	return answer_address(emu_mmap(file_of(emu), addr, len, prot, MAP_SHARED, EXMAP_OFF_EXMAP));
}

/* Return: 0 if the range meets a client's mapping of an exmap, -EINVAL if it does not. */
static long on_surface(void *addr, size_t len)
{
	struct emu_region region;
	uintptr_t start = (uintptr_t)addr;

	if (!emu_vm_overlaps(addr, len) || !emu_region_find(start, start + len, &region))
		return -EINVAL;
	return 0;
}

EXPORT int exmap_emu_unmap(void *addr, size_t len)
{
	long ret = on_surface(addr, len);

	return answer(ret ? ret : emu_munmap(addr, len));
}

EXPORT int exmap_emu_protect(void *addr, size_t len, int prot)
{
	long ret = on_surface(addr, len);

	return answer(ret ? ret : emu_mprotect(addr, len, prot));
}

EXPORT struct exmap_user_interface *exmap_emu_interface(struct exmap_emu *emu, int interface)
{
	struct exmap_device *dev = exmap_load_acquire(&file_of(emu)->dev);

	if (interface < 0 || (u32)interface >= exmap_nr_interfaces(&dev->core)) {
		errno = ENXIO;
		return NULL;
	}
	return &dev->user[interface];
}

EXPORT int exmap_emu_action(struct exmap_emu *emu, int interface, int opcode, int iov_len)
{
	long ret;

	emu_rcu_read_lock();
	ret = emu_syscall_action(file_of(emu), opcode, interface, iov_len);
	emu_rcu_read_unlock();
	return answer(ret);
}

EXPORT ssize_t exmap_emu_readv(struct exmap_emu *emu, int interface, const struct iovec *iov,
			       int nr_iov)
{
	ssize_t ret;

	if (interface < 0 || interface > 255)
		return answer(-EINVAL);
	emu_rcu_read_lock();
	ret = emu_read(file_of(emu), iov, nr_iov, interface | EXMAP_OP_READ << 8);
	emu_rcu_read_unlock();
	return answer(ret);
}

EXPORT int exmap_emu_stats(struct exmap_emu *emu, struct exmap_ioctl_stats *stats)
{
	return answer(emu_ioctl(file_of(emu), EXMAP_IOCTL_STATS, (unsigned long)stats, NULL));
}

EXPORT int exmap_emu_fault(siginfo_t *info, void *context)
{
	switch (emu_fault_examine(info, context)) {
	case EMU_FAULT_SEGV:
		return 1;
	case EMU_FAULT_RETRY:
		return -1;
	default:
		return 0;
	}
}

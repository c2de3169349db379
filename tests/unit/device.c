// SPDX-License-Identifier: MIT
/* device.c - see device.h */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "device.h"
#include "emu/fault.h"
#include "emu/rcu.h"
#include "emu/memory.h"

/* Where the fault handler jumps to during unit_touch(), and the si_code that it has seen. */
static __thread sigjmp_buf touching;
static __thread volatile sig_atomic_t armed;
static __thread volatile char *touched;
static __thread volatile sig_atomic_t code;

static void on_fault(int sig, siginfo_t *info, void *ucontext)
{
	switch (emu_fault_examine(info, ucontext)) {
	case EMU_FAULT_RETRY:
		return;
	case EMU_FAULT_SEGV:
		if (armed && info->si_signo == SIGSEGV && info->si_addr == touched) {
			code = info->si_code;
			siglongjmp(touching, 1);
		}
		break;
	case EMU_FAULT_FOREIGN:
		if (armed && sig == SIGSEGV && info->si_addr == touched) {
			code = -1;
			siglongjmp(touching, 1);
		}
		break;
	}
	signal(sig, SIG_DFL);
}

void unit_handle_faults(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
	assert_int_equal(sigaction(SIGBUS, &action, NULL), 0);
}

int unit_touch(volatile char *addr, bool write)
{
	char byte;

	code = 0;
	touched = addr;
	armed = 1;
	if (!sigsetjmp(touching, 1)) {
		byte = *addr;
		if (write)
			*addr = byte;
	}
	armed = 0;
	return code;
}

long unit_setup(struct exmap_file *file, int fd, int interfaces, size_t frames, uint64_t flags)
{
	struct exmap_ioctl_setup setup = {
		.fd = fd,
		.max_interfaces = interfaces,
		.buffer_size = frames,
		.flags = flags,
	};

	return emu_ioctl(file, EXMAP_IOCTL_SETUP, (unsigned long)&setup, NULL);
}

struct exmap_ioctl_stats unit_stats(struct exmap_file *file)
{
	struct exmap_ioctl_stats stats;

	assert_int_equal(emu_ioctl(file, EXMAP_IOCTL_STATS, (unsigned long)&stats, NULL), 0);
	return stats;
}

void unit_device_map(struct device *d)
{
	d->base = emu_mmap(d->file, NULL, d->pages << EXMAP_PAGE_SHIFT, PROT_READ | PROT_WRITE,
			   MAP_SHARED, EXMAP_OFF_EXMAP);
	assert_true((intptr_t)d->base > 0);
}

struct device *unit_device_new(size_t pages, size_t frames, int backing)
{
	struct device *d = unit_alloc(sizeof(*d));

	d->pages = pages;
	d->frames = frames;
	unit_handle_faults();
	d->file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	assert_non_null(d->file);
	assert_int_equal(unit_setup(d->file, backing, UNIT_INTERFACES, frames, 0), 0);
	unit_device_map(d);
	for (u32 i = 0; i < UNIT_INTERFACES; i++) {
		d->user[i] = emu_mmap(d->file, NULL, EXMAP_PAGE_SIZE, PROT_READ | PROT_WRITE,
				      MAP_SHARED, EXMAP_OFF_INTERFACE(i));
		assert_true((intptr_t)d->user[i] > 0);
	}
	return d;
}

void unit_device_free(struct device *d)
{
	u64 mapped = unit_stats(d->file).alloc_count;
	u64 freed = 0;

	for (u64 page = 0; page < d->pages; page += 4095)
		freed += unit_one(d, 0, EXMAP_OP_FREE, page, EXMAP_MIN(d->pages - page, 4095ul));
	assert_int_equal(freed, mapped);
	assert_int_equal(exmap_pool_count(&d->file->dev->core.pool), d->frames);
	assert_int_equal(emu_munmap(d->base, d->pages << EXMAP_PAGE_SHIFT), 0);
	for (u32 i = 0; i < UNIT_INTERFACES; i++)
		emu_munmap(d->user[i], EXMAP_PAGE_SIZE);
	emu_file_put(d->file);
	free(d);
}

long unit_action(struct exmap_file *file, const struct exmap_action_params *params)
{
	long ret;

	emu_rcu_read_lock();
	ret = emu_action(file, params);
	emu_rcu_read_unlock();
	return ret;
}

long unit_do(struct device *d, u32 id, unsigned int opcode, u32 n)
{
	struct exmap_action_params params = { .interface = id, .iov_len = n, .opcode = opcode };

	return unit_action(d->file, &params);
}

long unit_one(struct device *d, u32 id, unsigned int opcode, u64 page, u64 len)
{
	u64 *value = &d->user[id]->iov[0].value;
	struct exmap_iov iov = { .page = page, .len = len };
	long ret;

	exmap_store(value, iov.value);
	ret = unit_do(d, id, opcode, 1);
	if (ret < 0)
		return ret;
	iov.value = exmap_load(value);
	return iov.res ? iov.res : iov.pages;
}

ssize_t unit_read(struct exmap_file *file, const struct iovec *iov, long n, off_t offset)
{
	ssize_t ret;

	emu_rcu_read_lock();
	ret = emu_read(file, iov, n, offset);
	emu_rcu_read_unlock();
	return ret;
}

ssize_t unit_read_pages(struct device *d, u32 id, unsigned int opcode, u64 page, u64 len)
{
	struct iovec iov = {
		.iov_base = d->base + (page << EXMAP_PAGE_SHIFT),
		.iov_len = len << EXMAP_PAGE_SHIFT,
	};

	return unit_read(d->file, &iov, 1, id | opcode << 8);
}

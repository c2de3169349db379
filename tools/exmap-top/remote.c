// SPDX-License-Identifier: MIT
/* remote.c - see remote.h */

#define _GNU_SOURCE
#include "tools/exmap-top/remote.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int remote_readv(const struct remote *r, struct iovec *ranges, size_t n, void *to)
{
	char *at = to;

	while (n) {
		size_t some = n < IOV_MAX ? n : IOV_MAX;
		struct iovec local = { .iov_base = at };
		ssize_t got;

		for (size_t i = 0; i < some; i++)
			local.iov_len += ranges[i].iov_len;
		got = process_vm_readv(r->pid, &local, 1, ranges, some, 0);
		if (got < 0)
			return -errno;
		if ((size_t)got < local.iov_len)
			return -EFAULT;
		at += got;
		ranges += some;
		n -= some;
	}
	return 0;
}

int remote_read(const struct remote *r, uint64_t address, void *to, size_t len)
{
	struct iovec range = { (void *)(uintptr_t)address, len };

	return remote_readv(r, &range, 1, to);
}

int remote_fields(const struct remote *r, uint64_t address, enum emu_field_name first, size_t n,
		  uint64_t *values)
{
	char bytes[EMU_NR_FIELDS * sizeof(uint64_t)];
	struct iovec ranges[EMU_NR_FIELDS];
	const char *at = bytes;
	int ret;

	for (size_t i = 0; i < n; i++) {
		const struct emu_field *f = &r->layout.fields[first + i];

		ranges[i].iov_base = (void *)(uintptr_t)(address + f->offset);
		ranges[i].iov_len = f->size;
	}
	ret = remote_readv(r, ranges, n, bytes);
	for (size_t i = 0; !ret && i < n; i++) {
		values[i] = 0;
		memcpy(&values[i], at, r->layout.fields[first + i].size);
		at += r->layout.fields[first + i].size;
	}
	return ret;
}

/* SPDX-License-Identifier: MIT OR GPL-2.0 WITH Linux-syscall-note */
/*
 * exmap_client.h - what most clients write around <exmap.h>, by plain calls that every backend serves
 *
 * Opens an exmap with its surface and its interfaces; allocates, frees and reads lists of ranges of pages, and
 * looks through the results. Nothing is hidden: other calls on the descriptor and on interfaces go as before.
 *
 * Thread-safety: that of exmaps. The functions that take the number of an interface overwrite its vectors, so
 * one thread at a time uses an interface.
 *
 * Compiles as C11 and as C++17.
 */
#ifndef EXMAP_CLIENT_H
#define EXMAP_CLIENT_H

#include <errno.h>
#include <exmap.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXMAP_CLIENT_PAGE 4096UL
#define EXMAP_CLIENT_INTERFACES 256
/* Ranges that one read takes [5.2]. */
#define EXMAP_CLIENT_READS 1024

/**
 * struct exmap_client - an exmap that is set up, and mapped
 * @fd:            of /dev/exmap
 * @nr_interfaces: number of interfaces
 * @interfaces:    the page of each
 * @nr_pages:      pages of the surface
 * @surface:       address of its page 0
 */
struct exmap_client {
	int fd;
	int nr_interfaces;
	struct exmap_user_interface *interfaces[EXMAP_CLIENT_INTERFACES];
	size_t nr_pages;
	char *surface;
};

/* Unmap and close an exmap, which frees all its pages. No thread may be using it. */
static inline void exmap_client_close(struct exmap_client *client)
{
	while (client->nr_interfaces)
		munmap(client->interfaces[--client->nr_interfaces], EXMAP_CLIENT_PAGE);
	munmap(client->surface, client->nr_pages * EXMAP_CLIENT_PAGE);
	close(client->fd);
}

/**
 * exmap_client_open() - open an exmap, set it up, and map its surface and its interfaces
 * @setup:    backing, number of interfaces and of frames [3]
 * @nr_pages: pages of the surface
 *
 * Return: 0; or a negative errno, -ENOENT where there is no /dev/exmap.
 */
static inline int exmap_client_open(struct exmap_client *client,
				    const struct exmap_ioctl_setup *setup, size_t nr_pages)
{
	const int prot = PROT_READ | PROT_WRITE;
	void *page;
	int error;

	memset(client, 0, sizeof(*client));
	client->fd = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	if (client->fd < 0)
		return -errno;
	page = mmap(NULL, nr_pages * EXMAP_CLIENT_PAGE, prot, MAP_SHARED, client->fd,
		    EXMAP_OFF_EXMAP);
	if (page == MAP_FAILED)
		goto fail;
	client->surface = (char *)page;
	client->nr_pages = nr_pages;
	if (ioctl(client->fd, EXMAP_IOCTL_SETUP, setup))
		goto fail;
	for (int i = 0; i < setup->max_interfaces; i++) {
		page = mmap(NULL, EXMAP_CLIENT_PAGE, prot, MAP_SHARED, client->fd,
			    EXMAP_OFF_INTERFACE(i));
		if (page == MAP_FAILED)
			goto fail;
		client->interfaces[client->nr_interfaces++] = (struct exmap_user_interface *)page;
	}
	return 0;
fail:
	error = -errno;
	exmap_client_close(client);
	return error;
}

/* Return: the address of a page, which may be touched while it is allocated. */
static inline char *exmap_client_page(const struct exmap_client *client, uint64_t page)
{
	return client->surface + page * EXMAP_CLIENT_PAGE;
}

/* Return: @len pages, at most 4095, from @page on. */
static inline struct exmap_iov exmap_client_range(uint64_t page, unsigned int len)
{
	struct exmap_iov range;

	range.page = page;
	range.len = len;
	return range;
}

/**
 * exmap_client_act() - ALLOC or FREE ranges of pages, 512 a call
 * @interface: number of the interface
 * @opcode:    EXMAP_OP_ALLOC or EXMAP_OP_FREE
 * @ranges:    which pages; they stay as they are
 * @n:         number of ranges
 *
 * Return: number of pages that were newly allocated or freed; or a negative errno, that of the first range that
 * failed: -ENOMEM where frames ran out [4.6], -EFAULT for a range that is not in the surface [4.5].
 */
static inline long exmap_client_act(struct exmap_client *client, int interface, int opcode,
				    const struct exmap_iov *ranges, size_t n)
{
	struct exmap_iov *iov = client->interfaces[interface]->iov;
	struct exmap_action_params params;
	long pages = 0;

	memset(&params, 0, sizeof(params));
	params.interface = interface;
	params.opcode = opcode;
	for (; n; n -= params.iov_len, ranges += params.iov_len) {
		params.iov_len = n < EXMAP_USER_INTERFACE_PAGES ? n : EXMAP_USER_INTERFACE_PAGES;
		memcpy(iov, ranges, params.iov_len * sizeof(*iov));
		if (ioctl(client->fd, EXMAP_IOCTL_ACTION, &params) < 0)
			return -errno;
		for (int i = 0; i < params.iov_len; i++) {
			if (iov[i].res < 0)
				return iov[i].res;
			pages += iov[i].pages;
		}
	}
	return pages;
}

/**
 * exmap_client_read() - allocate ranges of pages with what the backing holds, 1024 a call
 * @interface: number of the interface
 * @ranges:    which pages; page n is filled with page n of the backing
 * @n:         number of ranges
 *
 * Return: bytes that were read: fewer than asked for if the backing ends there, or if the next page was
 * allocated already, or could not be read [5.3-5.5]; or a negative errno if nothing was.
 */
static inline ssize_t exmap_client_read(struct exmap_client *client, int interface,
					const struct exmap_iov *ranges, size_t n)
{
	struct iovec iov[EXMAP_CLIENT_READS];
	ssize_t bytes, wanted, all = 0;
	size_t i;

	do {
		wanted = 0;
		for (i = 0; i < n && i < EXMAP_CLIENT_READS; i++) {
			iov[i].iov_base = exmap_client_page(client, ranges[i].page);
			iov[i].iov_len = ranges[i].len * EXMAP_CLIENT_PAGE;
			wanted += iov[i].iov_len;
		}
		bytes = preadv(client->fd, iov, i, interface | EXMAP_OP_READ << 8);
		if (bytes < 0)
			return all ? all : -errno;
		all += bytes;
		ranges += i;
		n -= i;
	} while (n && bytes == wanted);
	return all;
}

#endif /* EXMAP_CLIENT_H */

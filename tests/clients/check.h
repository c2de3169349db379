/* SPDX-License-Identifier: MIT */
/*
 * check.h - counts checks, and sets up an exmap for a client
 *
 * A check that passes counts once, however often it is made: once for each place in the source.
 *
 * These programs stand for other people's code. They include the public header and nothing else
 * of the project, so they know no more of the emulator than any client.
 *
 * Thread-safety: CHECK() and SKIP() may be called from any thread of the
 * process. A forked child has its own counters and reports by its exit status.
 */
#ifndef CLIENTS_CHECK_H
#define CLIENTS_CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <exmap.h>

#define PAGE ((size_t)4096)

#define UNUSED __attribute__((unused))

static unsigned int check_passed, check_failed, check_skipped;

/*
 * Prints errno, too, which mostly says why a call failed.
 * @seen: whether this check has passed before
 */
static UNUSED int check_that(int ok, char *seen, const char *what, const char *file, int line)
{
	int err = errno;

	if (ok) {
		if (!__atomic_exchange_n(seen, 1, __ATOMIC_RELAXED))
			__atomic_fetch_add(&check_passed, 1, __ATOMIC_RELAXED);
		return 1;
	}
	__atomic_fetch_add(&check_failed, 1, __ATOMIC_RELAXED);
	fprintf(stderr, "%s:%d: failed: %s (errno %d: %s)\n", file, line, what, err, strerror(err));
	return 0;
}

#define CHECK(cond)                                                           \
	__extension__({                                                       \
		static char check_seen;                                       \
		check_that(!!(cond), &check_seen, #cond, __FILE__, __LINE__); \
	})

/* The call returns -1 with this errno. */
#define CHECK_ERR(call, want)                                                                      \
	do {                                                                                       \
		static char check_seen;                                                            \
		errno = 0;                                                                         \
		long check_ret = (long)(call);                                                     \
		check_that(check_ret == -1 && errno == (want), &check_seen, #call " gives " #want, \
			   __FILE__, __LINE__);                                                    \
	} while (0)

/* Whether the emulator serves the device: some things the clauses leave to the backend. */
static UNUSED int check_emulated(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "libexmap-shim.so");
}

static UNUSED void check_skip(const char *what, const char *why)
{
	__atomic_fetch_add(&check_skipped, 1, __ATOMIC_RELAXED);
	printf("skipped: %s: %s\n", what, why);
}

/* Rounds of a loop that takes seconds: @n with EXMAP_TEST_LONG, a quarter of that without. */
static UNUSED int check_rounds(int n)
{
	return getenv("EXMAP_TEST_LONG") ? n : n / 4;
}

/* Prints the counts. Return: the status for main() to return. */
static UNUSED int check_done(void)
{
	printf("%u passed, %u failed, %u skipped\n", check_passed, check_failed, check_skipped);
	fflush(NULL);
	return check_failed ? 1 : 0;
}

/* Ends the test if something is missing that it needs. */
static UNUSED void check_need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "cannot go on: %s: %s\n", what, strerror(errno));
	check_failed++;
	exit(check_done());
}

/* One exmap with its surface and interfaces, as a client would keep it. */
struct client {
	int fd;
	unsigned char *mem;
	size_t pages;
	int interfaces;
	struct exmap_user_interface *iface[8];
};

static UNUSED int client_setup(int fd, int backing, int interfaces, size_t frames)
{
	struct exmap_ioctl_setup setup;

	memset(&setup, 0, sizeof(setup));
	setup.fd = backing;
	setup.max_interfaces = interfaces;
	setup.buffer_size = frames;
	return ioctl(fd, EXMAP_IOCTL_SETUP, &setup);
}

static UNUSED int client_map(struct client *c)
{
	void *mem = mmap(NULL, c->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd,
			 EXMAP_OFF_EXMAP);
	int i;

	if (mem == MAP_FAILED)
		return -1;
	c->mem = (unsigned char *)mem;
	for (i = 0; i < c->interfaces; i++) {
		mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd,
			   (off_t)EXMAP_OFF_INTERFACE(i));
		if (mem == MAP_FAILED)
			return -1;
		c->iface[i] = (struct exmap_user_interface *)mem;
	}
	return 0;
}

/* Return: 0, or -1 with errno; the file may then be left open, for the test exits. */
static UNUSED int client_open(struct client *c, size_t pages, size_t frames, int interfaces,
			      int backing)
{
	memset(c, 0, sizeof(*c));
	c->pages = pages;
	c->interfaces = interfaces;
	c->fd = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -1;
	if (client_setup(c->fd, backing, interfaces, frames))
		return -1;
	return client_map(c);
}

static UNUSED void client_close(struct client *c)
{
	int i;

	munmap(c->mem, c->pages * PAGE);
	for (i = 0; i < c->interfaces; i++)
		munmap(c->iface[i], PAGE);
	close(c->fd);
}

static UNUSED int client_action(int fd, int interface, int opcode, int vectors)
{
	struct exmap_action_params params;

	memset(&params, 0, sizeof(params));
	params.interface = (uint16_t)interface;
	params.iov_len = (uint16_t)vectors;
	params.opcode = (uint16_t)opcode;
	return ioctl(fd, EXMAP_IOCTL_ACTION, &params);
}

/* Return: the pages done, or -1 with errno, be it the call's or the vector's. */
static UNUSED int client_do(struct client *c, int interface, int opcode, size_t page, size_t len)
{
	struct exmap_iov *iov = &c->iface[interface]->iov[0];
	int ret;

	iov->value = page | (uint64_t)len << (64 - EXMAP_PAGE_LEN_BITS);
	ret = client_action(c->fd, interface, opcode, 1);
	if (ret < 0)
		return -1;
	if (ret > 0 || iov->res) {
		errno = -iov->res;
		return -1;
	}
	return iov->pages;
}

static UNUSED int client_alloc(struct client *c, int interface, size_t page, size_t len)
{
	return client_do(c, interface, EXMAP_OP_ALLOC, page, len);
}

static UNUSED int client_free(struct client *c, int interface, size_t page, size_t len)
{
	return client_do(c, interface, EXMAP_OP_FREE, page, len);
}

static UNUSED long client_mapped(int fd)
{
	struct exmap_ioctl_stats stats;

	if (ioctl(fd, EXMAP_IOCTL_STATS, &stats))
		return -1;
	return (long)stats.alloc_count;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * harness.h - runs each test in its own child, with a time limit
 *
 * A test that returns has passed; CHECK() and SKIP() end it early. Tests do not know which
 * backend serves /dev/exmap.
 */
#ifndef EXMAP_CONFORMANCE_HARNESS_H
#define EXMAP_CONFORMANCE_HARNESS_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/exmap.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)

/**
 * struct test - one test
 * @clause: the clause of docs/spec.md that it tests
 * @name:   what it shows
 * @run:    the test
 */
struct test {
	const char *clause;
	const char *name;
	void (*run)(void);
};

/*
 * A program's sections.c says these: its tests' arrays, each with an empty test at its end and
 * NULL after the last; what --help says of the program; how many seconds a test may take.
 */
extern const struct test *const test_sections[];
extern const char test_doc[];
extern const double test_seconds;

void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void test_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define SKIP(...) test_skip(__VA_ARGS__)

#define CHECK(cond)                                                          \
	do {                                                                 \
		if (!(cond))                                                 \
			test_fail(__FILE__, __LINE__, "%s is false", #cond); \
	} while (0)

#define CHECK_EQ(expr, want)                                                                    \
	do {                                                                                    \
		long long got_ = (expr), want_ = (want);                                        \
		if (got_ != want_)                                                              \
			test_fail(__FILE__, __LINE__, "%s is %lld, not %s = %lld", #expr, got_, \
				  #want, want_);                                                \
	} while (0)

/* The call fails, with this errno. */
#define CHECK_ERRNO(expr, want)                                                                  \
	do {                                                                                     \
		errno = 0;                                                                       \
		long long got_ = (long long)(expr);                                              \
		int errno_ = errno;                                                              \
		if (got_ != -1 || errno_ != (want))                                              \
			test_fail(__FILE__, __LINE__, "%s is %lld, errno %s, not -1, %s", #expr, \
				  got_, strerrorname_np(errno_), #want);                         \
	} while (0)

/** any_answer() - of a call that may succeed or fail: that nothing else breaks is the test. */
static inline void any_answer(ssize_t answer)
{
	(void)answer;
}

/**
 * struct ex - an exmap under test
 * @fd:    descriptor of /dev/exmap
 * @base:  where its surface is mapped
 * @pages: length of the surface
 * @user:  interface pages, as ex_interface() mapped them
 */
struct ex {
	int fd;
	char *base;
	size_t pages;
	struct exmap_user_interface *user[256];
};

/** test_device - the device that is tested: /dev/exmap, or what option --device says. */
extern const char *test_device;

/** test_leanstore() - whether that follows the LeanStore dialect [8.9]: its name ends in a number. */
bool test_leanstore(void);

/* This test is about what the LeanStore dialect does otherwise, in this clause. */
#define NOT_IN_LEANSTORE(clause)                                             \
	do {                                                                 \
		if (test_leanstore())                                        \
			SKIP("%s does otherwise [" clause "]", test_device); \
	} while (0)

/** ex_open() - open the device. */
int ex_open(void);

/** ex_setup() - EXMAP_IOCTL_SETUP; returns what the ioctl does. */
int ex_setup(int fd, int backing, int max_interfaces, size_t buffer_size, uint64_t flags);

/** ex_start() - open, map, set up and map interfaces: ready to go. */
void ex_start(struct ex *ex, size_t pages, int max_interfaces, size_t buffer_size, int backing);

/** ex_map() - map a surface of so many pages. */
void *ex_map(int fd, size_t pages);

/** ex_interface() - map the vectors of an interface. */
struct exmap_user_interface *ex_interface(struct ex *ex, int i);

/** ex_action() - EXMAP_IOCTL_ACTION; returns what the ioctl does. */
int ex_action(struct ex *ex, int interface, int opcode, int iov_len);

/** ex_shadow() - SHADOW of the first vectors, onto the pages from @target on; as the ioctl. */
int ex_shadow(struct ex *ex, int interface, int iov_len, uint64_t target);

/** SHADOW, RM_SD - SHADOW of one run of pages; RM_SD. */
#define SHADOW(ex, i, page, len, target) \
	(ex_vector(ex, i, 0, page, len), ex_shadow(ex, i, 1, target))
#define RM_SD(ex, i) ex_action(ex, i, EXMAP_OP_RM_SD, 0)

/** ex_fill() - make the content of pages known: each is filled with a byte that it alone has. */
void ex_fill(struct ex *ex, uint64_t page, int n);

/** ex_shows() - whether all of page @page has the content that ex_fill() gave page @of. */
bool ex_shows(struct ex *ex, uint64_t page, uint64_t of);

/** ex_vector() - write a vector. */
void ex_vector(struct ex *ex, int interface, int i, uint64_t page, unsigned int len);

/** ex_one() - an action of one vector; returns its pages, or its negative result. */
int ex_one(struct ex *ex, int interface, int opcode, uint64_t page, unsigned int len);

#define ALLOC(ex, i, page, len) ex_one(ex, i, EXMAP_OP_ALLOC, page, len)
#define FREE(ex, i, page, len) ex_one(ex, i, EXMAP_OP_FREE, page, len)

/** ex_stats() - EXMAP_IOCTL_STATS, which must succeed. */
struct exmap_ioctl_stats ex_stats(int fd);

/** ex_mapped() - how many pages are mapped, by STATS. */
uint64_t ex_mapped(struct ex *ex);

/** ex_at() - address of a page. */
static inline char *ex_at(const struct ex *ex, uint64_t page)
{
	return ex->base + page * PAGE;
}

/** ex_iovec() - an iovec of @n pages of the surface. */
static inline struct iovec ex_iovec(const struct ex *ex, uint64_t page, size_t n)
{
	return (struct iovec){ ex_at(ex, page), n * PAGE };
}

/** read_offset() - the offset that pread() takes. */
static inline off_t read_offset(int interface, int opcode)
{
	return interface | opcode << 8;
}

/** ex_read() - a pread() of @n pages through interface 0, by EXMAP_OP_READ or EXMAP_OP_ALLOC. */
static inline ssize_t ex_read(const struct ex *ex, int opcode, uint64_t page, size_t n)
{
	return pread(ex->fd, ex_at(ex, page), n * PAGE, read_offset(0, opcode));
}

/** hole() - addresses with nothing behind them, to map something at. */
char *hole(size_t bytes);

/** at_the_edge() - the last bytes of a page of memory; behind them is a hole. */
void *at_the_edge(size_t bytes);

/** status_of_child() - fork, run fn in the child, return its wait status: 0 if fn returned. */
int status_of_child(void (*fn)(struct ex *ex), struct ex *ex);

/**
 * faults() - whether this thread's access raises SIGSEGV
 * @info: filled with what the handler got; may be NULL
 */
bool faults(volatile void *addr, bool write, siginfo_t *info);

/** backing_file() - an O_DIRECT file, unlinked, which holds the pattern. */
int backing_file(size_t bytes);

/** backing_byte() - the pattern's byte at an offset. */
unsigned char backing_byte(size_t offset);

/** buffer_is_backing() - whether a buffer holds the pattern's page @page. */
bool buffer_is_backing(const char *buffer, uint64_t page);

/** page_is_backing() - whether a page of the surface holds the pattern's page of that number. */
bool page_is_backing(struct ex *ex, uint64_t page);

/** run_threads() - run fn(0) ... fn(n - 1) at once, and wait for all. */
void run_threads(int n, void (*fn)(int id));

#endif /* EXMAP_CONFORMANCE_HARNESS_H */

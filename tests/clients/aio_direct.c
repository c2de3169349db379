// SPDX-License-Identifier: MIT
/*
 * aio_direct - a buffer manager's I/O: libaio and O_DIRECT on surface pages
 *
 * The kernel pins pages for such I/O. It must find allocated pages of the surface like any
 * other memory, and fail with EFAULT at others.
 */
#include <libaio.h>

#include "check.h"

#define PAGES 128
#define RUN 16

static struct client pool;

/* A word that is different in each page, and in each generation of a page. */
static uint64_t stamp(size_t page, size_t word, unsigned int generation)
{
	return page << 32 | word << 8 | generation;
}

static void fill(size_t page, size_t as, unsigned int generation)
{
	uint64_t *words = (uint64_t *)(pool.mem + page * PAGE);
	size_t i;

	for (i = 0; i < PAGE / 8; i++)
		words[i] = stamp(as, i, generation);
}

static int holds(size_t page, size_t as, unsigned int generation)
{
	const uint64_t *words = (const uint64_t *)(pool.mem + page * PAGE);
	size_t i;

	for (i = 0; i < PAGE / 8; i++)
		if (words[i] != stamp(as, i, generation))
			return 0;
	return 1;
}

static int all_hold(size_t first, size_t as, size_t n, unsigned int generation)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!holds(first + i, as + i, generation))
			return 0;
	return 1;
}

/* Submits n requests at once, waits for all; returns how many gave exactly `want`. */
static int run_all(io_context_t ctx, struct iocb *cbs, int n, long want)
{
	struct iocb *ptrs[RUN];
	struct io_event events[RUN];
	int i, good = 0;

	for (i = 0; i < n; i++)
		ptrs[i] = &cbs[i];
	if (io_submit(ctx, n, ptrs) != n)
		return -1;
	if (io_getevents(ctx, n, n, events, NULL) != n)
		return -1;
	for (i = 0; i < n; i++)
		good += (long)events[i].res == want;
	return good;
}

static void test_aio(io_context_t ctx, int file)
{
	struct iocb cbs[RUN];
	int i;

	CHECK(client_alloc(&pool, 0, 0, RUN) == RUN);
	for (i = 0; i < RUN; i++) {
		fill(i, i, 1);
		io_prep_pwrite(&cbs[i], file, pool.mem + i * PAGE, PAGE, i * (long long)PAGE);
	}
	CHECK(run_all(ctx, cbs, RUN, PAGE) == RUN);
	CHECK(client_free(&pool, 0, 0, RUN) == RUN);

	/* Read back into other pages, so that stale content cannot pass for what was read. */
	CHECK(client_alloc(&pool, 0, 64, RUN) == RUN);
	for (i = 0; i < RUN; i++) {
		fill(64 + i, i, 0xee);
		io_prep_pread(&cbs[i], file, pool.mem + (64 + i) * PAGE, PAGE, i * (long long)PAGE);
	}
	CHECK(run_all(ctx, cbs, RUN, PAGE) == RUN);
	CHECK(all_hold(64, 0, RUN, 1));
	CHECK(client_free(&pool, 0, 64, RUN) == RUN);
}

static void test_aio_vectored(io_context_t ctx, int file)
{
	struct iovec iov[RUN];
	struct iocb cb;
	int i;

	/* In reverse order, so that neighbours in the file are not neighbours in the surface. */
	CHECK(client_alloc(&pool, 0, 32, RUN) == RUN);
	for (i = 0; i < RUN; i++) {
		iov[i].iov_base = pool.mem + (32 + RUN - 1 - i) * PAGE;
		iov[i].iov_len = PAGE;
		fill(32 + RUN - 1 - i, i, 2);
	}
	io_prep_pwritev(&cb, file, iov, RUN, 0);
	CHECK(run_all(ctx, &cb, 1, RUN * PAGE) == 1);
	for (i = 0; i < RUN; i++)
		fill(32 + i, i, 0xee);
	io_prep_preadv(&cb, file, iov, RUN, 0);
	CHECK(run_all(ctx, &cb, 1, RUN * PAGE) == 1);
	for (i = 0; i < RUN; i++)
		if (!holds(32 + RUN - 1 - i, i, 2))
			break;
	CHECK(i == RUN);
	CHECK(client_free(&pool, 0, 32, RUN) == RUN);
}

static void test_aio_unallocated(io_context_t ctx, int file)
{
	struct iocb cb;

	io_prep_pread(&cb, file, pool.mem + 100 * PAGE, PAGE, 0);
	CHECK(run_all(ctx, &cb, 1, -EFAULT) == 1);
	io_prep_pwrite(&cb, file, pool.mem + 100 * PAGE, PAGE, 0);
	CHECK(run_all(ctx, &cb, 1, -EFAULT) == 1);

	/* The failed I/O left nothing behind: the page can be allocated. */
	CHECK(client_mapped(pool.fd) == 0);
	CHECK(client_alloc(&pool, 0, 100, 1) == 1);
	io_prep_pread(&cb, file, pool.mem + 100 * PAGE, PAGE, 0);
	CHECK(run_all(ctx, &cb, 1, PAGE) == 1);
	CHECK(holds(100, 0, 2));
	CHECK(client_free(&pool, 0, 100, 1) == 1);
}

static void test_plain(int file, int flags)
{
	char probe[PAGE] __attribute__((aligned(4096)));
	int i;

	CHECK(client_alloc(&pool, 0, 0, RUN) == RUN);
	for (i = 0; i < RUN; i++)
		fill(i, i, 3);
	CHECK(pwrite(file, pool.mem, RUN * PAGE, 0) == RUN * (ssize_t)PAGE);
	for (i = 0; i < RUN; i++)
		fill(i, i, 0xee);
	CHECK(pread(file, pool.mem, RUN * PAGE, 0) == RUN * (ssize_t)PAGE);
	CHECK(all_hold(0, 0, RUN, 3));
	CHECK(client_free(&pool, 0, 0, RUN) == RUN);

	CHECK_ERR(pread(file, pool.mem + 5 * PAGE, PAGE, 0), EFAULT);
	CHECK_ERR(pwrite(file, pool.mem + 5 * PAGE, PAGE, 0), EFAULT);
	CHECK(client_mapped(pool.fd) == 0);
	/* The failed write has not changed the file. */
	CHECK(pread(file, probe, PAGE, 0) == (ssize_t)PAGE);
	CHECK(*(uint64_t *)(probe + 8) == stamp(0, 1, 3));
	CHECK((fcntl(file, F_GETFL) & O_DIRECT) == (flags & O_DIRECT));
}

/* The same file is the exmap's backing: READ brings what was written. */
static void test_through_read(int file)
{
	struct iovec iov[2];
	struct iocb cb;
	io_context_t ctx = NULL;

	CHECK(client_alloc(&pool, 0, 8, 4) == 4);
	fill(8, 8, 4);
	fill(9, 9, 4);
	fill(10, 10, 4);
	fill(11, 11, 4);
	check_need(io_setup(4, &ctx) == 0, "io_setup");
	io_prep_pwrite(&cb, file, pool.mem + 8 * PAGE, 4 * PAGE, 8 * PAGE);
	CHECK(run_all(ctx, &cb, 1, 4 * PAGE) == 1);
	CHECK(client_free(&pool, 0, 8, 4) == 4);
	iov[0].iov_base = pool.mem + 8 * PAGE;
	iov[0].iov_len = PAGE;
	iov[1].iov_base = pool.mem + 10 * PAGE;
	iov[1].iov_len = 2 * PAGE;
	CHECK(preadv(pool.fd, iov, 2, 0) == 3 * (ssize_t)PAGE);
	CHECK(client_mapped(pool.fd) == 3);
	CHECK(all_hold(8, 8, 1, 4));
	CHECK(all_hold(10, 10, 2, 4));
	CHECK(client_free(&pool, 0, 8, 4) == 3);
	io_destroy(ctx);
}

/* A new file open twice, with O_DIRECT and without; -1 if this place cannot. */
static int open_in(const char *dir, int *plain)
{
	char name[64];
	int direct;

	snprintf(name, sizeof(name), "%s/aio_direct.XXXXXX", dir);
	*plain = mkstemp(name);
	if (*plain < 0)
		return -1;
	direct = open(name, O_RDWR | O_DIRECT | O_CLOEXEC);
	unlink(name);
	if (direct < 0)
		close(*plain);
	return direct;
}

int main(void)
{
	const char *const places[] = { ".", "/var/tmp", "/dev/shm", getenv("EXMAP_TEST_DIR") };
	int file = -1, plain = -1;
	io_context_t ctx = NULL;
	size_t i;

	/* tmpfs has O_DIRECT since Linux 6.6. */
	for (i = 0; i < 4 && file < 0; i++)
		file = places[i] ? open_in(places[i], &plain) : -1;
	if (file < 0) {
		check_skip("everything", "no O_DIRECT in ., /var/tmp, /dev/shm or EXMAP_TEST_DIR");
		check_done();
		return 77;
	}
	check_need(ftruncate(file, PAGES * PAGE) == 0, "ftruncate");
	check_need(client_open(&pool, PAGES, 64, 1, file) == 0, "exmap");
	check_need(io_setup(RUN, &ctx) == 0, "io_setup");
	test_aio(ctx, file);
	test_aio_vectored(ctx, file);
	test_aio_unallocated(ctx, file);
	io_destroy(ctx);
	test_plain(file, O_DIRECT);
	test_plain(plain, 0);
	test_through_read(file);
	client_close(&pool);
	return check_done();
}

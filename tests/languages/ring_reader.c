// SPDX-License-Identifier: MIT
/*
 * ring_reader - a page reader over liburing, as a storage engine has it
 *
 * 64 READs in flight on an exmap that is a registered file, a log written through the same
 * ring meanwhile, and pages freed when they have been looked at.
 */
#include <liburing.h>
/* liburing 2.5 defines it too. */
#undef UNUSED

#include "emu/uapi.h"
#include "tests/clients/check.h"

#define PAGES 2048
#define DEPTH 64
#define READS 6000

static struct client pool;
static struct io_uring ring;
static unsigned char state[PAGES]; /* whether a READ of the page is in flight */
static unsigned int wrong, in_flight, written;

static unsigned char content(size_t page)
{
	return (unsigned char)(page * 7 + 1);
}

static int make_backing(void)
{
	const char *dir = getenv("EXMAP_TEST_DIR");
	unsigned char *page = aligned_alloc(PAGE, PAGE);
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/ring-reader-%d", dir ? dir : ".", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
	for (size_t i = 0; fd >= 0 && i < PAGES; i++) {
		memset(page, content(i), PAGE);
		if (pwrite(fd, page, PAGE, (off_t)(i * PAGE)) != (ssize_t)PAGE)
			return -1;
	}
	unlink(path);
	free(page);
	return fd;
}

/* There is one: the ring has twice as many as there are READs in flight. */
static struct io_uring_sqe *next_request(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	check_need(sqe != NULL, "entry of the submission queue");
	return sqe;
}

static void submit_read(void)
{
	struct io_uring_sqe *sqe = next_request();
	size_t page;

	do {
		page = (size_t)rand() % PAGES;
	} while (state[page]);
	state[page] = 1;
	/* Slot 0 is the exmap; interface 0, READ. */
	io_uring_prep_read(sqe, 0, pool.mem + page * PAGE, PAGE, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = page;
	in_flight++;
}

static void submit_log(void)
{
	static const char line[] = "read some pages\n";
	struct io_uring_sqe *sqe = next_request();

	io_uring_prep_write(sqe, 1, line, sizeof(line) - 1, (uint64_t)written * (sizeof(line) - 1));
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = PAGES;
	in_flight++;
	written++;
}

static void finish(const struct io_uring_cqe *cqe)
{
	size_t page = cqe->user_data;

	in_flight--;
	if (page == PAGES) {
		wrong += cqe->res != 16;
		return;
	}
	wrong += cqe->res != (int)PAGE || pool.mem[page * PAGE] != content(page) ||
		 pool.mem[page * PAGE + PAGE - 1] != content(page);
	wrong += client_free(&pool, 0, page, 1) != 1;
	state[page] = 0;
}

/* An allocation through the ring, linked to a READ of the file into it. */
static void command_and_read(int backing)
{
	struct iovec range = { pool.mem + 100 * PAGE, 2 * PAGE };
	struct io_uring_sqe *sqe = next_request();
	struct io_uring_cqe *cqe;
	int results[2] = { 0 };

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = pool.fd;
	sqe->off = EXMAP_OP_ALLOC << 8;
	memcpy((char *)sqe + EMU_SQE_CMD, &range, sizeof(range));
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = 0;
	sqe = next_request();
	io_uring_prep_read(sqe, backing, range.iov_base, 2 * PAGE, 7 * PAGE);
	sqe->user_data = 1;
	CHECK(io_uring_submit_and_wait(&ring, 2) == 2);
	for (int i = 0; i < 2; i++) {
		check_need(io_uring_wait_cqe(&ring, &cqe) == 0, "completion");
		results[cqe->user_data] = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	CHECK(results[0] == 2 * PAGE && results[1] == 2 * PAGE);
	CHECK(pool.mem[100 * PAGE] == content(7) && pool.mem[101 * PAGE] == content(8));
	CHECK(client_free(&pool, 0, 100, 2) == 2);
}

int main(void)
{
	int backing = make_backing();
	int files[2];
	int done = 0;
	int submitted = 0;

	check_need(backing >= 0, "backing file");
	check_need(client_open(&pool, PAGES, 2 * DEPTH, 1, backing) == 0, "exmap");
	if (io_uring_queue_init(2 * DEPTH, &ring, 0)) {
		check_skip("everything", "no io_uring here");
		return 77;
	}
	files[0] = pool.fd;
	files[1] = memfd_create("log", MFD_CLOEXEC);
	CHECK(io_uring_register_files(&ring, files, 2) == 0);
	while (done < READS || in_flight) {
		struct io_uring_cqe *cqe;
		unsigned int head;
		unsigned int n = 0;

		while (submitted < READS && in_flight < DEPTH) {
			submit_read();
			if (++submitted % 50 == 0)
				submit_log();
		}
		check_need(io_uring_submit_and_wait(&ring, 1) >= 0, "io_uring_submit_and_wait");
		io_uring_for_each_cqe(&ring, head, cqe)
		{
			done += cqe->user_data != PAGES;
			finish(cqe);
			n++;
		}
		io_uring_cq_advance(&ring, n);
	}
	CHECK(wrong == 0);
	CHECK(client_mapped(pool.fd) == 0);
	command_and_read(backing);
	CHECK(io_uring_unregister_files(&ring) == 0);
	io_uring_queue_exit(&ring);
	client_close(&pool);
	return check_done();
}

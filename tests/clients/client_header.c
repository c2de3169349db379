// SPDX-License-Identifier: MIT
/* client_header.c - what <exmap_client.h> makes of lists of ranges, long ones and ones that fail */

#include <exmap_client.h>

#include "check.h"

/* More vectors than a call takes, more reads than one takes, and frames for all of them. */
#define LIST 1200
#define FRAMES (2 * LIST)
#define PAGES (4 * LIST)
#define BACKED (3 * LIST)

static struct exmap_client client;
static struct exmap_iov list[LIST];

/* A file of BACKED pages, each of which begins with its number. */
static int make_backing(void)
{
	const char *folder = getenv("EXMAP_TEST_DIR");
	char name[4096];
	char *page = aligned_alloc(PAGE, PAGE);
	int fd;

	snprintf(name, sizeof(name), "%s/client_header-XXXXXX", folder ? folder : ".");
	fd = mkostemp(name, O_DIRECT);
	check_need(page && fd >= 0, "a file for O_DIRECT");
	unlink(name);
	memset(page, 0, PAGE);
	for (uint64_t i = 0; i < BACKED; i++) {
		memcpy(page, &i, sizeof(i));
		check_need(pwrite(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "pwrite()");
	}
	free(page);
	return fd;
}

/* Every other page from @first on. */
static void fill_list(uint64_t first)
{
	for (int i = 0; i < LIST; i++)
		list[i] = exmap_client_range(first + 2 * i, 1);
}

static uint64_t number_at(uint64_t page)
{
	uint64_t number;

	memcpy(&number, exmap_client_page(&client, page), sizeof(number));
	return number;
}

static void alloc_and_free(void)
{
	struct exmap_iov range = exmap_client_range(100, 50);

	CHECK(exmap_client_act(&client, 0, EXMAP_OP_ALLOC, &range, 1) == 50);
	memset(exmap_client_page(&client, 100), 1, 50 * PAGE);
	/* Others' frames count once, whatever interface asks. */
	CHECK(exmap_client_act(&client, 1, EXMAP_OP_ALLOC, &range, 1) == 0);
	CHECK(exmap_client_act(&client, 1, EXMAP_OP_FREE, &range, 1) == 50);
	CHECK(exmap_client_act(&client, 1, EXMAP_OP_FREE, &range, 1) == 0);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_ALLOC, &range, 0) == 0);

	fill_list(0);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_ALLOC, list, LIST) == LIST);
	for (int i = 0; i < LIST; i++)
		*exmap_client_page(&client, list[i].page) = 1;
	CHECK(list[LIST - 1].page == 2 * (LIST - 1) && list[LIST - 1].len == 1);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_FREE, list, LIST) == LIST);
}

/* If the first of several calls fails, the ranges of the later calls are not done. */
static void fail(void)
{
	struct exmap_iov all = exmap_client_range(0, FRAMES);
	struct exmap_iov one = exmap_client_range(PAGES - 1, 1);

	fill_list(0);
	list[3] = exmap_client_range(PAGES, 1);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_ALLOC, list, LIST) == -EFAULT);
	fill_list(0);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_FREE, list, LIST) == 511);

	CHECK(exmap_client_act(&client, 0, EXMAP_OP_ALLOC, &all, 1) == FRAMES);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_ALLOC, &one, 1) == -ENOMEM);
	CHECK(exmap_client_act(&client, 0, 99, &one, 1) == -EINVAL);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_FREE, &all, 1) == FRAMES);
}

static void read_lists(void)
{
	struct exmap_iov end[2] = { exmap_client_range(BACKED - 4, 8), exmap_client_range(0, 1) };
	struct exmap_iov one = exmap_client_range(2 * 10, 1);

	fill_list(0);
	CHECK(exmap_client_read(&client, 0, list, LIST) == (ssize_t)(LIST * PAGE));
	for (int i = 0; i < LIST; i++)
		CHECK(number_at(list[i].page) == list[i].page);
	/* A page that is there ends the read before it, and no other call follows. */
	CHECK(exmap_client_read(&client, 0, &one, 1) == 0);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_FREE, list, LIST) == LIST);
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_ALLOC, &one, 1) == 1);
	CHECK(exmap_client_read(&client, 0, list, LIST) == (ssize_t)(10 * PAGE));
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_FREE, list, LIST) == 11);

	/* The end of the backing ends a call, too. */
	CHECK(exmap_client_read(&client, 0, end, 2) == (ssize_t)(4 * PAGE));
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_FREE, end, 2) == 4);
	/* A read that fails at once says why; one whose second call fails says how far it came. */
	end[0] = exmap_client_range(PAGES, 1);
	CHECK(exmap_client_read(&client, 0, end, 1) == -EFAULT);
	fill_list(0);
	list[EXMAP_CLIENT_READS] = end[0];
	CHECK(exmap_client_read(&client, 0, list, LIST) == (ssize_t)(EXMAP_CLIENT_READS * PAGE));
	CHECK(exmap_client_act(&client, 0, EXMAP_OP_FREE, list, EXMAP_CLIENT_READS) ==
	      EXMAP_CLIENT_READS);
}

static int nr_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* An open that fails leaves neither a descriptor nor a mapping. */
static void open_and_close(int backing)
{
	struct exmap_ioctl_setup setup = { .fd = backing,
					   .max_interfaces = 257,
					   .buffer_size = 16 };
	int before = nr_descriptors();

	CHECK(exmap_client_open(&client, &setup, PAGES) == -EINVAL);
	setup.max_interfaces = 2;
	CHECK(exmap_client_open(&client, &setup, 0) == -EINVAL);
	CHECK(nr_descriptors() == before);
	setup.max_interfaces = EXMAP_CLIENT_INTERFACES;
	CHECK(!exmap_client_open(&client, &setup, PAGES));
	exmap_client_close(&client);
	CHECK(nr_descriptors() == before);
	CHECK_ERR(msync(client.surface, PAGE, MS_ASYNC), ENOMEM);
}

int main(void)
{
	int backing = make_backing();
	struct exmap_ioctl_setup setup = { .fd = backing,
					   .max_interfaces = 2,
					   .buffer_size = FRAMES };

	open_and_close(backing);
	check_need(!exmap_client_open(&client, &setup, PAGES), "an exmap");
	alloc_and_free();
	fail();
	read_lists();
	exmap_client_close(&client);
	return check_done();
}

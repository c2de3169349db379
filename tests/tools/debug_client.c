// SPDX-License-Identifier: MIT
/* debug_client.c - makes the mistakes whose names it is told, one after the other. Usage: MISTAKE... */
#define _GNU_SOURCE
#include <stdlib.h>

#include <exmap_client.h>

#define PAGES 64
#define FRAMES 16

static struct exmap_client exmap;
static int fd;

static int backing(int flags)
{
	char name[] = "/tmp/debug-client.XXXXXX";
	int made = mkstemp(name);
	int ret = open(name, flags);

	if (made < 0 || ret < 0 || ftruncate(made, 8 * EXMAP_CLIENT_PAGE))
		exit(77);
	close(made);
	unlink(name);
	return ret;
}

static void act(int interface, int opcode, uint64_t page, unsigned int len)
{
	struct exmap_iov range = exmap_client_range(page, len);

	exmap_client_act(&exmap, interface, opcode, &range, 1);
}

static void read_pages(uint64_t page, unsigned int len)
{
	struct exmap_iov range = exmap_client_range(page, len);

	exmap_client_read(&exmap, 1, &range, 1);
}

static void nothing_wrong(void)
{
	act(0, EXMAP_OP_ALLOC, 20, 2);
	read_pages(0, 2);
	act(0, EXMAP_OP_FREE, 20, 2);
	act(1, EXMAP_OP_FREE, 0, 2);
}

static void backing_without_o_direct(void)
{
	struct exmap_ioctl_setup setup = { .fd = backing(O_RDWR),
					   .max_interfaces = 1,
					   .buffer_size = 1 };
	int other = open("/dev/exmap", O_RDWR);

	ioctl(other, EXMAP_IOCTL_SETUP, &setup);
	mmap(NULL, EXMAP_CLIENT_PAGE, PROT_READ, MAP_SHARED, other, EXMAP_OFF_INTERFACE(0));
	close(other);
}

static void read_of_an_allocated_page(void)
{
	act(0, EXMAP_OP_ALLOC, 5, 1);
	read_pages(4, 2);
	act(0, EXMAP_OP_FREE, 5, 1);
}

static void read_beside_a_page(void)
{
	if (pread(fd, exmap.surface + 1, EXMAP_CLIENT_PAGE, 1) != -1)
		exit(1);
}

static void read_outside(void)
{
	read_pages(PAGES + 6, 1);
}

static void read_of_too_many(void)
{
	read_pages(0, FRAMES + 1);
}

static void read_behind_the_end(void)
{
	read_pages(6, 4);
	act(0, EXMAP_OP_FREE, 6, 2);
}

static void free_twice(void)
{
	act(0, EXMAP_OP_ALLOC, 9, 1);
	act(1, EXMAP_OP_FREE, 9, 1);
	act(0, EXMAP_OP_FREE, 9, 1);
}

static void send_a_result_again(void)
{
	struct exmap_action_params params = { .interface = 0,
					      .iov_len = 1,
					      .opcode = EXMAP_OP_FREE };

	act(0, EXMAP_OP_ALLOC, 12, 3);
	ioctl(fd, EXMAP_IOCTL_ACTION, &params);
	act(0, EXMAP_OP_FREE, 12, 3);
}

static void touch_before_setup(void)
{
	int other = open("/dev/exmap", O_RDWR);

	*(char *)mmap(NULL, EXMAP_CLIENT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other,
		      EXMAP_OFF_EXMAP) = 1;
}

static void touch_after_a_new_mmap(void)
{
	act(0, EXMAP_OP_ALLOC, 9, 1);
	munmap(exmap.surface, PAGES * EXMAP_CLIENT_PAGE);
	exmap.surface =
		mmap(NULL, PAGES * EXMAP_CLIENT_PAGE, PROT_READ, MAP_SHARED, fd, EXMAP_OFF_EXMAP);
	exit(*exmap_client_page(&exmap, 9));
}

static void store_behind_the_surface(void)
{
	exmap.surface[PAGES * EXMAP_CLIENT_PAGE + 5] = 1;
}

#define MISTAKE(name)       \
	{                   \
#name, name \
	}
static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	MISTAKE(nothing_wrong),
	MISTAKE(backing_without_o_direct),
	MISTAKE(read_of_an_allocated_page),
	MISTAKE(read_beside_a_page),
	MISTAKE(read_outside),
	MISTAKE(read_of_too_many),
	MISTAKE(read_behind_the_end),
	MISTAKE(free_twice),
	MISTAKE(send_a_result_again),
	MISTAKE(touch_before_setup),
	MISTAKE(store_behind_the_surface),
	MISTAKE(touch_after_a_new_mmap),
};

int main(int argc, char **argv)
{
	struct exmap_ioctl_setup setup = {
		.fd = backing(O_RDWR | O_DIRECT),
		.max_interfaces = 2,
		.buffer_size = FRAMES,
	};

	if (exmap_client_open(&exmap, &setup, PAGES))
		return 77;
	fd = exmap.fd;
	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < sizeof(mistakes) / sizeof(*mistakes); k++) {
			if (!strcmp(argv[i], mistakes[k].name))
				mistakes[k].make();
		}
	}
	return 0;
}

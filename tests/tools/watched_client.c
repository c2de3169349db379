// SPDX-License-Identifier: MIT
/*
 * watched_client.c - a client that exmap-top and gdb look at: it does what is known, then waits
 *
 * watched_client BACKING-FILE [busy|crash]
 *
 * Exmap 1: 64 frames, 3 interfaces, 1024 pages. Interface 0 allocates pages 0 to 9, then 600;
 * interface 1 frees 2 and 3; interface 2 reads pages 20 to 24. Three accesses to page 700 fault.
 * Exmap 2: 8 frames, 1 interface, a surface of 1 TiB of which the first page, one in the middle and
 * the last are allocated.
 * Exmap 3: 16 frames, 1 interface, no surface.
 *
 * A child of fork() opens an exmap: 32 frames, 1 interface, 4 pages of 16. Another one opens none.
 * The parent prints the numbers of the three processes in a line, and all wait until its standard
 * input ends. Under busy, the parent meanwhile allocates and frees pages 512 to 543 of exmap 1; under
 * crash it dies of an access to page 2, which it freed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/exmap.h>

#define PAGE 4096UL

struct exmap_of_ours {
	int fd;
	char *surface;
	struct exmap_user_interface *interfaces[3];
};

static sigjmp_buf missing;

static void on_segv(int sig)
{
	(void)sig;
	siglongjmp(missing, 1);
}

static void start(struct exmap_of_ours *x, int backing, int interfaces, int frames, size_t pages)
{
	struct exmap_ioctl_setup setup;

	memset(&setup, 0, sizeof(setup));
	setup.fd = backing;
	setup.max_interfaces = interfaces;
	setup.buffer_size = frames;
	x->fd = open("/dev/exmap", O_RDWR);
	if (x->fd < 0 || ioctl(x->fd, EXMAP_IOCTL_SETUP, &setup))
		err(1, "/dev/exmap");
	if (pages)
		x->surface = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd,
				  EXMAP_OFF_EXMAP);
	if (x->surface == MAP_FAILED)
		err(1, "mmap");
	for (int i = 0; i < interfaces; i++)
		x->interfaces[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd,
					EXMAP_OFF_INTERFACE(i));
}

/* A function of its own in each build: stacks are looked at. */
static __attribute__((noinline)) void act(struct exmap_of_ours *x, int interface, int opcode,
					  size_t page, size_t len)
{
	struct exmap_action_params action = { .interface = interface,
					      .iov_len = 1,
					      .opcode = opcode };
	struct exmap_iov *iov = x->interfaces[interface]->iov;

	iov->value = 0;
	iov->page = page;
	iov->len = len;
	if (ioctl(x->fd, EXMAP_IOCTL_ACTION, &action) || iov->pages != (long)len)
		errx(1, "action on page %zu", page);
}

static void fault(const struct exmap_of_ours *x, size_t page)
{
	if (!sigsetjmp(missing, 1))
		(void)*(volatile char *)(x->surface + page * PAGE);
}

static void use(struct exmap_of_ours *x)
{
	act(&x[0], 0, EXMAP_OP_ALLOC, 0, 10);
	act(&x[0], 1, EXMAP_OP_FREE, 2, 2);
	if (pread(x[0].fd, x[0].surface + 20 * PAGE, 5 * PAGE, 2) != 5 * PAGE)
		err(1, "pread");
	act(&x[0], 0, EXMAP_OP_ALLOC, 600, 1);
	for (int i = 0; i < 3; i++)
		fault(&x[0], 700);
	act(&x[1], 0, EXMAP_OP_ALLOC, 0, 1);
	act(&x[1], 0, EXMAP_OP_ALLOC, 1UL << 27, 1);
	act(&x[1], 0, EXMAP_OP_ALLOC, (1UL << 28) - 1, 1);
}

/* Waits for the end of standard input. */
static void wait_here(void)
{
	char byte;

	while (read(0, &byte, 1) > 0)
		;
}

static pid_t start_child(int opens)
{
	struct exmap_of_ours x = { 0 };
	int ready[2];
	pid_t child;
	char byte = 0;

	if (pipe(ready))
		err(1, "pipe");
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (opens) {
			start(&x, -1, 1, 32, 16);
			act(&x, 0, EXMAP_OP_ALLOC, 0, 4);
		}
		if (write(ready[1], &byte, 1) != 1)
			err(1, "write");
		wait_here();
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "the child failed");
	return child;
}

int main(int argc, char **argv)
{
	struct exmap_of_ours x[3] = { 0 };
	const char *how = argc > 2 ? argv[2] : "";
	struct pollfd end = { .fd = 0, .events = POLLIN };
	int backing = open(argv[1], O_RDONLY | O_DIRECT);
	pid_t child, other;

	if (backing < 0)
		err(1, "%s", argv[1]);
	signal(SIGSEGV, on_segv);
	start(&x[0], backing, 3, 64, 1024);
	start(&x[1], -1, 1, 8, 1UL << 28);
	start(&x[2], -1, 1, 16, 0);
	use(x);
	child = start_child(1);
	other = start_child(0);
	printf("%d %d %d\n", getpid(), child, other);
	fflush(stdout);
	while (!strcmp(how, "busy") && !poll(&end, 1, 0)) {
		act(&x[0], 0, EXMAP_OP_ALLOC, 512, 32);
		act(&x[0], 1, EXMAP_OP_FREE, 512, 32);
	}
	if (!strcmp(how, "crash")) {
		signal(SIGSEGV, SIG_DFL);
		return *(volatile char *)(x[0].surface + 2 * PAGE);
	}
	wait_here();
	return 0;
}

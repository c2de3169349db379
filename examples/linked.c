// SPDX-License-Identifier: MIT
/*
 * linked.c - an exmap in a program that links the emulator: no /dev/exmap, no exmap-run
 *
 *	cc linked.c $(pkg-config --cflags --libs exmap-emu) && ./a.out
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <exmap-emu.h>

#define PAGE 4096UL
#define PAGES 1024

static sigjmp_buf no_page;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	switch (exmap_emu_fault(info, context)) {
	case 1:
		siglongjmp(no_page, 1);
	case -1:
		return;
	default:
		/* No fault of an exmap: on return it is raised again, and ends the program. */
		signal(sig, SIG_DFL);
	}
}

static int backing_file(void)
{
	char name[] = "./linked-XXXXXX";
	char *page = aligned_alloc(PAGE, PAGE);
	int fd = mkostemp(name, O_DIRECT);

	if (fd < 0)
		err(1, "%s", name);
	unlink(name);
	for (int i = 0; i < PAGES; i++) {
		memset(page, 'a' + i % 26, PAGE);
		if (pwrite(fd, page, PAGE, i * PAGE) != (ssize_t)PAGE)
			err(1, "pwrite");
	}
	free(page);
	return fd;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct exmap_emu *emu = exmap_emu_open();
	struct exmap_user_interface *vectors;
	struct exmap_ioctl_stats stats;
	struct iovec range;
	char *surface;

	if (!emu || exmap_emu_setup(emu, backing_file(), 1, 64))
		err(1, "exmap");
	surface = exmap_emu_map(emu, NULL, PAGES * PAGE, PROT_READ | PROT_WRITE);
	vectors = exmap_emu_interface(emu, 0);
	if (surface == MAP_FAILED || !vectors)
		err(1, "exmap");
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);

	/* READ pages 7 to 9: allocate them with the content of the file. */
	range = (struct iovec){ surface + 7 * PAGE, 3 * PAGE };
	if (exmap_emu_readv(emu, 0, &range, 1) != 3 * (ssize_t)PAGE)
		err(1, "READ");
	printf("page 8 holds %.4s...\n", surface + 8 * PAGE);

	/* ALLOC page 100, with arbitrary content. */
	vectors->iov[0].value = 0;
	vectors->iov[0].page = 100;
	vectors->iov[0].len = 1;
	if (exmap_emu_action(emu, 0, EXMAP_OP_ALLOC, 1))
		err(1, "ALLOC");
	strcpy(surface + 100 * PAGE, "hello");
	exmap_emu_stats(emu, &stats);
	printf("%llu pages of %d are there\n", (unsigned long long)stats.alloc_count, PAGES);

	if (sigsetjmp(no_page, 1) == 0)
		printf("page 5 holds %c\n", surface[5 * PAGE]);
	else
		printf("page 5 is not there\n");
	if (exmap_emu_unmap(surface, PAGES * PAGE))
		err(1, "unmap");
	exmap_emu_close(emu);
	return 0;
}

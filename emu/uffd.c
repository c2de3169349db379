// SPDX-License-Identifier: MIT
/* uffd.c - see uffd.h */

#define _GNU_SOURCE
#include "emu/uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

#include "emu/hidden_fd.h"
#include "emu/memcheck.h"
#include "emu/sys.h"
#include "emu/uapi.h"

#define FLAGS (O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY)

/* Makes a userfaultfd by the system call, or if @dev is not negative by that, /dev/userfaultfd. */
static long make_uffd(long dev)
{
	return dev < 0 ? emu_sys(SYS_userfaultfd, FLAGS) :
			 emu_sys(SYS_ioctl, dev, USERFAULTFD_IOC_NEW, FLAGS);
}

/* Runs on the real CPU. The userfaultfd is put in the place of the descriptor @place. */
static long past_valgrind(long tid, long dev, long place)
{
	long fd = make_uffd(dev);
	long ret;

	(void)tid;
	if (fd < 0)
		return fd;
	ret = emu_sys(SYS_dup3, fd, place, O_CLOEXEC);
	emu_sys(SYS_close, fd);
	return ret;
}

/*
 * Valgrind before 3.27 knows neither SYS_userfaultfd nor USERFAULTFD_IOC_NEW, and would warn of both.
 * So they are called behind its back. Since 3.24 it can report each use of a descriptor whose making
 * it has not seen (--track-fds=yes). So it sees one made, whose place the userfaultfd takes. The
 * marks of memcheck.h tell valgrind about the pages that the userfaultfd maps.
 */
static long make_uffd_on_valgrind(long dev)
{
	long place = emu_sys(SYS_memfd_create, "exmap-userfaultfd", MFD_CLOEXEC);
	long ret;

	if (place < 0)
		return place;
	ret = VALGRIND_NON_SIMD_CALL2(past_valgrind, dev, place);
	if (ret < 0)
		emu_sys(SYS_close, place);
	return ret;
}

static long new_uffd(void)
{
	long (*make)(long) = emu_on_valgrind() ? make_uffd_on_valgrind : make_uffd;
	long ret = make(-1);
	long dev;

	if (ret >= 0)
		return ret;
	dev = emu_sys(SYS_openat, AT_FDCWD, "/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return ret;
	ret = make(dev);
	emu_sys(SYS_close, dev);
	return ret;
}

int emu_uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	int fd = emu_hide_fd(new_uffd());
	long ret;

	if (fd < 0)
		return fd;
	ret = emu_sys(SYS_ioctl, fd, UFFDIO_API, &api);
	if (ret < 0) {
		emu_close_hidden(fd);
		return ret;
	}
	return fd;
}

/* Whether memory was ever registered; atomic. */
static bool used;

bool emu_uffd_used(void)
{
	return __atomic_load_n(&used, __ATOMIC_RELAXED);
}

int emu_uffd_register(int uffd, void *addr, size_t len)
{
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)addr, .len = len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	__atomic_store_n(&used, true, __ATOMIC_RELAXED);
	return emu_sys(SYS_ioctl, uffd, UFFDIO_REGISTER, &reg);
}

size_t emu_uffd_copy(int uffd, void *dst, const void *src, size_t len, int *error)
{
	size_t done = 0;

	*error = 0;
	while (done < len) {
		struct uffdio_copy copy = {
			.dst = (uintptr_t)dst + done,
			.src = (uintptr_t)src + done,
			.len = len - done,
			/* With UFFD_FEATURE_SIGBUS no thread sleeps on a fault. */
			.mode = UFFDIO_COPY_MODE_DONTWAKE,
		};
		long ret = emu_sys(SYS_ioctl, uffd, UFFDIO_COPY, &copy);

		if (copy.copy > 0)
			done += copy.copy;
		/* EAGAIN: part of it is done, or the address space is changing: try the rest. */
		if (ret < 0 && ret != -EAGAIN) {
			*error = ret;
			break;
		}
	}
	return done;
}

/* Whether a page is mapped at an address. */
static bool is_there(const void *page)
{
	unsigned char there;

	return emu_sys(SYS_mincore, page, 4096, &there) || there & 1;
}

size_t emu_uffd_move(int uffd, void *dst, const void *src, size_t len, int *error)
{
	unsigned int patience = 16;
	size_t done = 0;

	*error = 0;
	while (done < len) {
		struct uffdio_move move = {
			.dst = (uintptr_t)dst + done,
			.src = (uintptr_t)src + done,
			.len = len - done,
			.mode = UFFDIO_MOVE_MODE_DONTWAKE,
		};
		long ret = emu_sys(SYS_ioctl, uffd, UFFDIO_MOVE, &move);

		if (move.move > 0) {
			done += move.move;
		} else if (ret == -EEXIST && !is_there((const char *)src + done)) {
			/*
			 * There is no source page any more: the kernel has moved it, and reports
			 * its own move. Seen on Linux 6.18 for pages that it was migrating.
			 */
			done += 4096;
		} else if (ret != -EAGAIN || !patience--) {
			/* EAGAIN: the kernel uses the page just now, maybe for long. */
			*error = ret;
			break;
		}
	}
	return done;
}

bool emu_uffd_moves(int uffd)
{
	char *pages = (char *)emu_sys(SYS_mmap, 0, 2 * 4096, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const char source[4096] __attribute__((aligned(4096)));
	bool works = false;
	int error;

	if (emu_is_error(pages))
		return false;
	/*
	 * A page that a child shares is not moved. Another thread, or a signal handler of this one,
	 * may fork right after the page was copied in.
	 */
	emu_sys(SYS_madvise, pages, 2 * 4096, MADV_DONTFORK);
	/* Under mlockall(MCL_FUTURE) both pages are there already, and could not be moved. */
	emu_sys(SYS_munlock, pages, 2 * 4096);
	emu_sys(SYS_madvise, pages, 2 * 4096, MADV_DONTNEED);
	if (!emu_uffd_register(uffd, pages, 2 * 4096) &&
	    emu_uffd_copy(uffd, pages, source, 4096, &error) == 4096)
		works = emu_uffd_move(uffd, pages + 4096, pages, 4096, &error) == 4096;
	emu_sys(SYS_munmap, pages, 2 * 4096);
	return works;
}

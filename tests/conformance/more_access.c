// SPDX-License-Identifier: MIT
/* more_access.c - sections 6 and 7: the corners that their first tests leave out */

#include "harness.h"

#include <setjmp.h>
#include <sys/stat.h>

#define MIB2 (2UL << 20)

static struct ex ex;
static sigjmp_buf jump;
static volatile sig_atomic_t segvs, buses;
static char *volatile seen_addr;
static char *volatile seen_stack;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)sig, (void)context;
	segvs++;
	seen_addr = info->si_addr;
	seen_stack = &here;
	siglongjmp(jump, 1);
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	buses++;
	seen_addr = info->si_addr;
	siglongjmp(jump, 1);
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	CHECK_EQ(sigaction(sig, &action, NULL), 0);
}

static bool load(char *addr)
{
	static volatile char sink __attribute__((unused));

	if (sigsetjmp(jump, 1))
		return false;
	/* Kept, because valgrind leaves out loads that nobody needs. */
	sink = *(volatile char *)addr;
	return true;
}

/* SIGSEGV is blocked while its handler runs; siglongjmp() restores the mask. */
static void handler_without_nodefer(void)
{
	ex_start(&ex, 64, 1, 8, -1);
	handle(SIGSEGV, on_segv, 0);
	for (int i = 0; i < 64; i++) {
		CHECK(!load(ex_at(&ex, i) + i));
		CHECK(seen_addr == ex_at(&ex, i) + i);
	}
	CHECK_EQ(segvs, 64);
	CHECK_EQ(ALLOC(&ex, 0, 9, 1), 1);
	CHECK(load(ex_at(&ex, 9)));
}

/* With SA_NODEFER nothing is blocked in the handler, so no mask need be restored. */
static void handler_with_nodefer(void)
{
#ifdef EXMAP_TSAN
	SKIP("ThreadSanitizer blocks all signals in a handler");
#endif
	ex_start(&ex, 64, 1, 8, -1);
	handle(SIGSEGV, on_segv, SA_NODEFER);
	for (volatile int i = 0; i < 64; i++) {
		if (sigsetjmp(jump, 0))
			continue;
		*(volatile char *)ex_at(&ex, i) = 1;
		CHECK(!"a store to a missing page works");
	}
	CHECK_EQ(segvs, 64);
}

static void each_fault_finds_its_own_handler(void)
{
	char *file = mmap(NULL, PAGE, RW, MAP_SHARED, memfd_create("empty", 0), 0);
	char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction old;

	ex_start(&ex, 64, 1, 8, -1);
	handle(SIGBUS, on_bus, 0);
	handle(SIGSEGV, on_segv, 0);
	for (int i = 1; i <= 3; i++) {
		CHECK(!load(ex_at(&ex, i)));
		CHECK(!load(none + i) && seen_addr == none + i);
		CHECK(segvs == 2 * i && buses == i - 1);
		/* Behind the end of a file: a real SIGBUS. */
		CHECK(!load(file + i) && seen_addr == file + i);
		CHECK(segvs == 2 * i && buses == i);
	}
	CHECK_EQ(sigaction(SIGBUS, NULL, &old), 0);
	CHECK(old.sa_sigaction == on_bus);
	CHECK_EQ(sigaction(SIGSEGV, NULL, &old), 0);
	CHECK(old.sa_sigaction == on_segv);
}

static void handlers_set_before_the_device_is_opened(void)
{
	handle(SIGSEGV, on_segv, 0);
	handle(SIGBUS, on_bus, 0);
	ex_start(&ex, 64, 1, 8, -1);
	CHECK(!load(ex_at(&ex, 3) + 5));
	CHECK(segvs == 1 && buses == 0 && seen_addr == ex_at(&ex, 3) + 5);
}

static void handler_on_its_own_stack(void)
{
	const size_t size = 64 << 10;
	char *stack = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t alt = { .ss_sp = stack, .ss_size = size };

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(sigaltstack(&alt, NULL), 0);
	handle(SIGSEGV, on_segv, SA_ONSTACK);
	CHECK(!load(ex_at(&ex, 3)));
	CHECK(seen_stack >= stack && seen_stack < stack + size);
	handle(SIGSEGV, on_segv, 0);
	CHECK(!load(ex_at(&ex, 3)));
	CHECK(seen_stack < stack || seen_stack >= stack + size);
}

static void touch_after_reset(struct ex *own)
{
	ex_start(own, 64, 1, 8, -1);
	handle(SIGSEGV, on_segv, SA_RESETHAND);
	CHECK(!load(ex_at(own, 1)));
	CHECK_EQ(segvs, 1);
	load(ex_at(own, 1));
}

static void handler_that_resets(void)
{
	int status = status_of_child(touch_after_reset, &ex);

	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
}

static void fault_in_thread(int id)
{
	siginfo_t info;

	for (int i = 0; i < 200; i++) {
		char *addr = ex_at(&ex, 16 * id + i % 16) + 7 * id;

		CHECK(faults(addr, i % 2, &info));
		CHECK(info.si_addr == addr);
		CHECK_EQ(info.si_code, SEGV_MAPERR);
	}
}

static void threads_fault_at_once(void)
{
	ex_start(&ex, 64, 1, 8, -1);
	run_threads(4, fault_in_thread);
}

/* Pages 5 and 7 are mapped, 6 and 8 are not: transfers stop at the hole. */
static void transfers_end_at_a_missing_page(void)
{
	int zero = open("/dev/zero", O_RDONLY), memory = memfd_create("target", 0), pipes[2];
	char *copy = malloc(2 * PAGE);
	struct iovec iov[2];

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(ALLOC(&ex, 0, 5, 1), 1);
	CHECK_EQ(ALLOC(&ex, 0, 7, 1), 1);
	memset(ex_at(&ex, 5), 0x29, PAGE);
	iov[0] = (struct iovec){ ex_at(&ex, 5), PAGE };
	iov[1] = (struct iovec){ ex_at(&ex, 6), PAGE };
	CHECK_EQ(writev(pipes[1], iov, 2), PAGE);
	CHECK_EQ(read(pipes[0], copy, 2 * PAGE), PAGE);
	CHECK_EQ(memcmp(copy, ex_at(&ex, 5), PAGE), 0);
	CHECK_EQ(write(memory, ex_at(&ex, 5), 2 * PAGE), PAGE);
	CHECK_EQ(readv(zero, iov, 2), PAGE);
	CHECK_EQ(read(zero, ex_at(&ex, 7), 2 * PAGE), PAGE);
	CHECK_EQ(*ex_at(&ex, 5), 0);
	CHECK_ERRNO(read(zero, ex_at(&ex, 6), PAGE), EFAULT);
	CHECK_ERRNO(writev(pipes[1], iov + 1, 1), EFAULT);
}

static void the_kernel_loses_freed_pages_too(void)
{
	int file = backing_file(16 * PAGE), pipes[2];
	struct stat st;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(ALLOC(&ex, 0, 5, 1), 1);
		strcpy(ex_at(&ex, 5), "/");
		CHECK_EQ(stat(ex_at(&ex, 5), &st), 0);
		CHECK_EQ(fstat(file, (void *)ex_at(&ex, 5)), 0);
		CHECK_EQ(pread(file, ex_at(&ex, 5) + 512, 512, 512), 512);
		CHECK_EQ((unsigned char)ex_at(&ex, 5)[600], backing_byte(600));
		CHECK_EQ(FREE(&ex, 0, 5, 1), 1);
		CHECK_ERRNO(stat(ex_at(&ex, 5), &st), EFAULT);
		CHECK_ERRNO(fstat(file, (void *)ex_at(&ex, 5)), EFAULT);
		CHECK_ERRNO(pread(file, ex_at(&ex, 5), PAGE, 0), EFAULT);
		CHECK_ERRNO(write(pipes[1], ex_at(&ex, 5), 1), EFAULT);
		CHECK_ERRNO(pipe((int *)ex_at(&ex, 5)), EFAULT);
	}
}

static void stats_writes_32_bytes(void)
{
	char *page = at_the_edge(PAGE);
	char *edge = page + PAGE;
	struct ex ex;

	ex_start(&ex, 64, 3, 8, backing_file(64 * PAGE));
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 3), 2 * PAGE, 0), 2 * PAGE);
	memset(page, 0xee, PAGE);
	CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_STATS, edge - 32), 0);
	CHECK_EQ(((struct exmap_ioctl_stats *)(edge - 32))->alloc_count, 2);
	CHECK_EQ((unsigned char)edge[-33], 0xee);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_STATS, edge - 16), EFAULT);
	CHECK_EQ(mprotect(page, PAGE, PROT_READ), 0);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_STATS, page), EFAULT);
}

static void stats_flag_needs_both_halves(void)
{
	int fd = ex_open();

	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
	CHECK_EQ(ex_stats(fd).flags & 1, 0);
	CHECK_EQ(ex_stats(fd).buffer_size, 8);
	ex_map(fd, 8);
	CHECK_EQ(ex_stats(fd).flags & 1, 1);
}

/* The clone does all the work, from the first call on. */
static void clone_before_setup(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	struct ex other = { .fd = ex_open(), .pages = 64 };

	CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_CLONE, other.fd), 0);
	CHECK_EQ(ex_setup(ex.fd, backing_file(64 * PAGE), 1, 8, 0), 0);
	CHECK_ERRNO(ex_setup(other.fd, -1, 1, 8, 0), EBUSY);
	ex.base = ex_map(ex.fd, 64);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, other.fd, 0), EBUSY);
	ex_interface(&ex, 0);
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 9), PAGE, 0), PAGE);
	CHECK(page_is_backing(&ex, 9));
	CHECK_EQ(pread(other.fd, ex_at(&ex, 8), PAGE, 0), PAGE);
	CHECK_EQ(ex_mapped(&other), 2);
	CHECK_EQ(close(other.fd), 0);
	CHECK_EQ(FREE(&ex, 0, 0, 64), 2);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), EPROTO);
	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
}

static void clone_of_other_files(void)
{
	int fd = ex_open(), closed = dup(fd);

	CHECK_EQ(close(closed), 0);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, closed), EBADFD);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, 0x7fffffff), EBADFD);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, backing_file(PAGE)), EINVAL);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, open("/dev/null", O_RDWR)), EINVAL);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, open("/", O_RDONLY)), EINVAL);
	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
}

/* A surface at a given distance from a multiple of 2 MiB. */
static void start_skewed(struct ex *ex, size_t skew, size_t pages, int frames)
{
	char *room = hole(pages * PAGE + 2 * MIB2);
	char *start = (char *)(((uintptr_t)room + MIB2 - 1) & ~(MIB2 - 1)) + skew;

	*ex = (struct ex){ .fd = ex_open(), .pages = pages };
	ex->base = mmap(start, pages * PAGE, RW, MAP_SHARED | MAP_FIXED, ex->fd, 0);
	CHECK(ex->base == start);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, frames, 0), 0);
	ex_interface(ex, 0);
}

static void *export_words(int fd, size_t length, int prot)
{
	return mmap(NULL, length, prot, MAP_SHARED, fd, EXMAP_OFF_PTEXPORT);
}

static void export_needs_both_ends_aligned(void)
{
	struct ex ex;

	start_skewed(&ex, 0, 513, 8);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EFAULT);
	start_skewed(&ex, PAGE, 511, 8);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EFAULT);
	start_skewed(&ex, PAGE, 512, 8);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EFAULT);
}

static void export_words_name_different_frames(void)
{
	volatile uint64_t *words;
	struct ex ex;

	start_skewed(&ex, 0, 1024, 600);
	words = export_words(ex.fd, 100, PROT_READ); /* shorter will do: one page is 512 words */
	if (words == MAP_FAILED && errno == EPERM)
		SKIP("this backend has page-table export switched off");
	CHECK(words != MAP_FAILED);
	CHECK_EQ(ALLOC(&ex, 0, 100, 100), 100);
	memset(ex_at(&ex, 100), 1, 100 * PAGE);
	for (int i = 0; i < 512; i++) {
		if (i < 100 || i >= 200) {
			CHECK_EQ(words[i], 0);
			continue;
		}
		CHECK_EQ(words[i] & 0x67, 0x67);
		CHECK(words[i] >> 63);
		for (int j = 100; j < i; j++)
			CHECK((words[i] ^ words[j]) << 12 >> 24);
	}
	CHECK_EQ(FREE(&ex, 0, 0, 1024), 100);
	for (int i = 0; i < 512; i++)
		CHECK_EQ(words[i], 0);
}

const struct test more_access_tests[] = {
	{ "6.1", "handler_without_nodefer", handler_without_nodefer },
	{ "6.1", "handler_with_nodefer", handler_with_nodefer },
	{ "6.1", "each_fault_finds_its_own_handler", each_fault_finds_its_own_handler },
	{ "6.1", "handlers_set_before_the_device_is_opened",
	  handlers_set_before_the_device_is_opened },
	{ "6.1", "handler_on_its_own_stack", handler_on_its_own_stack },
	{ "6.1", "handler_that_resets", handler_that_resets },
	{ "6.1", "threads_fault_at_once", threads_fault_at_once },
	{ "6.2", "transfers_end_at_a_missing_page", transfers_end_at_a_missing_page },
	{ "6.2", "the_kernel_loses_freed_pages_too", the_kernel_loses_freed_pages_too },
	{ "7.1", "stats_writes_32_bytes", stats_writes_32_bytes },
	{ "7.1", "stats_flag_needs_both_halves", stats_flag_needs_both_halves },
	{ "7.2", "clone_before_setup", clone_before_setup },
	{ "7.2", "clone_of_other_files", clone_of_other_files },
	{ "7.3", "export_needs_both_ends_aligned", export_needs_both_ends_aligned },
	{ "7.3", "export_words_name_different_frames", export_words_name_different_frames },
	{ 0 },
};

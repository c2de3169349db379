// SPDX-License-Identifier: MIT
/* faults.c - clause 6.1: the client touches a page that is not mapped, or not allowed */

#include "harness.h"

#include <setjmp.h>

static struct ex ex;
static sigjmp_buf jump;
static volatile sig_atomic_t segvs, buses;
static char *volatile seen_addr;
static char *volatile seen_stack;

static void missing_page_is_segv_maperr(void)
{
	siginfo_t info;

	ex_start(&ex, 64, 1, 8, -1);
	for (int i = 0; i < 64; i += 9) {
		char *addr = ex_at(&ex, i) + i * 64 + 5;

		CHECK(faults(addr, i % 2, &info));
		CHECK_EQ(info.si_signo, SIGSEGV);
		CHECK_EQ(info.si_code, SEGV_MAPERR);
		CHECK(info.si_addr == addr);
	}
	CHECK_EQ(ALLOC(&ex, 0, 9, 1), 1);
	CHECK(!faults(ex_at(&ex, 9), true, &info));
	CHECK_EQ(FREE(&ex, 0, 9, 1), 1);
	CHECK(faults(ex_at(&ex, 9) + 77, true, &info));
	CHECK_EQ(info.si_code, SEGV_MAPERR);
	CHECK(info.si_addr == ex_at(&ex, 9) + 77);
}

static void missing_page_before_setup(void)
{
	siginfo_t info;
	int fd = ex_open();
	char *base = ex_map(fd, 8);

	CHECK(faults(base + 8, false, &info));
	CHECK_EQ(info.si_code, SEGV_MAPERR);
}

static void touch_without_handler(struct ex *ex)
{
	ex_start(ex, 64, 1, 8, -1);
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)ex_at(ex, 5) = 1;
}

static void touch_ignoring(struct ex *ex)
{
	ex_start(ex, 64, 1, 8, -1);
	signal(SIGSEGV, SIG_IGN);
	*(volatile char *)ex_at(ex, 5) = 1;
}

static void without_handler_the_client_dies_of_segv(void)
{
	struct ex ex;
	int status = status_of_child(touch_without_handler, &ex);

	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
	status = status_of_child(touch_ignoring, &ex);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
}

static volatile sig_atomic_t handled;

static void allocate_it(int sig)
{
	(void)sig;
	handled++;
}

static void allocate_in_handler(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	handled++;
	ALLOC(&ex, 0, ((char *)info->si_addr - ex.base) / PAGE, 1);
}

static void handler_may_allocate_and_return(void)
{
	struct sigaction action = {
		.sa_sigaction = allocate_in_handler,
		.sa_flags = SA_SIGINFO,
	};
	struct sigaction old;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(sigaction(SIGSEGV, &action, NULL), 0);
	for (int i = 0; i < 8; i++)
		*(volatile char *)ex_at(&ex, 3 * i) = i;
	CHECK_EQ(handled, 8);
	CHECK_EQ(sigaction(SIGSEGV, NULL, &old), 0);
	CHECK(old.sa_sigaction == allocate_in_handler);
	CHECK(old.sa_flags & SA_SIGINFO);
	CHECK((void *)signal(SIGSEGV, allocate_it) == (void *)allocate_in_handler);
	CHECK(signal(SIGSEGV, SIG_DFL) == allocate_it);
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	segvs++;
	seen_addr = info->si_addr;
	/* Under AddressSanitizer a local variable may lie elsewhere. */
	seen_stack = __builtin_frame_address(0);
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
	/* Stored, because valgrind leaves out a load whose value is unused. */
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

/* With SA_NODEFER the handler runs with SIGSEGV unblocked: there is no mask to restore. */
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
		/* Past the end of the file: this SIGBUS is not the exmap's. */
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

static void read_only_surface(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	siginfo_t info;

	ex.base = mmap(NULL, 64 * PAGE, PROT_READ, MAP_SHARED, ex.fd, 0);
	CHECK(ex.base != MAP_FAILED);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	ex_interface(&ex, 0);
	CHECK_EQ(ALLOC(&ex, 0, 1, 1), 1);
	CHECK(!faults(ex_at(&ex, 1), false, &info));
	CHECK(faults(ex_at(&ex, 1), true, &info));
	CHECK_EQ(info.si_code, SEGV_ACCERR);
	CHECK_EQ(FREE(&ex, 0, 1, 1), 1);
	CHECK(faults(ex_at(&ex, 1), false, &info));
	CHECK_EQ(info.si_code, SEGV_MAPERR);
}

static void read_only_fd_maps_read_only(void)
{
	int fd = open(test_device, O_RDONLY);
	char *base;

	CHECK(fd >= 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
	base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(base != MAP_FAILED);
	CHECK_ERRNO(mprotect(base, PAGE, PROT_READ | PROT_WRITE), EACCES);
}

const struct test fault_tests[] = {
	{ "6.1", "missing_page_is_segv_maperr", missing_page_is_segv_maperr },
	{ "6.1", "missing_page_before_setup", missing_page_before_setup },
	{ "6.1", "without_handler_the_client_dies_of_segv",
	  without_handler_the_client_dies_of_segv },
	{ "6.1", "handler_may_allocate_and_return", handler_may_allocate_and_return },
	{ "6.1", "handler_without_nodefer", handler_without_nodefer },
	{ "6.1", "handler_with_nodefer", handler_with_nodefer },
	{ "6.1", "each_fault_finds_its_own_handler", each_fault_finds_its_own_handler },
	{ "6.1", "handlers_set_before_the_device_is_opened",
	  handlers_set_before_the_device_is_opened },
	{ "6.1", "handler_on_its_own_stack", handler_on_its_own_stack },
	{ "6.1", "handler_that_resets", handler_that_resets },
	{ "6.1", "threads_fault_at_once", threads_fault_at_once },
	{ "6.1", "read_only_surface", read_only_surface },
	{ "6.1", "read_only_fd_maps_read_only", read_only_fd_maps_read_only },
	{ 0 },
};

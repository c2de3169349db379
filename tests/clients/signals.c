// SPDX-License-Identifier: MIT
/*
 * signals - a program's own signal settings are kept, and its faults are its own
 *
 * The emulator handles SIGSEGV and SIGBUS itself. A client must still see the handlers that it
 * has set, get the signals that the kernel would send it, and die of them as it would.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "check.h"

#define PAGES ((size_t)64)

/* glibc shows this kernel-internal flag where the setting came back from the kernel. */
#define RESTORER 0x04000000

static struct client pool;
static sigjmp_buf escape;
static volatile sig_atomic_t got_signal, got_code, usr1_in_handler, usr1_seen, on_altstack;
static void *volatile got_addr;
static unsigned char altstack[64 * 1024];
static sigset_t mask_in_handler;

static void simple_handler(int signum)
{
	got_signal = signum;
	siglongjmp(escape, 1);
}

static void info_handler(int signum, siginfo_t *info, void *context)
{
	/* Under AddressSanitizer a local variable may lie elsewhere. */
	unsigned char *here = __builtin_frame_address(0);

	(void)context;
	got_signal = signum;
	got_code = info->si_code;
	got_addr = info->si_addr;
	on_altstack = here >= altstack && here < altstack + sizeof(altstack);
	pthread_sigmask(SIG_BLOCK, NULL, &mask_in_handler);
	siglongjmp(escape, 1);
}

static void usr1_handler(int signum)
{
	(void)signum;
	usr1_seen++;
}

/* Mends the fault and returns: the access is then done again and works. */
static void mending_handler(int signum, siginfo_t *info, void *context)
{
	size_t page = (size_t)((unsigned char *)info->si_addr - pool.mem) / PAGE;

	(void)context;
	got_signal = signum;
	raise(SIGUSR1);
	usr1_in_handler = usr1_seen;
	pthread_sigmask(SIG_BLOCK, NULL, &mask_in_handler);
	if (client_alloc(&pool, 0, page, 1) != 1)
		_exit(98);
}

static void install(int signum, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = fn;
	sa.sa_flags = SA_SIGINFO | flags;
	CHECK(sigaction(signum, &sa, NULL) == 0);
}

/* Touches p. Return: the signal that it raised, or 0; got_* say more about it. */
static int touch(const volatile unsigned char *p)
{
	got_signal = got_code = on_altstack = 0;
	got_addr = NULL;
	if (sigsetjmp(escape, 1) == 0)
		(void)*p;
	return got_signal;
}

static void test_signal(void)
{
	void (*old)(int) = signal(SIGSEGV, simple_handler);
	int i;

	CHECK(old == SIG_DFL);
	for (i = 0; i < 100; i++)
		if (touch(pool.mem + 7) != SIGSEGV)
			break;
	CHECK(i == 100);
	CHECK(signal(SIGSEGV, SIG_DFL) == simple_handler);
}

static void test_info(void)
{
	volatile uintptr_t eight = 8;

	install(SIGSEGV, info_handler, 0);
	CHECK(touch(pool.mem + 5 * PAGE + 123) == SIGSEGV);
	CHECK(got_addr == pool.mem + 5 * PAGE + 123 && got_code == SEGV_MAPERR);
	CHECK(sigismember(&mask_in_handler, SIGSEGV) && !sigismember(&mask_in_handler, SIGUSR1));

	/* A fault of the client's own arrives as without the emulator. */
	CHECK(touch((unsigned char *)eight) == SIGSEGV);
	CHECK(got_addr == (void *)8 && got_code == SEGV_MAPERR);
	CHECK(client_alloc(&pool, 0, 6, 1) == 1);
	CHECK(touch(pool.mem + 6 * PAGE) == 0);
	CHECK(client_free(&pool, 0, 6, 1) == 1);

	install(SIGSEGV, info_handler, SA_NODEFER);
	CHECK(touch(pool.mem + 9) == SIGSEGV);
	CHECK(!sigismember(&mask_in_handler, SIGSEGV));
	got_signal = 0;
	if (sigsetjmp(escape, 1) == 0)
		raise(SIGSEGV);
	CHECK(got_signal == SIGSEGV && got_code == SI_TKILL);
}

/* The stack that a handler is on stays. */
static void on_stack_handler(int signum, siginfo_t *info, void *context)
{
	stack_t stack = { .ss_flags = SS_DISABLE }, old;

	(void)signum;
	(void)info;
	(void)context;
	usr1_seen++;
	CHECK_ERR(sigaltstack(&stack, NULL), EPERM);
	CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_ONSTACK);
}

static void test_altstack(void)
{
	stack_t stack = { .ss_sp = altstack, .ss_size = 100 }, old;

	CHECK_ERR(sigaltstack(&stack, NULL), ENOMEM);
	stack.ss_size = sizeof(altstack);
	CHECK(sigaltstack(&stack, &old) == 0);
	install(SIGUSR1, on_stack_handler, SA_ONSTACK);
	usr1_seen = 0;
	raise(SIGUSR1);
	CHECK(usr1_seen == 1);
	install(SIGSEGV, info_handler, SA_ONSTACK);
	CHECK(touch(pool.mem) == SIGSEGV && on_altstack);
	CHECK(touch(pool.mem + PAGE) == SIGSEGV && on_altstack);
	install(SIGSEGV, info_handler, 0);
	CHECK(touch(pool.mem) == SIGSEGV && !on_altstack);
	stack.ss_flags = SS_DISABLE;
	CHECK(sigaltstack(&stack, NULL) == 0);
}

static void test_mask(void)
{
	struct sigaction sa;
	sigset_t now;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = usr1_handler;
	CHECK(sigaction(SIGUSR1, &sa, NULL) == 0);
	sa.sa_sigaction = mending_handler;
	sa.sa_flags = SA_SIGINFO;
	sigaddset(&sa.sa_mask, SIGUSR1);
	sigaddset(&sa.sa_mask, SIGTERM);
	CHECK(sigaction(SIGSEGV, &sa, NULL) == 0);
	usr1_seen = 0;
	got_signal = 0;
	*(volatile unsigned char *)(pool.mem + 10 * PAGE + 1) = 77;
	CHECK(got_signal == SIGSEGV && pool.mem[10 * PAGE + 1] == 77);
	/* SIGUSR1 waited until the handler was done. */
	CHECK(usr1_in_handler == 0 && usr1_seen == 1);
	CHECK(sigismember(&mask_in_handler, SIGTERM) && sigismember(&mask_in_handler, SIGSEGV));
	CHECK(!sigismember(&mask_in_handler, SIGUSR2));
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
	CHECK(!sigismember(&now, SIGTERM) && !sigismember(&now, SIGSEGV) &&
	      !sigismember(&now, SIGBUS));
	CHECK(client_free(&pool, 0, 10, 1) == 1);
}

static void check_query(int signum)
{
	struct sigaction sa, got;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = info_handler;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigaddset(&sa.sa_mask, SIGUSR2);
	CHECK(sigaction(signum, &sa, NULL) == 0);
	sa.sa_sigaction = NULL;
	memset(&got, 0xff, sizeof(got));
	CHECK(sigaction(signum, NULL, &got) == 0);
	CHECK(got.sa_sigaction == info_handler);
	CHECK((got.sa_flags & ~RESTORER) == (SA_SIGINFO | SA_ONSTACK | SA_RESTART));
	CHECK(sigismember(&got.sa_mask, SIGUSR2) == 1 && sigismember(&got.sa_mask, SIGUSR1) == 0);
	CHECK(sigismember(&got.sa_mask, SIGSEGV) == 0);
}

static void check_still(int signum)
{
	struct sigaction got, dfl;

	memset(&dfl, 0, sizeof(dfl));
	CHECK(sigaction(signum, &dfl, &got) == 0);
	CHECK(got.sa_sigaction == info_handler);
	CHECK((got.sa_flags & ~RESTORER) == (SA_SIGINFO | SA_ONSTACK | SA_RESTART));
	CHECK(sigaction(signum, NULL, &got) == 0);
	CHECK(got.sa_handler == SIG_DFL);
}

static volatile sig_atomic_t ticks, tick_faults;

/* Like a sampling profiler that looks at pages, whatever its thread was just doing. */
static void tick(int signum)
{
	sigjmp_buf outer;

	(void)signum;
	ticks++;
	memcpy(&outer, &escape, sizeof(outer));
	tick_faults += touch(pool.mem + 60 * PAGE) == SIGSEGV;
	memcpy(&escape, &outer, sizeof(outer));
}

static void test_in_the_middle(void)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	int bad = 0;

	install(SIGSEGV, info_handler, 0);
	CHECK(signal(SIGPROF, tick) != SIG_ERR);
	CHECK(setitimer(ITIMER_PROF, &often, NULL) == 0);
	while (ticks < 50) {
		bad += client_alloc(&pool, 0, 0, 16) != 16;
		bad += client_free(&pool, 0, 0, 16) != 16;
	}
	CHECK(setitimer(ITIMER_PROF, &never, NULL) == 0);
	signal(SIGPROF, SIG_IGN);
	CHECK(bad == 0);
	CHECK(tick_faults == ticks);
}

/* The client's own SIGBUS, from a file that shrank under its mapping. */
static void test_sigbus(void)
{
	int fd = memfd_create("shrunk", MFD_CLOEXEC);
	unsigned char *p;

	check_need(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0, "memfd");
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check_need(p != MAP_FAILED, "mmap");
	p[PAGE] = 1;
	check_need(ftruncate(fd, PAGE) == 0, "ftruncate");
	install(SIGSEGV, info_handler, 0);
	install(SIGBUS, info_handler, 0);
	CHECK(touch(p) == 0);
	CHECK(touch(p + PAGE + 9) == SIGBUS);
	CHECK(got_addr == p + PAGE + 9 && got_code == BUS_ADRERR);
	CHECK(touch(pool.mem + 9) == SIGSEGV);
	CHECK(got_code == SEGV_MAPERR);
	CHECK(signal(SIGBUS, SIG_DFL) != SIG_ERR);
	munmap(p, 2 * PAGE);
	close(fd);
}

/* Runs fn in a child. Return: the signal it died of; text is what it said on stderr. */
static int dies(void (*fn)(void), char *text, size_t size)
{
	struct rlimit none = { 0, 0 };
	int ends[2], status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	check_need(pipe(ends) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		alarm(30);
		dup2(ends[1], STDERR_FILENO);
		if (client_open(&pool, PAGES, 8, 1, -1))
			_exit(97);
		fn();
		_exit(96);
	}
	close(ends[1]);
	while (len < size - 1 && (n = read(ends[0], text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(ends[0]);
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void die_default(void)
{
	signal(SIGSEGV, SIG_DFL);
	(void)*(volatile unsigned char *)(pool.mem + 3 * PAGE);
}

static void die_ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	(void)*(volatile unsigned char *)(pool.mem + 3 * PAGE);
}

static void returning_handler(int signum)
{
	got_signal = signum;
	if (write(STDERR_FILENO, "once\n", 5) != 5)
		_exit(95);
}

static void die_reset(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = returning_handler;
	sa.sa_flags = SA_RESETHAND;
	sigaction(SIGSEGV, &sa, NULL);
	(void)*(volatile unsigned char *)(pool.mem + 3 * PAGE);
}

static void die_blocked(void)
{
	sigset_t set;

	signal(SIGSEGV, simple_handler);
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (sigsetjmp(escape, 1) == 0)
		(void)*(volatile unsigned char *)(pool.mem + 3 * PAGE);
}

static void faulting_handler(int signum)
{
	(void)signum;
	(void)*(volatile unsigned char *)(pool.mem + 4 * PAGE);
}

/* A handler without SA_NODEFER runs with its signal blocked. */
static void die_in_handler(void)
{
	signal(SIGSEGV, faulting_handler);
	(void)*(volatile unsigned char *)(pool.mem + 3 * PAGE);
}

static void die_elsewhere(void)
{
	volatile uintptr_t eight = 8;

	signal(SIGSEGV, SIG_DFL);
	*(volatile unsigned char *)eight = 1;
}

/*
 * The emulator can say something only where the kernel reports the fault as a SIGBUS: a SIGSEGV that
 * is blocked never reaches it.
 */
static void check_blocked_text(const char *text)
{
	const char *options = getenv("EXMAP_OPTIONS");
	int by_sigbus = options && (strstr(options, "=move") || strstr(options, "=copy"));

	CHECK(!strstr(text, "has no SIGSEGV handler"));
	CHECK(!by_sigbus || strstr(text, "SIGSEGV is blocked"));
}

static void test_deaths(void)
{
	char text[4096], *once;

	CHECK(dies(die_default, text, sizeof(text)) == SIGSEGV);
	if (check_emulated()) {
		CHECK(strchr(text, '\n') && strchr(text, '\n')[1] == '\0'); /* one line */
		CHECK(strstr(text, "page 3") != NULL);
	}
	CHECK(dies(die_ignored, text, sizeof(text)) == SIGSEGV);
	CHECK(dies(die_reset, text, sizeof(text)) == SIGSEGV);
	once = strstr(text, "once\n");
	CHECK(once && !strstr(once + 1, "once\n"));
	/* A fault kills at once if its signal is blocked, handler or not. */
	CHECK(dies(die_blocked, text, sizeof(text)) == SIGSEGV);
	check_blocked_text(text);
	CHECK(dies(die_in_handler, text, sizeof(text)) == SIGSEGV);
	check_blocked_text(text);
	CHECK(dies(die_elsewhere, text, sizeof(text)) == SIGSEGV);
}

int main(void)
{
	check_query(SIGSEGV);
	check_query(SIGBUS);
	check_need(client_open(&pool, PAGES, 32, 1, -1) == 0, "exmap");
	check_still(SIGSEGV);
	check_still(SIGBUS);
	check_query(SIGSEGV);
	check_query(SIGBUS);
	check_still(SIGSEGV);
	check_still(SIGBUS);
	test_signal();
	test_info();
	test_altstack();
	test_mask();
	test_in_the_middle();
	test_sigbus();
	signal(SIGSEGV, SIG_DFL);
	test_deaths();
	client_close(&pool);
	return check_done();
}

// SPDX-License-Identifier: MIT
/* masks - blocked signals: a missing page is SIGSEGV all the same, and calls are served */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"

#define PAGES ((size_t)64)

/* Some programs still use the calls that came before sigaction(). */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static struct client pool;
static sigjmp_buf escape;
static volatile sig_atomic_t got, calls, buses;

static void on_fault(int signum)
{
	got = signum;
	siglongjmp(escape, 1);
}

static int touch(size_t page)
{
	got = 0;
	if (sigsetjmp(escape, 1) == 0)
		(void)*(volatile unsigned char *)(pool.mem + page * PAGE);
	return got;
}

static void on_bus(int signum)
{
	(void)signum;
	buses++;
}

static int blocks(int signum)
{
	sigset_t now;

	return pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, signum);
}

static void *in_thread(void *arg)
{
	(void)arg;
	CHECK(blocks(SIGBUS) && !blocks(SIGSEGV));
	CHECK(touch(3) == SIGSEGV);
	return NULL;
}

/* All signals but SIGSEGV are blocked before the exmap is opened. */
static void test_blocked(void)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	pthread_t thread;
	sigset_t set, old;

	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	CHECK(pthread_sigmask(SIG_SETMASK, &set, NULL) == 0);
	check_need(client_open(&pool, PAGES, 32, 1, -1) == 0, "exmap");
	CHECK(blocks(SIGBUS) && touch(1) == SIGSEGV);
	CHECK(sigprocmask(SIG_SETMASK, &set, &old) == 0 && sigismember(&old, SIGBUS));
	CHECK(touch(1) == SIGSEGV);
	check_need(pthread_create(&thread, NULL, in_thread, NULL) == 0, "thread");
	pthread_join(thread, NULL);

	/* A SIGBUS that is sent waits until it is unblocked. */
	CHECK(signal(SIGBUS, on_bus) != SIG_ERR);
	pthread_kill(pthread_self(), SIGBUS);
	CHECK(buses == 0);
	sigemptyset(&set);
	CHECK(sigprocmask(SIG_SETMASK, &set, &old) == 0 && sigismember(&old, SIGBUS));
	CHECK(buses == 1 && !blocks(SIGBUS));

	/* One goes, others stay; and those that nobody has blocked stay so. */
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && blocks(SIGUSR1) && blocks(SIGTERM));
	sigdelset(&set, SIGTERM);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && !blocks(SIGUSR1) && blocks(SIGTERM));
	CHECK(!blocks(SIGUSR2) && !blocks(SIGBUS));
	sigemptyset(&set);
	CHECK(sigprocmask(SIG_SETMASK, &set, NULL) == 0 && !blocks(SIGTERM));

	/* And one that is ignored is. */
	CHECK(signal(SIGBUS, SIG_IGN) == on_bus);
	pthread_kill(pthread_self(), SIGBUS);
	CHECK(buses == 1 && touch(1) == SIGSEGV);
	CHECK(signal(SIGBUS, on_bus) == SIG_IGN);
}

static void in_handler(int signum)
{
	(void)signum;
	CHECK(touch(5) == SIGSEGV);
	calls++;
}

static void test_handler(void)
{
	struct sigaction action = { .sa_handler = in_handler };
	struct sigaction seen;

	sigfillset(&action.sa_mask);
	sigdelset(&action.sa_mask, SIGSEGV);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(sigaction(SIGUSR1, NULL, &seen) == 0);
	CHECK(sigismember(&seen.sa_mask, SIGBUS) && sigismember(&seen.sa_mask, SIGSYS));
	CHECK(!sigismember(&seen.sa_mask, SIGSEGV));
	calls = 0;
	raise(SIGUSR1);
	CHECK(calls == 1);
}

static void test_old_calls(void)
{
	struct sigaction fault;

	CHECK(sigaction(SIGSEGV, NULL, &fault) == 0);
	CHECK(sighold(SIGBUS) == 0 && blocks(SIGBUS) && touch(1) == SIGSEGV);
	CHECK(sigset(SIGBUS, on_bus) == SIG_HOLD && !blocks(SIGBUS));
	CHECK(sigset(SIGBUS, SIG_HOLD) == on_bus && blocks(SIGBUS) && touch(1) == SIGSEGV);
	CHECK(sigrelse(SIGBUS) == 0 && !blocks(SIGBUS));
	CHECK(sigignore(SIGBUS) == 0 && touch(1) == SIGSEGV);
	CHECK(sigset(SIGSEGV, SIG_DFL) == on_fault);
	CHECK(sigaction(SIGSEGV, &fault, NULL) == 0 && touch(1) == SIGSEGV);
	CHECK(siginterrupt(SIGSEGV, 0) == 0 && touch(1) == SIGSEGV);
	CHECK(sigblock(1 << (SIGBUS - 1)) == 0 && touch(1) == SIGSEGV);
	CHECK(sigsetmask(0) == 1 << (SIGBUS - 1) && !blocks(SIGBUS));
}

/* Uses the exmap while the interrupted call has every other signal blocked. */
static void calling(int signum)
{
	(void)signum;
	calls += client_alloc(&pool, 0, 8, 2) == 2 && client_free(&pool, 0, 8, 2) == 2;
}

/* SIGUSR1 is pending, so the calls return at once, with EINTR. */
#define CHECK_WAIT(call)                                             \
	do {                                                         \
		calls = 0;                                           \
		pthread_kill(pthread_self(), SIGUSR1);               \
		CHECK((call) == -1 && errno == EINTR && calls == 1); \
	} while (0)

static void test_waits(void)
{
	struct sigaction action = { .sa_handler = calling };
	struct epoll_event event;
	sigset_t others, usr1;
	struct {
		sigset_t *mask;
		size_t size;
	} sized = { &others, 8 };
	int poller = epoll_create1(EPOLL_CLOEXEC);

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &usr1, NULL) == 0);
	sigfillset(&others);
	sigdelset(&others, SIGUSR1);
	CHECK_WAIT(sigsuspend(&others));
	CHECK_WAIT(ppoll(NULL, 0, NULL, &others));
	CHECK_WAIT(pselect(0, NULL, NULL, NULL, NULL, &others));
	CHECK_WAIT(epoll_pwait(poller, &event, 1, -1, &others));
	CHECK_WAIT(syscall(SYS_rt_sigsuspend, &others, 8));
	CHECK_WAIT(syscall(SYS_ppoll, NULL, 0, NULL, &others, 8));
	CHECK_WAIT(syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, &sized));
	CHECK_WAIT(syscall(SYS_epoll_pwait, poller, &event, 1, -1, &others, 8));
	CHECK_ERR(syscall(SYS_rt_sigsuspend, 8, 8), EFAULT);
	close(poller);
	CHECK(sigprocmask(SIG_UNBLOCK, &usr1, NULL) == 0);
}

/* A SIGBUS of the client's own, from a file that shrank under its mapping, does not wait. */
static void test_death(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = memfd_create("shrunk", MFD_CLOEXEC);
		sigset_t all;
		char *p;

		sigfillset(&all);
		if (client_open(&pool, PAGES, 8, 1, -1) || ftruncate(fd, PAGE))
			_exit(97);
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED || ftruncate(fd, 0) || sigprocmask(SIG_SETMASK, &all, NULL))
			_exit(98);
		signal(SIGBUS, on_bus);
		*(volatile char *)p = 1;
		_exit(96);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

int main(void)
{
	test_blocked();
	test_handler();
	test_old_calls();
	test_waits();
	test_death();
	client_close(&pool);
	return check_done();
}

// SPDX-License-Identifier: MIT
/*
 * fork_busy - _Fork() and clone() while other threads open, map and close exmaps
 *
 * A child has a copy of each lock, in the state that it had at the fork. It must be able to use an
 * exmap of its own all the same.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"
#include "tests/call.h"

#define PAGES 16
#define ROUNDS 160

static struct client pool;
static int stop;

static int use_another(void)
{
	struct client c;
	int ok = client_open(&c, PAGES, 8, 1, -1) == 0 && client_alloc(&c, 0, 3, 2) == 2;

	if (ok)
		client_close(&c);
	return ok;
}

static void *churn(void *arg)
{
	long bad = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		bad += !use_another();
	return (void *)bad;
}

static int in_child(void *arg)
{
	(void)arg;
	alarm(30); /* A child that hangs is a failure, not a hung test. */
	if (client_alloc(&pool, 0, 0, 1) != -1 || errno != EPROTO)
		return 1;
	return use_another() ? 0 : 2;
}

static int outcome(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int by_fork(void)
{
	pid_t pid = _Fork();

	if (pid == 0)
		_exit(in_child(NULL));
	return outcome(pid);
}

static int by_syscall(void)
{
	pid_t pid = (pid_t)syscall(CALL_FORK);

	if (pid == 0)
		_exit(in_child(NULL));
	return outcome(pid);
}

static int by_clone(void)
{
	static char stack[256 * 1024] __attribute__((aligned(16)));

	return outcome(clone(in_child, stack + sizeof(stack), SIGCHLD, NULL));
}

static void test(int (*make)(void))
{
	int rounds = check_rounds(ROUNDS);
	int i;

	for (i = 0; i < rounds; i++)
		if (make() != 0)
			break;
	CHECK(i == rounds);
}

int main(void)
{
	pthread_t threads[2];
	void *bad;
	int i;

	check_need(client_open(&pool, PAGES, 8, 1, -1) == 0, "exmap");
	for (i = 0; i < 2; i++)
		check_need(!pthread_create(&threads[i], NULL, churn, NULL), "thread");
	test(by_fork);
	test(by_syscall);
	test(by_clone);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &bad);
		CHECK(bad == NULL);
	}
	client_close(&pool);
	return check_done();
}

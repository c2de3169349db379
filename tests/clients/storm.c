// SPDX-License-Identifier: MIT
/*
 * storm - processes and threads come and go while an exmap is at work
 *
 * storm [ITERATIONS [HELPER]]: HELPER is a program that is run again and again; one that
 * knows nothing of exmaps, and is linked statically, must not suffer from its parent's shim.
 */
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>

#include "check.h"

#define THREADS 4
#define EACH 64

extern char **environ;

static struct client pool;
static const char *helper = "/bin/true";
static int iterations = 200;

/* What each thread does again and again, on its own interface and pages. */
static int work(int id)
{
	size_t first = (size_t)id * EACH;
	int i;

	if (client_alloc(&pool, id, first, EACH) != EACH)
		return 0;
	for (i = 0; i < EACH; i++)
		pool.mem[(first + i) * PAGE] = (unsigned char)(id + i);
	for (i = 0; i < EACH; i++)
		if (pool.mem[(first + i) * PAGE] != (unsigned char)(id + i))
			return 0;
	return client_free(&pool, id, first, EACH) == EACH;
}

static int status_of(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* A forked child has the descriptor but not the exmap [1.4]; it may open its own. */
static void in_child(int id, int own)
{
	struct client c;

	if (client_action(pool.fd, id, EXMAP_OP_ALLOC, 1) != -1 || errno != EPROTO)
		_exit(1);
	if (own && (client_open(&c, EACH, EACH, 1, -1) || client_alloc(&c, 0, 0, 8) != 8))
		_exit(2);
	if (own)
		c.mem[0] = 1;
	_exit(0);
}

static void fork_one(int id, int own)
{
	pid_t pid = fork();

	if (!pid)
		in_child(id, own);
	CHECK(pid > 0 && status_of(pid) == 0);
}

static void spawn_one(void)
{
	char *argv[] = { (char *)helper, NULL };
	pid_t pid;

	CHECK(posix_spawn(&pid, helper, NULL, NULL, argv, environ) == 0 && status_of(pid) == 0);
}

static void exec_one(void)
{
	pid_t pid = fork();

	if (!pid) {
		execl(helper, helper, (char *)NULL);
		_exit(3);
	}
	CHECK(pid > 0 && status_of(pid) == 0);
}

static void *short_life(void *arg)
{
	return work((int)(intptr_t)arg) ? arg : (void *)-1;
}

/* The caller waits for the thread, so both may use one interface. */
static void thread_one(int id)
{
	void *arg = (void *)(intptr_t)id;
	pthread_t thread;
	void *result;

	if (CHECK(pthread_create(&thread, NULL, short_life, arg) == 0))
		CHECK(pthread_join(thread, &result) == 0 && result == arg);
}

static void *run(void *arg)
{
	int id = (int)(intptr_t)arg;
	int i;

	for (i = 0; i < iterations / THREADS; i++) {
		CHECK(work(id));
		switch ((i + id) % 5) {
		case 0:
			fork_one(id, 0);
			break;
		case 1:
			spawn_one();
			break;
		case 2:
			thread_one(id);
			break;
		case 3:
			exec_one();
			break;
		case 4:
			fork_one(id, 1);
			break;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	intptr_t i;

	if (argc > 1)
		iterations = atoi(argv[1]);
	if (getenv("EXMAP_TEST_LONG"))
		iterations *= 10;
	if (argc > 2)
		helper = argv[2];
	if (access(helper, X_OK))
		return 77;
	check_need(client_open(&pool, THREADS * EACH, THREADS * EACH, THREADS, -1) == 0, "exmap");
	for (i = 0; i < THREADS; i++)
		check_need(pthread_create(&threads[i], NULL, run, (void *)i) == 0, "thread");
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK(client_mapped(pool.fd) == 0);
	client_close(&pool);
	return check_done();
}

// SPDX-License-Identifier: MIT
/*
 * blocked - threads that had every signal blocked before the first exmap was opened
 *
 * The kernel may report a missing page as a SIGBUS. A thread that has it blocked gets its SIGSEGV all
 * the same, and sees the mask that it has set.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>

#include "check.h"

#define PAGES 16

static struct client pool;
static __thread sigjmp_buf escape;
static int opened;
static __thread volatile sig_atomic_t buses;

static void on_fault(int signum)
{
	siglongjmp(escape, signum);
}

static void on_bus(int signum)
{
	(void)signum;
	buses++;
}

/* Return: the signal that the access raises, or 0. */
static int touch(size_t page)
{
	int got = sigsetjmp(escape, 1);

	if (got == 0)
		(void)*(volatile unsigned char *)(pool.mem + page * PAGE);
	return got;
}

static int is_open(void)
{
	return __atomic_load_n(&opened, __ATOMIC_ACQUIRE);
}

static void *touch_in_thread(void *arg)
{
	(void)arg;
	CHECK(touch(5) == SIGSEGV);
	return NULL;
}

/* What each thread does once the exmap is mapped. */
static void use(void)
{
	pthread_t made;
	sigset_t now;
	int before;

	CHECK(touch(3) == SIGSEGV && touch(4) == SIGSEGV);
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGBUS) &&
	      sigismember(&now, SIGTERM));
	CHECK(pthread_create(&made, NULL, touch_in_thread, NULL) == 0);
	pthread_join(made, NULL);

	/* A SIGBUS that is sent waits until it is unblocked. */
	before = buses;
	pthread_kill(pthread_self(), SIGBUS);
	CHECK(buses == before);
	sigemptyset(&now);
	sigaddset(&now, SIGBUS);
	CHECK(pthread_sigmask(SIG_UNBLOCK, &now, NULL) == 0 && buses == before + 1);
	CHECK(touch(3) == SIGSEGV);
}

static void block_all(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	CHECK(pthread_sigmask(SIG_SETMASK, &set, NULL) == 0);
}

static sem_t ready;
static sem_t go;

static void *waiting(void *arg)
{
	(void)arg;
	block_all();
	sem_post(&ready);
	while (sem_wait(&go) && errno == EINTR)
		;
	use();
	return NULL;
}

static void *spinning(void *arg)
{
	(void)arg;
	block_all();
	sem_post(&ready);
	while (!is_open())
		;
	sem_post(&ready);
	while (sem_wait(&go) && errno == EINTR)
		;
	use();
	return NULL;
}

/* Blocks and unblocks all the time, and makes threads, which inherit the mask. */
static void *restless(void *arg)
{
	pthread_t made;
	sigset_t set;

	(void)arg;
	block_all();
	sem_post(&ready);
	while (!is_open()) {
		sigemptyset(&set);
		sigaddset(&set, SIGBUS);
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
		block_all();
	}
	CHECK(touch(6) == SIGSEGV);
	CHECK(pthread_create(&made, NULL, touch_in_thread, NULL) == 0);
	pthread_join(made, NULL);
	return NULL;
}

static pid_t unreachable;
static sem_t done;

/* Only by a raw system call can a thread block the signal that glibc keeps for itself. */
static void *unreached(void *arg)
{
	uint64_t mask = 1ULL << (SIGBUS - 1) | 1ULL << (33 - 1);

	(void)arg;
	unreachable = gettid();
	CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, sizeof(mask), 0L, 0L) == 0);
	sem_post(&ready);
	while (sem_wait(&done) && errno == EINTR)
		;
	return NULL;
}

static void *idle(void *arg)
{
	(void)arg;
	sem_post(&ready);
	while (sem_wait(&done) && errno == EINTR)
		;
	return NULL;
}

static void wait_for(sem_t *sem, int n)
{
	while (n) {
		if (sem_wait(sem) == 0)
			n--;
	}
}

int main(void)
{
	void *(*const runs[])(void *) = { waiting, waiting, spinning, restless, unreached };
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	const char *options = getenv("EXMAP_OPTIONS");
	int by_sigbus = options && (strstr(options, "=move") || strstr(options, "=copy"));
	char text[1024] = "", name[64];
	int saved = dup(STDERR_FILENO);
	pthread_t threads[5];
	int ends[2];
	int ret;
	int i;

	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	sem_init(&done, 0, 0);
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
	CHECK(signal(SIGBUS, on_bus) != SIG_ERR);
	for (i = 0; i < 5; i++)
		check_need(!pthread_create(&threads[i], NULL, runs[i], NULL), "thread");
	wait_for(&ready, 5);
	check_need(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0, "pipe");
	ret = client_open(&pool, PAGES, 8, 1, -1);
	dup2(saved, STDERR_FILENO);
	close(ends[1]);
	CHECK(read(ends[0], text, sizeof(text) - 1) >= 0);
	/* The message may say that this kernel lacks the strategy; ctest skips the test then. */
	if (ret)
		fputs(text, stderr);
	check_need(ret == 0, "exmap");
	__atomic_store_n(&opened, 1, __ATOMIC_RELEASE);
	wait_for(&ready, 1);
	for (i = 0; i < 3; i++)
		sem_post(&go);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	sem_post(&done);
	pthread_join(threads[4], NULL);

	/* The thread that cannot be reached is named, and no other. */
	snprintf(name, sizeof(name), "exmap: SIGBUS is blocked in thread %d, ", (int)unreachable);
	if (check_emulated())
		CHECK(by_sigbus ? !strncmp(text, name, strlen(name)) : !text[0]);

	/* glibc still has its signal. */
	for (i = 0; i < 2; i++)
		check_need(!pthread_create(&threads[i], NULL, idle, NULL), "thread");
	wait_for(&ready, 2);
	CHECK(setuid(getuid()) == 0);
	for (i = 0; i < 2; i++)
		sem_post(&done);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	client_close(&pool);
	return check_done();
}

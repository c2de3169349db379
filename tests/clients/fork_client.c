// SPDX-License-Identifier: MIT
/*
 * fork_client - children of a process that uses an exmap
 *
 * The exmap stays with the process that mapped it: a child gets EPROTO and
 * SIGSEGV, its parent notices nothing, and it can have an exmap of its own.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"
#include "tests/call.h"

#define PAGES 256

extern char **environ;

static struct client pool;

/* Exit status of the child, or 1000 + the signal that killed it. */
static int outcome(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_child(void *fn)
{
	alarm(30); /* A child that hangs is a failure, not a hung test. */
	return (*(int (**)(void))fn)();
}

static int in_child(int (*fn)(void))
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(run_child(&fn));
	return outcome(pid);
}

/* The child's checks are its own: its exit status says whether any failed. */
static int child_failures(unsigned int before)
{
	return check_failed == before ? 0 : 1;
}

static int child_calls(void)
{
	unsigned int before = check_failed;

	CHECK_ERR(client_action(pool.fd, 0, EXMAP_OP_ALLOC, 1), EPROTO);
	CHECK_ERR(client_action(pool.fd, 0, EXMAP_OP_FREE, 1), EPROTO);
	CHECK_ERR(pread(pool.fd, pool.mem + 9 * PAGE, PAGE, EXMAP_OP_ALLOC << 8), EPROTO);
	CHECK_ERR(mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pool.fd, 0), EPROTO);
	CHECK_ERR(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pool.fd,
		       (off_t)EXMAP_OFF_INTERFACE(0)),
		  EPROTO);
	return child_failures(before);
}

static int child_touches(void)
{
	signal(SIGSEGV, SIG_DFL);
	return *(volatile unsigned char *)pool.mem ? 2 : 3;
}

static int child_stores(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile unsigned char *)pool.mem = 1;
	return 3;
}

static sigjmp_buf escape;
static void *volatile fault_at;

static void on_fault(int signum, siginfo_t *info, void *context)
{
	(void)signum;
	(void)context;
	fault_at = info->si_addr;
	siglongjmp(escape, 1);
}

static int child_catches(void)
{
	struct sigaction sa;
	unsigned int before = check_failed;
	const unsigned char *p = pool.mem + 3 * PAGE + 21;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_fault;
	sa.sa_flags = SA_SIGINFO;
	CHECK(sigaction(SIGSEGV, &sa, NULL) == 0);
	if (sigsetjmp(escape, 1) == 0)
		(void)*(volatile const unsigned char *)p;
	CHECK(fault_at == p);
	return child_failures(before);
}

/* The child has nothing where its parent has the surface, and may map something there. */
static int child_uses_the_room(void)
{
	unsigned int before = check_failed;
	unsigned char *p = mmap(pool.mem, PAGES * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (!CHECK(p == pool.mem))
		return 1;
	memset(p, 1, PAGES * PAGE);
	CHECK(mprotect(p, PAGE, PROT_READ) == 0);
	CHECK(madvise(p + PAGE, PAGE, MADV_DONTNEED) == 0 && p[PAGE] == 0 && p[2 * PAGE] == 1);
	CHECK(munmap(p, PAGE) == 0);
	CHECK(munmap(p, PAGES * PAGE) == 0);
	return child_failures(before);
}

static int child_own_exmap(void)
{
	unsigned int before = check_failed;
	struct client own;

	if (!CHECK(client_open(&own, PAGES, 64, 2, -1) == 0))
		return 1;
	CHECK(client_alloc(&own, 0, 0, 64) == 64);
	memset(own.mem, 0x77, 64 * PAGE);
	CHECK_ERR(client_alloc(&own, 1, 64, 1), ENOMEM);
	CHECK(client_free(&own, 1, 0, 64) == 64);
	CHECK(client_mapped(own.fd) == 0);
	/* The inherited exmap still is its parent's. */
	CHECK_ERR(client_action(pool.fd, 0, EXMAP_OP_ALLOC, 1), EPROTO);
	client_close(&own);
	return child_failures(before);
}

static int child_closes(void)
{
	unsigned int before = check_failed;

	CHECK(close(pool.fd) == 0);
	return child_failures(before);
}

static int child_nothing(void)
{
	return 0;
}

/* Unlike _exit(), this runs what libraries do at the end of a process. */
static int child_exits(void)
{
	exit(0);
}

static int child_grandchild(void)
{
	return child_own_exmap() || in_child(child_own_exmap) || in_child(child_calls);
}

static void parent_unharmed(void)
{
	size_t i;

	CHECK(client_mapped(pool.fd) == 16);
	for (i = 0; i < 16; i++)
		if (pool.mem[i * PAGE + 5] != i + 1)
			break;
	CHECK(i == 16);
	CHECK(client_alloc(&pool, 0, 32, 8) == 8);
	CHECK(client_free(&pool, 0, 32, 8) == 8);
}

static void test_children(void)
{
	size_t i;

	CHECK(client_alloc(&pool, 0, 0, 16) == 16);
	for (i = 0; i < 16; i++)
		pool.mem[i * PAGE + 5] = (unsigned char)(i + 1);
	CHECK(in_child(child_nothing) == 0);
	CHECK(in_child(child_exits) == 0);
	parent_unharmed();
	CHECK(in_child(child_calls) == 0);
	parent_unharmed();
	CHECK(in_child(child_touches) == 1000 + SIGSEGV);
	CHECK(in_child(child_stores) == 1000 + SIGSEGV);
	CHECK(in_child(child_catches) == 0);
	CHECK(in_child(child_uses_the_room) == 0);
	parent_unharmed();
	CHECK(in_child(child_own_exmap) == 0);
	CHECK(in_child(child_closes) == 0);
	CHECK(in_child(child_grandchild) == 0);
	parent_unharmed();
}

/* Forks that run no pthread_atfork() handlers. */
static void test_bare_forks(void)
{
	static unsigned char stack[256 * 1024] __attribute__((aligned(16)));
	int (*fns[])(void) = { child_calls, child_own_exmap, child_catches };
	size_t i;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		fflush(NULL);
		pid = _Fork();
		if (pid == 0)
			_exit(run_child(&fns[i]));
		CHECK(outcome(pid) == 0);
		pid = (pid_t)syscall(CALL_FORK);
		if (pid == 0)
			_exit(run_child(&fns[i]));
		CHECK(outcome(pid) == 0);
		pid = clone(run_child, stack + sizeof(stack), SIGCHLD, &fns[i]);
		CHECK(outcome(pid) == 0);
		parent_unharmed();
	}
}

static int stop;

static void *churn(void *arg)
{
	int id = (int)(intptr_t)arg;
	size_t base = 64 + (size_t)id * 32;
	long bad = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		bad += client_alloc(&pool, id, base, 32) != 32;
		memset(pool.mem + base * PAGE, id, 32 * PAGE);
		bad += client_free(&pool, id, base, 32) != 32;
	}
	return (void *)bad;
}

static void test_fork_among_threads(void)
{
	pthread_t threads[2];
	int i, bad = 0;
	void *ret;

	for (i = 0; i < 2; i++)
		check_need(!pthread_create(&threads[i], NULL, churn, (void *)(intptr_t)(i + 1)),
			   "thread");
	for (i = 0; i < 40; i++) {
		bad += in_child(child_calls) != 0;
		bad += in_child(child_own_exmap) != 0;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &ret);
		CHECK(ret == NULL);
	}
	CHECK(bad == 0);
	parent_unharmed();
}

static void test_spawn(void)
{
	char sh[] = "sh", c[] = "-c", script[] = "exit 7";
	char *argv[] = { sh, c, script, NULL };
	int status = 0;
	pid_t pid;

	fflush(NULL);
	status = system("exit 5");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	CHECK(system("/bin/true") == 0);
	CHECK(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	parent_unharmed();
}

/*
 * A vfork child shares its parent's memory but not its descriptors: the shim, whose memory is
 * shared, must not forget the parent's descriptor when the child closes its own.
 */
static void test_vfork(void)
{
	int status, fd = pool.fd;
	pid_t pid = vfork();

	if (pid == 0) {
		close(fd);
		execl("/bin/true", "true", (char *)NULL);
		_exit(9);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	parent_unharmed();
}

static struct client early;

static int child_maps_early(void)
{
	unsigned int before = check_failed;

	if (!CHECK(client_map(&early) == 0))
		return 1;
	CHECK(client_alloc(&early, 0, 0, 8) == 8);
	memset(early.mem, 1, 8 * PAGE);
	CHECK(client_mapped(early.fd) == 8);
	CHECK(client_free(&early, 0, 0, 8) == 8);
	return child_failures(before);
}

/* A child inherits the file, open and set up; only a mapping belongs to one process. */
static void test_setup_before_fork(void)
{
	early.pages = PAGES;
	early.interfaces = 1;
	early.fd = open("/dev/exmap", O_RDWR);
	check_need(early.fd >= 0, "open");
	CHECK(client_setup(early.fd, -1, 1, 32) == 0);
	CHECK(in_child(child_maps_early) == 0);
	close(early.fd);
}

/* As daemon(3) does: the process that opened the exmap has ended when the daemon begins. */
static void test_daemon(void)
{
	unsigned char verdict = 99;
	int ends[2];
	pid_t pid;

	check_need(pipe(ends) == 0, "pipe");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		early.fd = open("/dev/exmap", O_RDWR);
		if (early.fd < 0 || client_setup(early.fd, -1, 1, 32) || daemon(1, 1))
			_exit(1);
		alarm(30);
		verdict = (unsigned char)child_maps_early();
		_exit(write(ends[1], &verdict, 1) != 1);
	}
	close(ends[1]);
	CHECK(outcome(pid) == 0);
	CHECK(read(ends[0], &verdict, 1) == 1 && verdict == 0);
	close(ends[0]);
}

static int child_exec_sees_cloexec(void)
{
	char script[64];
	int status;

	snprintf(script, sizeof(script), "test ! -e /proc/self/fd/%d", pool.fd);
	status = system(script);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int main(void)
{
	check_need(client_open(&pool, PAGES, 128, 3, -1) == 0, "exmap");
	test_children();
	test_bare_forks();
	test_fork_among_threads();
	test_spawn();
	test_vfork();
	test_setup_before_fork();
	test_daemon();
	CHECK(child_exec_sees_cloexec() == 0);
	client_close(&pool);
	return check_done();
}

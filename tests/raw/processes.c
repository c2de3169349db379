// SPDX-License-Identifier: MIT
/*
 * processes - fork, vfork, clone, clone3 and signals by system calls that go past libc
 *
 * Linked with calls.c. The argument is the path of helper.
 */

#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/clients/check.h"

#define PAGES 64

extern char **environ;

static struct client pool;
static char *helper;

static int status_of(long pid)
{
	int status = -1;

	syscall(SYS_wait4, pid, &status, 0, NULL);
	return status;
}

static void leave(int status)
{
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}

/* The whole life of a child: it cannot use its parent's exmap, and can open one itself [1.4]. */
static void be_a_child(void)
{
	struct client c;

	if (client_action(pool.fd, 0, EXMAP_OP_ALLOC, 1) != -1 || errno != EPROTO)
		leave(1);
	if (client_open(&c, PAGES, PAGES, 1, -1) || client_alloc(&c, 0, 3, 2) != 2)
		leave(2);
	c.mem[4 * PAGE] = 7;
	leave(0);
}

static void test_fork(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_fork);

	if (!pid)
		be_a_child();
	CHECK(pid > 0 && status_of(pid) == 0);
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		be_a_child();
	CHECK(pid > 0 && status_of(pid) == 0);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		be_a_child();
	CHECK(pid > 0 && status_of(pid) == 0);
	CHECK_ERR(syscall(SYS_clone3, &args, 8), EINVAL);
	CHECK_ERR(syscall(SYS_clone3, 8, sizeof(args)), EFAULT);
	/* The parent's exmap works as before. */
	CHECK(client_alloc(&pool, 0, 0, 4) == 4 && client_free(&pool, 0, 0, 4) == 4);
}

/* Inline: a vfork child shares the stack, and must not return from the function that made it. */
static inline __attribute__((always_inline)) long clone_here(long nr, long flags)
{
	register long child_tid __asm__("r10") = 0;
	register long tls __asm__("r8") = 0;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(flags), "S"(0), "d"(0), "r"(child_tid), "r"(tls)
			 : "rcx", "r11", "memory");
	return ret;
}

static void run_helper(long nr, long flags)
{
	char *argv[] = { helper, NULL };
	volatile long pid = clone_here(nr, flags);

	if (!pid) {
		syscall(SYS_execve, helper, argv, environ);
		leave(127);
	}
	CHECK(pid > 0 && status_of(pid) == 0);
}

static void test_exec(void)
{
	run_helper(SYS_vfork, 0);
	run_helper(SYS_clone, SIGCHLD);
	run_helper(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD);
}

/* What a thread that clone() made, unknown to libc, finds in its registers and on its stack. */
static int futex_word;
static long thread_saw[3];

long clone_thread(long flags, void *stack, int *parent, int *child, void (*run)(long), long arg);
__asm__(".text\n"
	"clone_thread:\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	mov %r8, %rbx\n"
	"	mov %r9, %r12\n"
	"	mov %rcx, %r10\n"
	"	xor %r8d, %r8d\n"
	"	mov $56, %eax\n"
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jz 1f\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	ret\n"
	"1:	mov %r12, %rdi\n"
	"	call *%rbx\n"
	"	xor %edi, %edi\n"
	"	mov $60, %eax\n"
	"	syscall\n");

/* It shares its parent's thread-local storage, so it must not touch errno. */
static void in_thread(long arg)
{
	thread_saw[0] = arg;
	__asm__ volatile("syscall"
			 : "=a"(thread_saw[1])
			 : "a"(SYS_gettid)
			 : "rcx", "r11", "memory");
	thread_saw[2] = (long)__builtin_frame_address(0);
}

static void test_thread(void)
{
	size_t len = 64 * 1024;
	char *stack = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int tid = 0;
	long ret;

	futex_word = 1;
	ret = clone_thread(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				   CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
			   stack + len, &tid, &futex_word, in_thread, 4711);
	CHECK(ret > 0 && ret == tid);
	while (__atomic_load_n(&futex_word, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &futex_word, FUTEX_WAIT, 1, NULL, NULL, 0);
	CHECK(thread_saw[0] == 4711);
	CHECK(thread_saw[1] == tid);
	CHECK(thread_saw[2] > (long)stack && thread_saw[2] < (long)(stack + len));
	CHECK(client_alloc(&pool, 0, 0, 4) == 4 && client_free(&pool, 0, 0, 4) == 4);
	munmap(stack, len);
}

static volatile int handled;
static bool on_alternate;
static char alternate[64 * 1024];

static void on_signal(int sig)
{
	/* Under AddressSanitizer a local variable may lie elsewhere. */
	char *here = __builtin_frame_address(0);

	handled = sig;
	on_alternate = here >= alternate && here < alternate + sizeof(alternate);
	/* All signals are blocked here. A trapped call is served all the same. */
	if (client_alloc(&pool, 1, 8, 2) != 2 || client_free(&pool, 1, 8, 2) != 2)
		handled = -1;
}

static void test_signals(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction was;
	sigset_t all;
	sigset_t old;
	stack_t seen;

	sigfillset(&action.sa_mask);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1) == 0);
	CHECK(handled == SIGUSR1 && !on_alternate);
	CHECK(sigaltstack(NULL, &seen) == 0 && seen.ss_flags == SS_DISABLE);
	CHECK(sigaltstack(&stack, &seen) == 0 && seen.ss_flags == SS_DISABLE);
	CHECK(sigaltstack(NULL, &seen) == 0 && seen.ss_sp == alternate && !seen.ss_flags);
	stack.ss_size = 100;
	CHECK_ERR(sigaltstack(&stack, NULL), ENOMEM);
	stack.ss_flags = 77;
	CHECK_ERR(sigaltstack(&stack, NULL), EINVAL);
	CHECK_ERR(sigaltstack((void *)8, NULL), EFAULT);
	action.sa_flags = SA_ONSTACK;
	CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
	CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR2) == 0);
	CHECK(handled == SIGUSR2 && on_alternate);
	stack = (stack_t){ .ss_flags = SS_DISABLE };
	CHECK(sigaltstack(&stack, NULL) == 0);

	sigfillset(&all);
	CHECK(sigprocmask(SIG_SETMASK, &all, &old) == 0);
	CHECK(client_alloc(&pool, 0, 0, 4) == 4 && client_free(&pool, 0, 0, 4) == 4);
	handled = 0;
	CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1) == 0);
	CHECK(!handled);
	CHECK(sigprocmask(SIG_SETMASK, &old, &all) == 0);
	CHECK(handled == SIGUSR1 && sigismember(&all, SIGUSR1) == 1);
	CHECK_ERR(syscall(SYS_rt_sigprocmask, 99, &old, NULL, 8), EINVAL);
	CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8), EFAULT);

	/* A client may handle SIGSYS, although the trap uses that signal. */
	action.sa_flags = 0;
	CHECK(sigaction(SIGSYS, &action, &was) == 0 && was.sa_handler == SIG_DFL);
	CHECK(sigaction(SIGSYS, NULL, &was) == 0 && was.sa_handler == on_signal);
	CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSYS) == 0);
	CHECK(handled == SIGSYS);
	action.sa_handler = SIG_DFL;
	CHECK(sigaction(SIGSYS, &action, NULL) == 0);
	CHECK_ERR(syscall(SYS_rt_sigaction, SIGSYS, 8, NULL, 8), EFAULT);
	CHECK_ERR(syscall(SYS_rt_sigaction, SIGSYS, NULL, NULL, 4), EINVAL);
}

/* On an alternate stack a handler makes a child, which makes trapped calls there. */
static void on_fork_signal(int sig)
{
	long pid = syscall(SYS_fork);
	struct client c;

	if (!pid)
		leave(client_open(&c, PAGES, PAGES, 1, -1) || client_alloc(&c, 0, 3, 2) != 2);
	handled = pid > 0 && status_of(pid) == 0 ? sig : -1;
}

static void test_fork_in_handler(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_handler = on_fork_signal, .sa_flags = SA_ONSTACK };

	CHECK(sigaltstack(&stack, NULL) == 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	for (int i = 0; i < 10; i++) {
		handled = 0;
		CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1) == 0);
		CHECK(handled == SIGUSR1);
	}
	stack = (stack_t){ .ss_flags = SS_DISABLE };
	CHECK(sigaltstack(&stack, NULL) == 0);
}

static void test_default_sigsys(void)
{
	long pid = syscall(SYS_fork);
	int status;

	if (!pid) {
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSYS);
		leave(0);
	}
	status = status_of(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

/* Trapped calls in which the shim has no part have the kernel's result. */
static void test_other_calls(void)
{
	CHECK_ERR(syscall(100000), ENOSYS);
	CHECK(syscall(SYS_getpid) == getpid());
	CHECK_ERR(syscall(SYS_openat, AT_FDCWD, 8, O_RDONLY), EFAULT);
	CHECK_ERR(open("/no/such/file", O_RDONLY), ENOENT);
	CHECK_ERR(read(-1, NULL, 0), EBADF);
}

int main(int argc, char **argv)
{
	check_need(argc == 2, "a program to run as argument");
	helper = argv[1];
	check_need(client_open(&pool, PAGES, PAGES, 2, -1) == 0, "exmap");
	test_fork();
	test_exec();
	test_thread();
	test_signals();
	test_fork_in_handler();
	test_default_sigsys();
	test_other_calls();
	client_close(&pool);
	return check_done();
}

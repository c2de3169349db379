// SPDX-License-Identifier: MIT
/* handing_on - exmaps by way of /proc, sockets, setuid, cancelled threads, polled rings and exec */
#include <grp.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"

#define PAGES 64

/* A new exmap, as opening /dev/exmap gives. */
static void check_is_new(int fd)
{
	struct exmap_ioctl_stats stats = { 0 };

	if (!CHECK(fd >= 0))
		return;
	CHECK(ioctl(fd, EXMAP_IOCTL_STATS, &stats) == 0 && stats.buffer_size == 0);
	CHECK(client_setup(fd, -1, 1, 8) == 0);
	close(fd);
}

static void test_proc(void)
{
	struct open_how how = { .flags = O_RDWR };
	struct client c;
	char path[64];
	struct stat st;
	int dir;

	check_need(client_open(&c, PAGES, 16, 1, -1) == 0, "exmap");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", c.fd);
	check_is_new(open(path, O_RDWR));
	check_is_new((int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
	CHECK(stat(path, &st) == 0 && S_ISCHR(st.st_mode));
	/* /dev/fd is a link to /proc, which not every /dev has. */
	snprintf(path, sizeof(path), "/dev/fd/%d", c.fd);
	if (!access("/dev/fd", F_OK))
		check_is_new(open(path, O_RDWR));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), c.fd);
	check_is_new(open(path, O_RDWR));
	dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "%d", c.fd);
	check_is_new(openat(dir, path, O_RDWR));
	close(dir);
	CHECK_ERR(open("/proc/self/fd/4000", O_RDWR), ENOENT);
	CHECK_ERR(open("/proc/self/fd/99999999999999999999", O_RDWR), ENOENT);
	/* Where it goes is not the client's to open, if another user has opened it. */
	dir = open("/proc/self/fd/2", O_WRONLY);
	CHECK(dir >= 0 ? close(dir) == 0 : errno == EACCES);
	CHECK(client_alloc(&c, 0, 0, 4) == 4);
	client_close(&c);
}

/* Sending works for the module's descriptor, and is refused for the emulator's. */
static void test_socket(void)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct client c;
	int ends[2];

	check_need(client_open(&c, PAGES, 16, 1, -1) == 0, "exmap");
	check_need(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0, "socketpair");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &c.fd, sizeof(int));
	if (check_emulated())
		CHECK_ERR(sendmsg(ends[0], &message, 0), EOPNOTSUPP);
	else
		CHECK(sendmsg(ends[0], &message, 0) == 1);
	/* Other descriptors pass. (Not the socket's own: the kernel frees such a cycle late.) */
	memcpy(CMSG_DATA(header), &(int){ STDERR_FILENO }, sizeof(int));
	CHECK(sendmsg(ends[0], &message, 0) == 1);
	/* Control messages that the kernel cannot read, or does not take. */
	header->cmsg_len = 0;
	CHECK_ERR(sendmsg(ends[0], &message, 0), EINVAL);
	header->cmsg_len = CMSG_LEN(4096);
	CHECK_ERR(sendmsg(ends[0], &message, 0), EINVAL);
	message.msg_control = c.mem;
	CHECK_ERR(sendmsg(ends[0], &message, 0), EFAULT);
	message.msg_control = NULL;
	message.msg_controllen = 0;
	CHECK(sendmsg(ends[0], &message, 0) == 1);
	close(ends[0]);
	close(ends[1]);
	client_close(&c);
}

/* An exmap that root has opened works when the process is root no more. */
static void test_setuid(void)
{
	struct client c;
	int status;
	pid_t pid;

	if (geteuid()) {
		check_skip("giving up rights", "only root can");
		return;
	}
	pid = fork();
	if (!pid) {
		if (client_open(&c, PAGES, 32, 1, -1) || setgroups(0, NULL) || setgid(65534) ||
		    setuid(65534))
			_exit(2);
		for (int i = 0; i < 100; i++) {
			if (client_alloc(&c, 0, 0, 32) != 32)
				_exit(3);
			memset(c.mem, i, 32 * PAGE);
			if (client_free(&c, 0, 0, 32) != 32)
				_exit(4);
		}
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static struct client shared;

static void *alloc_and_free(void *arg)
{
	int id = (int)(intptr_t)arg;

	for (;;) {
		client_alloc(&shared, id, (size_t)id * 16, 16);
		client_free(&shared, id, (size_t)id * 16, 16);
		pthread_testcancel();
	}
	return NULL;
}

/* A thread that is cancelled leaves its interface usable. */
static void test_cancel(void)
{
	pthread_t threads[2];
	void *result;

	check_need(client_open(&shared, PAGES, 32, 2, -1) == 0, "exmap");
	for (int round = 0; round < 50; round++) {
		for (intptr_t i = 0; i < 2; i++)
			check_need(pthread_create(&threads[i], NULL, alloc_and_free, (void *)i) ==
					   0,
				   "thread");
		usleep(500);
		for (int i = 0; i < 2; i++) {
			pthread_cancel(threads[i]);
			CHECK(pthread_join(threads[i], &result) == 0 && result == PTHREAD_CANCELED);
		}
		for (int i = 0; i < 2; i++)
			client_free(&shared, i, (size_t)i * 16, 16);
		CHECK(client_mapped(shared.fd) == 0);
		CHECK(client_alloc(&shared, 0, 0, 32) == 32 &&
		      client_free(&shared, 1, 0, 32) == 32);
	}
	client_close(&shared);
}

/* The emulator cannot serve a ring that the kernel reads by itself. */
static void test_polled_ring(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL };
	struct client c;
	long fd;

	fd = syscall(SYS_io_uring_setup, 4, &params);
	if (fd < 0) {
		check_skip("a ring that is polled", strerror(errno));
		return;
	}
	close((int)fd);
	if (!check_emulated())
		return;
	check_need(client_open(&c, PAGES, 16, 1, -1) == 0, "exmap");
	CHECK_ERR(syscall(SYS_io_uring_setup, 4, &params), EPERM);
	client_close(&c);
}

/* The checks of a program that was executed with an exmap open. */
static int after_exec(int fd)
{
	struct exmap_ioctl_stats stats;
	struct client c;
	char byte;

	if (fcntl(fd, F_GETFD) < 0 || ioctl(fd, EXMAP_IOCTL_STATS, &stats) != -1 || errno != EBADF)
		return 1;
	if (pread(fd, &byte, 1, 0) != -1 || errno != EBADF)
		return 2;
	return client_open(&c, PAGES, 8, 1, -1) || client_alloc(&c, 0, 0, 8) != 8 ? 3 : 0;
}

/* The emulator's exmap does not outlive exec; the module's does. */
static void test_exec(void)
{
	char text[256] = "";
	struct client c;
	char number[16];
	int status, ends[2];
	pid_t pid;

	if (!check_emulated())
		return;
	check_need(client_open(&c, PAGES, 16, 1, -1) == 0 && pipe(ends) == 0, "exmap");
	CHECK(fcntl(c.fd, F_SETFD, 0) == 0);
	snprintf(number, sizeof(number), "%d", c.fd);
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		execl("/proc/self/exe", "handing_on", number, NULL);
		_exit(127);
	}
	close(ends[1]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(read(ends[0], text, sizeof(text) - 1) > 0 && strstr(text, "exec"));
	close(ends[0]);
	CHECK(client_alloc(&c, 0, 0, 4) == 4);
	client_close(&c);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return after_exec(atoi(argv[1]));
	/* First, before an exmap is open. */
	test_polled_ring();
	test_proc();
	test_socket();
	test_exec();
	test_setuid();
	test_cancel();
	return check_done();
}

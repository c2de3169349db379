// SPDX-License-Identifier: MIT
/* vm_calls - the memory calls of a program, on surfaces, beside them and elsewhere */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"

#define PAGES ((size_t)64)

static int filled(const unsigned char *p, size_t len, unsigned char with)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != with)
			return 0;
	return 1;
}

/* Pages 0-15 with content, the rest empty. */
static void prepare(struct client *c)
{
	size_t i;

	check_need(client_open(c, PAGES, 32, 1, -1) == 0, "exmap");
	CHECK(client_alloc(c, 0, 0, 16) == 16);
	for (i = 0; i < 16; i++)
		memset(c->mem + i * PAGE, (int)i + 1, PAGE);
}

static int intact(struct client *c)
{
	size_t i;

	for (i = 0; i < 16; i++)
		if (!filled(c->mem + i * PAGE, PAGE, (unsigned char)(i + 1)))
			return 0;
	return client_mapped(c->fd) == 16;
}

static void test_elsewhere(void)
{
	size_t len = 32 * PAGE;
	unsigned char *p =
		mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *q;
	struct client c;

	prepare(&c);
	check_need(p != MAP_FAILED, "mmap");
	memset(p, 3, len);
	CHECK(mprotect(p + 4 * PAGE, 2 * PAGE, PROT_READ) == 0);
	CHECK(madvise(p + 8 * PAGE, 4 * PAGE, MADV_DONTNEED) == 0);
	CHECK(filled(p, 8 * PAGE, 3) && filled(p + 8 * PAGE, 4 * PAGE, 0));
	CHECK(munmap(p + 16 * PAGE, PAGE) == 0);
	CHECK_ERR(msync(p + 16 * PAGE, PAGE, MS_ASYNC), ENOMEM);
	q = mmap(p + 16 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(q == p + 16 * PAGE && filled(q, PAGE, 0));
	q = mremap(p + 20 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && filled(q, 4 * PAGE, 3));
	CHECK(munmap(q, 8 * PAGE) == 0);
	q = mmap64(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED && munmap(q, PAGE) == 0);
	CHECK_ERR(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
	CHECK_ERR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 4000, 0), EBADF);
	CHECK_ERR(munmap(p + 1, PAGE), EINVAL);
	CHECK(munmap(p, len) == 0);
	CHECK(intact(&c));
	client_close(&c);
}

static void test_parts(void)
{
	unsigned char *mid;
	struct client c;

	prepare(&c);
	mid = c.mem + 4 * PAGE;
	/* The kernel's errno for it differs from one to another [2.5]. */
	CHECK(mmap(mid, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == MAP_FAILED &&
	      (errno == EINVAL || errno == ENOMEM));
	CHECK(mmap(c.mem - PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == MAP_FAILED &&
	      (errno == EINVAL || errno == ENOMEM));
	CHECK_ERR(mmap(mid, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0),
		  EEXIST);
	CHECK_ERR(munmap(c.mem, PAGE), EINVAL);
	CHECK_ERR(munmap(mid, PAGE), EINVAL);
	CHECK_ERR(munmap(mid, (PAGES - 4) * PAGE), EINVAL);
	CHECK_ERR(munmap(c.mem, (PAGES - 1) * PAGE), EINVAL);
	/* Farther than a process can map anything. ThreadSanitizer's munmap() crashes on that. */
	CHECK_ERR((int)syscall(SYS_munmap, c.mem, 1ul << 62), EINVAL);
	CHECK_ERR(mprotect(mid, PAGE, PROT_READ), EINVAL);
	CHECK(posix_madvise(mid, PAGE, POSIX_MADV_RANDOM) == EINVAL);
	CHECK(posix_madvise(mid, PAGE, POSIX_MADV_DONTNEED) == 0);
	/* In the module it is FREE of these pages [2.6]. */
	if (check_emulated())
		CHECK_ERR(madvise(mid, 4 * PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERR(mremap(c.mem, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE), EFAULT);
	CHECK(mremap(mid, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, c.mem + 40 * PAGE) ==
		      MAP_FAILED &&
	      (errno == EFAULT || errno == EINVAL));
	CHECK(intact(&c));
	CHECK(client_alloc(&c, 0, 40, 16) == 16);
	CHECK(client_free(&c, 0, 40, 16) == 16);
	client_close(&c);
}

static void test_whole(void)
{
	struct client c;
	int ret;

	prepare(&c);
	CHECK(mprotect(c.mem, PAGES * PAGE, PROT_READ) == 0);
	CHECK(intact(&c));
	CHECK(mprotect(c.mem, PAGES * PAGE, PROT_READ | PROT_WRITE) == 0);
	c.mem[0] = 1;
	CHECK(intact(&c));

	/* Either refused, or the same as FREE of everything; never a frame lost. */
	ret = madvise(c.mem, PAGES * PAGE, MADV_DONTNEED);
	CHECK(ret == 0 || errno == EINVAL);
	CHECK(ret == 0 ? client_mapped(c.fd) == 0 : intact(&c));
	CHECK(client_alloc(&c, 0, 32, 32) == (ret == 0 ? 32 : -1));
	client_close(&c);
}

/*
 * A surface in the middle of a reserved range, as a client does that wants it
 * aligned; and then the whole of the range goes.
 */
static void test_with_neighbours(void)
{
	size_t len = (PAGES + 16) * PAGE;
	unsigned char *range, *at;
	struct client c;
	int probe[2];

	prepare(&c);
	CHECK(munmap(c.mem, PAGES * PAGE) == 0);
	CHECK(client_mapped(c.fd) == 0);
	range = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check_need(range != MAP_FAILED, "mmap");
	memset(range, 7, len);
	at = range + 8 * PAGE;
	c.mem = mmap(at, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, c.fd, 0);
	CHECK(c.mem == at);
	CHECK(client_alloc(&c, 0, 0, 32) == 32);
	memset(c.mem, 1, 32 * PAGE);
	CHECK(filled(range, 8 * PAGE, 7) && filled(at + PAGES * PAGE, 8 * PAGE, 7));

	CHECK_ERR(munmap(range, 10 * PAGE), EINVAL);
	CHECK(filled(range, 8 * PAGE, 7) && filled(c.mem, 32 * PAGE, 1));
	CHECK(munmap(range, len) == 0);
	CHECK(client_mapped(c.fd) == 0);
	CHECK_ERR(client_alloc(&c, 0, 0, 1), EPROTO);
	/* write(2) says which of it is gone, without touching it. */
	check_need(pipe(probe) == 0, "pipe");
	CHECK_ERR(write(probe[1], range, 1), EFAULT);
	CHECK_ERR(write(probe[1], at, 1), EFAULT);
	CHECK_ERR(write(probe[1], range + len - 1, 1), EFAULT);
	close(probe[0]);
	close(probe[1]);

	c.mem = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd, 0);
	CHECK(c.mem != MAP_FAILED);
	CHECK(client_alloc(&c, 0, 0, 32) == 32);
	client_close(&c);
}

/* Other memory in place of all of it: the frames are back, and the client may start anew. */
static void test_replaced(void)
{
	unsigned char *p, *old;
	struct client c;

	prepare(&c);
	old = c.mem;
	p = mmap(old, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0);
	CHECK(p == old && filled(p, PAGES * PAGE, 0));
	memset(p, 8, PAGES * PAGE);
	CHECK(client_mapped(c.fd) == 0);
	CHECK_ERR(client_alloc(&c, 0, 0, 1), EPROTO);
	c.mem = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd, 0);
	CHECK(c.mem != MAP_FAILED);
	CHECK(client_alloc(&c, 0, 0, 32) == 32);
	CHECK(munmap(p + PAGE, PAGE) == 0 && filled(p, PAGE, 8));
	CHECK(munmap(p, PAGES * PAGE) == 0);
	client_close(&c);
}

static void test_cycles(void)
{
	struct client c;
	int i, bad = 0;

	prepare(&c);
	CHECK(munmap(c.mem, PAGES * PAGE) == 0);
	for (i = 0; i < 1000 && !bad; i++) {
		c.mem = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd, 0);
		if (c.mem == MAP_FAILED) {
			bad++;
			break;
		}
		/* All 32 frames each time: one that leaked would be missed. */
		bad += client_alloc(&c, 0, (size_t)i % 32, 32) != 32;
		c.mem[((size_t)i % 32 + 31) * PAGE] = 1;
		if (i % 2)
			bad += client_free(&c, 0, 0, 20) < 0;
		bad += munmap(c.mem, PAGES * PAGE) != 0;
	}
	CHECK(bad == 0);
	CHECK(i == 1000);
	c.mem = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd, 0);
	CHECK(c.mem != MAP_FAILED);
	client_close(&c);
}

/* libc's syscall() is a call like any other. */
static void test_syscall(void)
{
	struct exmap_action_params params = { .iov_len = 1, .opcode = EXMAP_OP_ALLOC };
	struct exmap_ioctl_stats stats;
	struct client c;
	void *p;

	prepare(&c);
	c.iface[0]->iov[0].value = 20 | 2ull << 52;
	CHECK(syscall(SYS_ioctl, c.fd, EXMAP_IOCTL_ACTION, &params) == 0);
	CHECK(c.iface[0]->iov[0].pages == 2);
	c.iface[0]->iov[0].value = 22 | 3ull << 52;
	/* The module does not offer it [7.4]. */
	if (check_emulated()) {
		CHECK(syscall(SYS_EXMAP_ACTION, c.fd, EXMAP_OP_ALLOC, 0, 1) == 0);
		CHECK_ERR(syscall(SYS_EXMAP_ACTION, c.fd, EXMAP_OP_ALLOC, 1, 1), EINVAL);
	} else {
		CHECK(syscall(SYS_ioctl, c.fd, EXMAP_IOCTL_ACTION, &params) == 0);
	}
	CHECK(c.iface[0]->iov[0].pages == 3);
	CHECK(syscall(SYS_pread64, c.fd, c.mem + 30 * PAGE, 2 * PAGE, EXMAP_OP_ALLOC << 8) ==
	      2 * (long)PAGE);
	CHECK(syscall(SYS_ioctl, c.fd, EXMAP_IOCTL_STATS, &stats) == 0 && stats.alloc_count == 23);
	CHECK_ERR(syscall(SYS_munmap, c.mem, PAGE), EINVAL);
	CHECK(client_free(&c, 0, 20, 20) == 7);
	CHECK(intact(&c));
	CHECK(syscall(SYS_munmap, c.mem, PAGES * PAGE) == 0);
	CHECK(client_mapped(c.fd) == 0);
	c.mem = (void *)syscall(SYS_mmap, NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
				c.fd, 0);
	CHECK(c.mem != MAP_FAILED);
	CHECK(client_alloc(&c, 0, 0, 32) == 32);
	client_close(&c);

	p = (void *)syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
	CHECK(p != MAP_FAILED && syscall(SYS_munmap, p, PAGE) == 0);
	CHECK(syscall(SYS_getpid) == getpid());
}

/* A mapping that fails has replaced nothing. */
static void test_not_replaced(void)
{
	const int fixed = MAP_PRIVATE | MAP_FIXED;
	struct client c;
	int ends[2];

	check_need(pipe(ends) == 0, "pipe");
	prepare(&c);
	CHECK_ERR(mmap(c.mem, PAGES * PAGE, PROT_READ, fixed, 4000, 0), EBADF);
	CHECK_ERR(mmap(c.mem, PAGES * PAGE, PROT_READ, fixed, ends[0], 0), ENODEV);
	CHECK_ERR(mmap(c.mem, PAGES * PAGE, PROT_READ, fixed, ends[0], 1), EINVAL);
	CHECK(intact(&c));
	CHECK(client_alloc(&c, 0, 40, 16) == 16);
	close(ends[0]);
	close(ends[1]);
	client_close(&c);
}

static long locked_pages(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	while (status && kib < 0 && fgets(line, sizeof(line), status))
		sscanf(line, "VmLck: %ld", &kib);
	if (status)
		fclose(status);
	return kib / 4;
}

/* Return: 0, or what failed; 77 where no surface can be had then. */
static int locks_all(void)
{
	struct client c = { .pages = (size_t)1 << 26, .interfaces = 1 };
	long before;

	if (mlockall(MCL_FUTURE))
		return 77;
	before = locked_pages();
	c.fd = open("/dev/exmap", O_RDWR);
	/* Address space counts as locked until it is unlocked, and an ordinary user may lock little. */
	if (c.fd < 0)
		return errno == ENOMEM ? 77 : 1;
	if (client_setup(c.fd, -1, 1, 32))
		return errno == ENOMEM ? 77 : 6;
	if (client_map(&c))
		return errno == EAGAIN || errno == ENOSYS || errno == ENOMEM ? 77 : 2;
	/* Neither it nor what is known of its pages: a word for each, and a line for 512. */
	if (locked_pages() - before > (long)(c.pages / 65536))
		return 3;
	for (int i = 0; i < 3; i++) {
		if (client_alloc(&c, 0, 0, 32) != 32)
			return 4;
		memset(c.mem, 1, 32 * PAGE);
		if (client_free(&c, 0, 0, 32) != 32)
			return 5;
	}
	return 0;
}

/* Who locks all memory to come means that which is used: a surface is not, until it is. */
static void test_locked(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		/* A strategy that cannot be had then says so. */
		_exit(freopen("/dev/null", "w", stderr) ? locks_all() : 6);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		check_skip("all memory locked", "refused: the limit, or strategy=move");
	else
		CHECK(WEXITSTATUS(status) == 0);
}

/* Runs last: it leaves them mapped. */
static void test_too_many(void)
{
	struct rlimit files;
	char text[256] = "";
	int ends[2], fd, saved;
	int n = 0;

	/* The emulator has some files open for each. */
	check_need(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
	files.rlim_cur = files.rlim_max;
	check_need(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
	check_need(pipe(ends) == 0, "pipe");
	fd = open("/dev/exmap", O_RDWR);
	saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	while (n < 600 &&
	       mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, EXMAP_OFF_EXMAP) != MAP_FAILED) {
		close(fd);
		fd = open("/dev/exmap", O_RDWR);
		n++;
	}
	dup2(saved, STDERR_FILENO);
	close(ends[1]);
	if (n < 600 && errno == EMFILE)
		check_skip("512 surfaces", "the limit of open files");
	else
		CHECK(n >= 500 && (n == 600 || errno == ENOMEM));
	if (n < 600)
		CHECK(read(ends[0], text, sizeof(text) - 1) > 0 && strstr(text, "exmap: mmap:"));
}

int main(void)
{
	test_elsewhere();
	test_not_replaced();
	test_parts();
	test_whole();
	test_with_neighbours();
	test_replaced();
	test_cycles();
	test_syscall();
	test_locked();
	test_too_many();
	return check_done();
}

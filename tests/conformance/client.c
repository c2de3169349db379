// SPDX-License-Identifier: MIT
/* client.c - what every test does with an exmap; see harness.h */

#include "harness.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/stat.h>

int ex_open(void)
{
	int fd = open(test_device, O_RDWR);

	if (fd < 0)
		test_fail(__FILE__, __LINE__, "open %s: %s", test_device, strerror(errno));
	return fd;
}

int ex_setup(int fd, int backing, int max_interfaces, size_t buffer_size, uint64_t flags)
{
	struct exmap_ioctl_setup setup = {
		.fd = backing,
		.max_interfaces = max_interfaces,
		.buffer_size = buffer_size,
		.flags = flags,
	};

	return ioctl(fd, EXMAP_IOCTL_SETUP, &setup);
}

void *ex_map(int fd, size_t pages)
{
	void *base = mmap(NULL, pages * PAGE, RW, MAP_SHARED, fd, EXMAP_OFF_EXMAP);

	if (base == MAP_FAILED)
		test_fail(__FILE__, __LINE__, "mmap of %zu pages: %s", pages, strerror(errno));
	return base;
}

struct exmap_user_interface *ex_interface(struct ex *ex, int i)
{
	void *page = mmap(NULL, PAGE, RW, MAP_SHARED, ex->fd, EXMAP_OFF_INTERFACE(i));

	if (page == MAP_FAILED)
		test_fail(__FILE__, __LINE__, "mmap of interface %d: %s", i, strerror(errno));
	ex->user[i] = page;
	return page;
}

void ex_start(struct ex *ex, size_t pages, int max_interfaces, size_t buffer_size, int backing)
{
	memset(ex, 0, sizeof(*ex));
	ex->fd = ex_open();
	ex->pages = pages;
	ex->base = ex_map(ex->fd, pages);
	if (ex_setup(ex->fd, backing, max_interfaces, buffer_size, 0))
		test_fail(__FILE__, __LINE__, "SETUP: %s", strerror(errno));
	for (int i = 0; i < max_interfaces; i++)
		ex_interface(ex, i);
}

int ex_action(struct ex *ex, int interface, int opcode, int iov_len)
{
	struct exmap_action_params params = {
		.interface = interface,
		.iov_len = iov_len,
		.opcode = opcode,
	};

	return ioctl(ex->fd, EXMAP_IOCTL_ACTION, &params);
}

int ex_shadow(struct ex *ex, int interface, int iov_len, uint64_t target)
{
	struct exmap_action_params params = {
		.interface = interface,
		.iov_len = iov_len,
		.opcode = EXMAP_OP_SHADOW,
		.page_id = target,
	};

	return ioctl(ex->fd, EXMAP_IOCTL_ACTION, &params);
}

void ex_fill(struct ex *ex, uint64_t page, int n)
{
	for (uint64_t i = page; i < page + n; i++) {
		for (size_t at = 0; at < PAGE; at += sizeof(i))
			*(uint64_t *)(ex_at(ex, i) + at) = i * PAGE + at;
	}
}

bool ex_shows(struct ex *ex, uint64_t page, uint64_t of)
{
	if (faults(ex_at(ex, page), false, NULL))
		return false;
	for (size_t at = 0; at < PAGE; at += sizeof(of)) {
		if (*(volatile uint64_t *)(ex_at(ex, page) + at) != of * PAGE + at)
			return false;
	}
	return true;
}

void ex_vector(struct ex *ex, int interface, int i, uint64_t page, unsigned int len)
{
	struct exmap_iov iov = { .value = 0 };

	iov.page = page;
	iov.len = len;
	ex->user[interface]->iov[i] = iov;
}

int ex_one(struct ex *ex, int interface, int opcode, uint64_t page, unsigned int len)
{
	struct exmap_iov *iov = &ex->user[interface]->iov[0];
	int ret;

	ex_vector(ex, interface, 0, page, len);
	ret = ex_action(ex, interface, opcode, 1);
	/* The LeanStore dialect says so [8.11]. */
	if (ret < 0 && errno == ENOMEM && test_leanstore())
		return -ENOMEM;
	if (ret < 0)
		test_fail(__FILE__, __LINE__, "action: %s", strerror(errno));
	if (ret != (iov->res < 0))
		test_fail(__FILE__, __LINE__, "action returned %d with res %d", ret, iov->res);
	return iov->res < 0 ? iov->res : iov->pages;
}

struct exmap_ioctl_stats ex_stats(int fd)
{
	struct exmap_ioctl_stats stats;

	/* A field that STATS forgets to write must not be right by chance. */
	memset(&stats, 0xff, sizeof(stats));
	if (ioctl(fd, EXMAP_IOCTL_STATS, &stats))
		test_fail(__FILE__, __LINE__, "STATS: %s", strerror(errno));
	return stats;
}

uint64_t ex_mapped(struct ex *ex)
{
	return ex_stats(ex->fd).alloc_count;
}

char *hole(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

void *at_the_edge(size_t bytes)
{
	char *p = hole(2 * PAGE);

	CHECK_EQ(mprotect(p, PAGE, RW), 0);
	return p + PAGE - bytes;
}

int status_of_child(void (*fn)(struct ex *ex), struct ex *ex)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fn(ex);
		exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static __thread sigjmp_buf fault_jump;
static __thread siginfo_t fault_info;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	fault_info = *info;
	siglongjmp(fault_jump, 1);
}

/* faults() stores what it loads here: valgrind leaves out a load whose value is unused. */
static __thread volatile char loaded;

bool faults(volatile void *addr, bool write, siginfo_t *info)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	static bool ready;

	if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
		sigaction(SIGSEGV, &action, NULL);
		__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	}
	if (sigsetjmp(fault_jump, 1)) {
		if (info)
			*info = fault_info;
		return true;
	}
	/* One byte, so that si_addr is addr itself; atomic, because threads race for it. */
	if (write)
		__atomic_store_n((volatile char *)addr, 1, __ATOMIC_RELAXED);
	else
		loaded = __atomic_load_n((volatile char *)addr, __ATOMIC_RELAXED);
	return false;
}

/* O_TMPFILE leaves no file behind, however the test ends; not every file system has it. */
static int open_direct(const char *dir)
{
	char path[512];
	int fd = open(dir, O_RDWR | O_TMPFILE | O_DIRECT | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	snprintf(path, sizeof(path), "%s/exmap-test-%d", dir, getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_DIRECT | O_CLOEXEC, 0600);
	unlink(path);
	return fd;
}

unsigned char backing_byte(size_t offset)
{
	return (offset / PAGE * 31 + offset % PAGE) % 251;
}

int backing_file(size_t bytes)
{
	const char *dirs[] = { getenv("EXMAP_TEST_DIR"), ".", "/var/tmp", "/tmp", "/dev/shm" };
	size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
	unsigned char *data = aligned_alloc(PAGE, whole);
	int fd = -1;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && fd < 0; i++)
		fd = dirs[i] ? open_direct(dirs[i]) : -1;
	if (fd < 0)
		SKIP("no directory here has O_DIRECT files; set EXMAP_TEST_DIR");
	for (size_t i = 0; i < whole; i++)
		data[i] = backing_byte(i);
	CHECK_EQ(pwrite(fd, data, whole, 0), whole);
	CHECK_EQ(ftruncate(fd, bytes), 0);
	free(data);
	return fd;
}

bool buffer_is_backing(const char *buffer, uint64_t page)
{
	for (size_t i = 0; i < PAGE; i++) {
		if ((unsigned char)buffer[i] != backing_byte(page * PAGE + i))
			return false;
	}
	return true;
}

bool page_is_backing(struct ex *ex, uint64_t page)
{
	return buffer_is_backing(ex_at(ex, page), page);
}

struct thread {
	pthread_t thread;
	void (*fn)(int id);
	int id;
	pthread_barrier_t *barrier;
};

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	pthread_barrier_wait(thread->barrier);
	thread->fn(thread->id);
	return NULL;
}

void run_threads(int n, void (*fn)(int id))
{
	struct thread threads[64];
	pthread_barrier_t barrier;

	CHECK(n <= 64);
	pthread_barrier_init(&barrier, NULL, n);
	for (int i = 0; i < n; i++) {
		threads[i] = (struct thread){ .fn = fn, .id = i, .barrier = &barrier };
		CHECK_EQ(pthread_create(&threads[i].thread, NULL, thread_main, &threads[i]), 0);
	}
	for (int i = 0; i < n; i++)
		pthread_join(threads[i].thread, NULL);
	pthread_barrier_destroy(&barrier);
}

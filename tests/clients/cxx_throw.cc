// SPDX-License-Identifier: MIT
// cxx_throw - optimistic readers that leave a SIGSEGV handler by an exception
//
// The way optimistic lock coupling reads: look at a page without owning it, and
// if it has been evicted meanwhile the handler throws, the frames in between
// are unwound, and the reader starts again. SA_NODEFER, because a handler left
// this way never restores the signal mask.

#include <atomic>
#include <csignal>
#include <cstdint>
#include <thread>
#include <vector>

#include "check.h"

namespace
{

constexpr size_t surface_pages = 64;
constexpr int readers = 3;
// Each throws, which takes long on a machine that is emulated.
const int rounds = check_rounds(1200);

struct Restart {
	const void *where;
};

client pool;
std::atomic<int> guards_alive{ 0 };
std::atomic<uint64_t> guards_died{ 0 };
std::atomic<bool> stop{ false };

// Like the page guards of a tree: each must be destroyed when the exception passes.
struct Guard {
	Guard()
	{
		guards_alive++;
	}
	~Guard()
	{
		guards_alive--;
		guards_died++;
	}
	Guard(const Guard &) = delete;
	Guard &operator=(const Guard &) = delete;
};

bool inside(const void *p)
{
	const unsigned char *c = static_cast<const unsigned char *>(p);

	return c >= pool.mem && c < pool.mem + surface_pages * PAGE;
}

void on_fault(int, siginfo_t *info, void *)
{
	if (!inside(info->si_addr))
		_exit(99);
	throw Restart{ info->si_addr };
}

__attribute__((noinline)) unsigned char peek(const volatile unsigned char *p)
{
	Guard guard;

	return *p;
}

// Recursive, so that the exception passes several frames with something to destroy.
__attribute__((noinline)) unsigned char descend(const volatile unsigned char *p, int depth)
{
	Guard guard;
	unsigned char c = depth ? descend(p, depth - 1) : peek(p);

	return c;
}

// A reader whose pages are never mapped: every attempt must throw, with the right address.
void read_freed(int id, std::atomic<uint64_t> *caught, std::atomic<uint64_t> *wrong)
{
	for (int i = 0; i < rounds; i++) {
		// Odd offsets too: the address reported is that of the byte, not of the page.
		const unsigned char *p = pool.mem + (32 + (i + id) % 32) * PAGE + (i * 37) % PAGE;

		try {
			descend(p, 3);
			(*wrong)++;
		} catch (const Restart &r) {
			if (r.where == p)
				(*caught)++;
			else
				(*wrong)++;
		}
	}
}

// A reader that races with the evictor on the lower half.
void read_racing(std::atomic<uint64_t> *seen, std::atomic<uint64_t> *restarts, uint64_t *wrong)
{
	for (size_t i = 0; !stop; i++) {
		const unsigned char *p = pool.mem + i % 32 * PAGE;

		try {
			unsigned char c = descend(p, 2);

			// Fresh frames hold zero or what the evictor wrote into some page.
			if (c > 32)
				(*wrong)++;
			(*seen)++;
		} catch (const Restart &r) {
			if (r.where != p)
				(*wrong)++;
			(*restarts)++;
		}
	}
}

void test_always_freed()
{
	std::atomic<uint64_t> caught{ 0 }, wrong{ 0 };
	std::vector<std::thread> threads;

	guards_died = 0;
	for (int i = 0; i < readers; i++)
		threads.emplace_back(read_freed, i, &caught, &wrong);
	for (auto &t : threads)
		t.join();
	CHECK(caught == uint64_t(readers) * rounds);
	CHECK(wrong == 0);
	CHECK(guards_alive == 0);
	CHECK(guards_died == uint64_t(readers) * rounds * 5);
}

void test_racing()
{
	std::atomic<uint64_t> seen{ 0 }, restarts{ 0 };
	uint64_t wrong[readers] = {}, all_wrong = 0;
	std::vector<std::thread> threads;
	int bad = 0;

	for (int i = 0; i < readers; i++)
		threads.emplace_back(read_racing, &seen, &restarts, &wrong[i]);
	// On a busy machine the readers may sleep through all rounds: go on until they have raced.
	for (int i = 0; i < rounds || (i < 200000 && (!seen || !restarts)); i++) {
		bad += client_alloc(&pool, 0, 0, 32) != 32;
		for (size_t page = 0; page < 32; page++)
			pool.mem[page * PAGE] = static_cast<unsigned char>(page + 1);
		bad += client_free(&pool, 0, 0, 32) != 32;
	}
	stop = true;
	for (auto &t : threads)
		t.join();
	for (int i = 0; i < readers; i++)
		all_wrong += wrong[i];
	printf("racing: %llu reads, %llu restarts\n", (unsigned long long)seen,
	       (unsigned long long)restarts);
	CHECK(bad == 0);
	CHECK(all_wrong == 0);
	CHECK(seen > 0);
	CHECK(restarts > 0);
	CHECK(guards_alive == 0);
}

// Stores unwind like loads, and so does a fault inside a nested try.
void test_store_and_rethrow()
{
	int stores = 0, outer = 0;

	for (int i = 0; i < 1000; i++) {
		try {
			Guard guard;

			try {
				*const_cast<volatile unsigned char *>(pool.mem + 40 * PAGE) = 1;
			} catch (const Restart &) {
				stores++;
				throw;
			}
		} catch (...) {
			outer++;
		}
	}
	CHECK(stores == 1000);
	CHECK(outer == 1000);
	CHECK(guards_alive == 0);
}

// A thread that left a handler by an exception can fault again, with no signal blocked.
void test_mask()
{
	sigset_t now;

	CHECK(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
	CHECK(!sigismember(&now, SIGSEGV));
	CHECK(!sigismember(&now, SIGBUS));
}

} // namespace

int main()
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_fault;
	sa.sa_flags = SA_SIGINFO | SA_NODEFER;
	CHECK(sigaction(SIGSEGV, &sa, nullptr) == 0);
	check_need(client_open(&pool, surface_pages, surface_pages, 1, -1) == 0, "exmap");
	test_always_freed();
	test_racing();
	test_store_and_rethrow();
	test_mask();
	client_close(&pool);
	return check_done();
}

// SPDX-License-Identifier: MIT
/* engine_killed.c - engines that are killed, or end, with shadows alive, and those that start next */
#include "engine.h"

#include <signal.h>
#include <sys/wait.h>

#define WORKERS 4
#define ROUNDS 12
#define PAGES 512

static struct engine e;

static struct engine_extent extent_of(int round, int worker)
{
	return (struct engine_extent){ (uint64_t)(worker * 128 + round % 64), 1 + round % 32 };
}

/* Shows and hides without an end, and tells by a byte when it has begun. */
static void run(int pipe)
{
	for (int round = 0;; round++) {
		for (int worker = 0; worker < WORKERS; worker++) {
			struct engine_extent extent = extent_of(round, worker);

			if (engine_shadow(&e, worker, &extent, 1, engine_area(&e, worker)) ||
			    !engine_shows(&e, engine_area(&e, worker), &extent, 1))
				_exit(1);
		}
		if (!round && write(pipe, "", 1) != 1)
			_exit(2);
		for (int worker = 0; round % 3 && worker < WORKERS; worker++)
			engine_rm_shadow(&e, worker);
	}
}

/* An engine with all of its frames in use. */
static void start(void)
{
	engine_open(&e, WORKERS, PAGES, 64, PAGES, 0);
	for (uint64_t page = 0; page < PAGES; page++)
		CHECK(engine_read(&e, 0, page));
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		int status, begun[2];
		pid_t pid;
		char byte;

		check_need(!pipe(begun), "pipe");
		fflush(NULL);
		pid = fork();
		if (!pid) {
			start();
			if (check_failed)
				_exit(3);
			run(begun[1]);
		}
		close(begun[1]);
		CHECK(read(begun[0], &byte, 1) == 1);
		close(begun[0]);
		usleep(i * 1500);
		CHECK(!kill(pid, SIGKILL));
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	/* The last one ends with all that it has. */
	start();
	for (int worker = 0; worker < WORKERS; worker++) {
		struct engine_extent extent = extent_of(31, worker);

		CHECK(engine_shadow(&e, worker, &extent, 1, engine_area(&e, worker)) == 0);
		CHECK(engine_shows(&e, engine_area(&e, worker), &extent, 1));
	}
	return check_done();
}

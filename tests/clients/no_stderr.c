// SPDX-License-Identifier: MIT
/*
 * no_stderr - the emulator prints nothing into a file that has got the number of stderr
 *
 * A daemon closes its standard descriptors, and the next file that it opens may be its database.
 */
#include <sys/socket.h>

#include "check.h"

/* More frames than any machine has: the emulator says why that fails. */
#define TOO_MANY (1UL << 50)

/* Makes @fd descriptor 2, and has the emulator say something. */
static void complain(int fd)
{
	int exmap = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	int saved = dup(STDERR_FILENO);

	CHECK(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	CHECK_ERR(client_setup(exmap, -1, 1, TOO_MANY), ENOMEM);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(exmap);
}

/* Return: length of a new file after that, which was opened with @flags. */
static off_t written(int flags)
{
	char name[] = "no_stderr.XXXXXX";
	int fd = mkstemp(name);
	off_t len;

	close(fd);
	fd = open(name, flags);
	unlink(name);
	check_need(fd >= 0, "file");
	complain(fd);
	len = lseek(fd, 0, SEEK_END);
	close(fd);
	return len;
}

int main(void)
{
	int ends[2];
	char text[512];
	off_t database, direct, log;
	ssize_t socket, pipes;

	database = written(O_RDWR);
	direct = written(O_WRONLY | O_DSYNC);
	log = written(O_WRONLY);
	check_need(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	complain(ends[1]);
	close(ends[1]);
	socket = read(ends[0], text, sizeof(text));
	check_need(!pipe(ends), "pipe");
	complain(ends[1]);
	close(ends[1]);
	pipes = read(ends[0], text, sizeof(text));
	CHECK(database == 0);
	CHECK(direct == 0);
	CHECK(socket == 0);
	if (check_emulated()) {
		CHECK(log > 0);
		CHECK(pipes > 0);
	}
	return check_done();
}

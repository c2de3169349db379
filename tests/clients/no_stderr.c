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

static int exmap;
static int saved;

/* Has the emulator say something, and puts stderr back, which was closed. */
static void complain(void)
{
	CHECK_ERR(client_setup(exmap, -1, 1, TOO_MANY), ENOMEM);
	dup2(saved, STDERR_FILENO);
}

/* Return: length of a new file, opened with @flags in place of stderr, after that. */
static off_t written(int flags)
{
	char name[] = "no_stderr.XXXXXX";
	int fd = mkstemp(name);
	off_t len;

	close(STDERR_FILENO);
	CHECK(open(name, flags) == STDERR_FILENO);
	unlink(name);
	complain();
	len = lseek(fd, 0, SEEK_END);
	close(fd);
	return len;
}

/* The same of a file that is put in place of stderr on purpose. */
static off_t captured(void)
{
	FILE *file = tmpfile();
	off_t len;

	check_need(file != NULL, "file");
	CHECK(dup2(fileno(file), STDERR_FILENO) == STDERR_FILENO);
	complain();
	len = lseek(fileno(file), 0, SEEK_END);
	fclose(file);
	return len;
}

/* Return: number of bytes that come out of a socket whose other end has got the number of stderr. */
static ssize_t sent(void)
{
	char text[512];
	int ends[2];
	ssize_t n;

	close(STDERR_FILENO);
	check_need(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	CHECK(ends[0] == STDERR_FILENO);
	complain();
	n = read(ends[1], text, sizeof(text));
	close(ends[1]);
	return n;
}

int main(void)
{
	exmap = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	check_need(exmap >= 0 && saved >= 0, "exmap");
	CHECK(written(O_RDWR) == 0);
	CHECK(written(O_WRONLY | O_DSYNC) == 0);
	CHECK(sent() == 0);
	CHECK(!check_emulated() || written(O_WRONLY) > 0);
	CHECK(!check_emulated() || captured() > 0);
	return check_done();
}

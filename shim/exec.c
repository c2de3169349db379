// SPDX-License-Identifier: MIT
/*
 * exec.c - execve() and its like
 *
 * A client that the loader does not put the shim into, started by a program that has it, would
 * only see that there is no /dev/exmap. Of other programs nothing is said.
 */

#include "shim/real.h"

#include <errno.h>
#include <stdarg.h>

#include "emu/options.h"
#include "emu/say.h"
#include "emu/trace_file.h"
#include "shim/reach.h"

static void look_at(const char *path)
{
	int old = errno;
	const char *obstacle = reach_obstacle(path);

	if (obstacle && emu_options()->backend != EMU_BACKEND_MODULE && reach_is_client(path))
		emu_say("%s: %s", path, obstacle);
	errno = old;
}

static void look_in_path(const char *command)
{
	char path[PATH_MAX];

	if (!reach_find(path, command))
		look_at(path);
}

/* The program @path is about to take this one's place. */
static void leave_for(const char *path)
{
	look_at(path);
	emu_trace_end();
}

static void leave_for_command(const char *command)
{
	look_in_path(command);
	emu_trace_end();
}

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	leave_for(path);
	return REAL(execve)(path, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
	leave_for(path);
	return REAL(execv)(path, argv);
}

EXPORT int execvp(const char *command, char *const argv[])
{
	leave_for_command(command);
	return REAL(execvp)(command, argv);
}

EXPORT int execvpe(const char *command, char *const argv[], char *const envp[])
{
	leave_for_command(command);
	return REAL(execvpe)(command, argv, envp);
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	emu_trace_end();
	return REAL(fexecve)(fd, argv, envp);
}

/*
 * The functions that take arguments one by one do not come by those above: libc calls its own.
 * LIST_ARGUMENTS makes an array of them, on the stack, and leaves what is behind them in @args.
 */
#define LIST_ARGUMENTS(argv, args, first) \
	int nr = 1;                       \
	va_list args;                     \
                                          \
	va_start(args, first);            \
	while (va_arg(args, char *))      \
		nr++;                     \
	va_end(args);                     \
	char *argv[nr + 1];               \
	va_start(args, first);            \
	argv[0] = (char *)first;          \
	for (int i = 1; i <= nr; i++)     \
	argv[i] = va_arg(args, char *)

EXPORT int execl(const char *path, const char *first, ...)
{
	LIST_ARGUMENTS(argv, args, first);

	va_end(args);
	return execv(path, argv);
}

EXPORT int execlp(const char *command, const char *first, ...)
{
	LIST_ARGUMENTS(argv, args, first);

	va_end(args);
	return execvp(command, argv);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	LIST_ARGUMENTS(argv, args, first);
	char *const *envp = va_arg(args, char *const *);

	va_end(args);
	return execve(path, argv, envp);
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	look_at(path);
	return REAL(posix_spawn)(pid, path, actions, attributes, argv, envp);
}

EXPORT int posix_spawnp(pid_t *pid, const char *command, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	look_in_path(command);
	return REAL(posix_spawnp)(pid, command, actions, attributes, argv, envp);
}

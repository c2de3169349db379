// SPDX-License-Identifier: MIT
/*
 * exec.c - execve() and its like
 *
 * A client that the loader does not put the shim into, started by a program that has it, would
 * only see that there is no /dev/exmap. Of other programs nothing is said.
 */

#include "shim/real.h"

#include <errno.h>

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

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	look_at(path);
	emu_trace_end();
	return REAL(execve)(path, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
	look_at(path);
	emu_trace_end();
	return REAL(execv)(path, argv);
}

EXPORT int execvp(const char *command, char *const argv[])
{
	look_in_path(command);
	emu_trace_end();
	return REAL(execvp)(command, argv);
}

EXPORT int execvpe(const char *command, char *const argv[], char *const envp[])
{
	look_in_path(command);
	emu_trace_end();
	return REAL(execvpe)(command, argv, envp);
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

// SPDX-License-Identifier: MIT
/* signals_old.c - System V's and BSD's calls, which libc makes past sigaction() and sigprocmask() */

#include "shim/real.h"

#include <string.h>

#include "shim/signals.h"

static int change_one(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	return sigaddset(&set, sig) ? -1 : sigprocmask(how, &set, NULL);
}

EXPORT int sighold(int sig)
{
	return change_one(SIG_BLOCK, sig);
}

EXPORT int sigrelse(int sig)
{
	return change_one(SIG_UNBLOCK, sig);
}

static int change_word(int how, int mask)
{
	sigset_t set;
	sigset_t old;
	int was;

	sigemptyset(&set);
	memcpy(&set, &mask, sizeof(mask));
	if (sigprocmask(how, &set, &old))
		return -1;
	memcpy(&was, &old, sizeof(was));
	return was;
}

EXPORT int sigblock(int mask)
{
	return change_word(SIG_BLOCK, mask);
}

EXPORT int sigsetmask(int mask)
{
	return change_word(SIG_SETMASK, mask);
}

static bool is_blocked(int sig)
{
	sigset_t set;

	return !sigprocmask(SIG_BLOCK, NULL, &set) && sigismember(&set, sig) == 1;
}

EXPORT sighandler_t sigset(int sig, sighandler_t handler)
{
	struct sigaction action = { .sa_handler = handler };
	bool hold = handler == SIG_HOLD;
	bool blocked = is_blocked(sig);
	struct sigaction old;

	if (sigaction(sig, hold ? NULL : &action, &old) ||
	    change_one(hold ? SIG_BLOCK : SIG_UNBLOCK, sig))
		return SIG_ERR;
	return blocked ? SIG_HOLD : old.sa_handler;
}

EXPORT int sigignore(int sig)
{
	struct sigaction action = { .sa_handler = SIG_IGN };

	return sigaction(sig, &action, NULL);
}

/* To find libc's is to name it. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

EXPORT int siginterrupt(int sig, int interrupts)
{
	struct sigaction action;

	if (!signals_has(sig))
		return REAL(siginterrupt)(sig, interrupts);
	sigaction(sig, NULL, &action);
	action.sa_flags &= ~SA_RESTART;
	action.sa_flags |= interrupts ? 0 : SA_RESTART;
	return sigaction(sig, &action, NULL);
}

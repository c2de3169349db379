// SPDX-License-Identifier: MIT
/*
 * sigaction.c - sigaction(), signal() and the older calls that set a signal's handler
 *
 * For SIGSEGV, SIGBUS and SIGSYS, once their handlers are ours, the call ends in
 * signals_exchange(). For any other signal it goes on to libc, without the open
 * signals of masks.h in the handler's mask.
 */

#include "shim/real.h"

#include "shim/masks.h"
#include "shim/signals.h"

/* sighold(), sigrelse() and siginterrupt() are deprecated in glibc's headers. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* sigaction() of a signal whose handler is the client's: only its mask concerns us. */
static int change_other(int sig, const struct sigaction *action, struct sigaction *old)
{
	uint64_t mask = action ? masks_word(&action->sa_mask) : 0;
	uint64_t held = masks_exchange_action(sig, NULL);
	struct sigaction copy;
	int ret;

	if (!masks_open())
		return REAL(sigaction)(sig, action, old);
	if (action) {
		copy = *action;
		masks_set_word(&copy.sa_mask, mask & ~masks_open());
	}
	ret = REAL(sigaction)(sig, action ? &copy : NULL, old);
	if (ret)
		return ret;
	if (action)
		masks_exchange_action(sig, &mask);
	if (old)
		masks_set_word(&old->sa_mask, masks_word(&old->sa_mask) | held);
	return 0;
}

EXPORT int sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	if (!signals_has(sig))
		return change_other(sig, action, old);
	/* signals_exchange() wants two structures, and the client may pass one for both. */
	if (action) {
		struct sigaction copy = *action;

		signals_exchange(sig, &copy, old);
	} else {
		signals_exchange(sig, NULL, old);
	}
	return 0;
}

static sighandler_t set_handler(int sig, sighandler_t handler, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	struct sigaction old;

	signals_exchange(sig, &action, &old);
	return old.sa_handler;
}

EXPORT sighandler_t signal(int sig, sighandler_t handler)
{
	return signals_has(sig) ? set_handler(sig, handler, SA_RESTART) :
				  REAL(signal)(sig, handler);
}

EXPORT sighandler_t bsd_signal(int sig, sighandler_t handler)
{
	return signal(sig, handler);
}

EXPORT sighandler_t ssignal(int sig, sighandler_t handler)
{
	return signal(sig, handler);
}

EXPORT sighandler_t sysv_signal(int sig, sighandler_t handler)
{
	return signals_has(sig) ? set_handler(sig, handler, SA_RESETHAND | SA_NODEFER) :
				  REAL(sysv_signal)(sig, handler);
}

EXPORT sighandler_t __sysv_signal(int sig, sighandler_t handler)
{
	return sysv_signal(sig, handler);
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

	if (sigaction(sig, hold ? NULL : &action, &old) || (hold ? sighold(sig) : sigrelse(sig)))
		return SIG_ERR;
	return blocked ? SIG_HOLD : old.sa_handler;
}

EXPORT int sigignore(int sig)
{
	struct sigaction action = { .sa_handler = SIG_IGN };

	return sigaction(sig, &action, NULL);
}

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

// SPDX-License-Identifier: MIT
/* rcu.c - see rcu.h */

#include "emu/rcu.h"

#include <stdlib.h>

#ifdef __SANITIZE_THREAD__
char emu_rcu_tag;
#endif

void emu_rcu_free(void *memory)
{
	if (!memory || !emu_rcu_may_wait())
		return;
	emu_rcu_synchronize();
	free(memory);
}

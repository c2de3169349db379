/* SPDX-License-Identifier: MIT */
/* abuse.h - what is left when a client is gone */
#ifndef EXMAP_TESTS_ABUSE_H
#define EXMAP_TESTS_ABUSE_H

#include "harness.h"

#include <sys/mount.h>
#include <sys/stat.h>

/** frames_held() - frames that all exmaps hold, as the module counts; -1 if nobody does. */
long frames_held(void);

/** frames_settled() - the same, once what former clients had has come back. */
long frames_settled(void);

/** frames_return_to() - wait until that is @count; false if it does not come to it. */
bool frames_return_to(long count);

#endif /* EXMAP_TESTS_ABUSE_H */

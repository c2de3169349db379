/* SPDX-License-Identifier: MIT */
/* abuse.h - frames that are left when a client is gone */
#ifndef EXMAP_TESTS_ABUSE_H
#define EXMAP_TESTS_ABUSE_H

#include "harness.h"

#include <sys/mount.h>
#include <sys/stat.h>

/** frames_held() - how many frames all exmaps hold, by the module's count; -1 without it. */
long frames_held(void);

/** frames_settled() - frames_held(), after the frames of former clients have come back. */
long frames_settled(void);

/** frames_return_to() - wait until frames_held() is @count; false if that takes too long. */
bool frames_return_to(long count);

#endif /* EXMAP_TESTS_ABUSE_H */

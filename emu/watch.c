// SPDX-License-Identifier: MIT
/* watch.c - see watch.h */

#include "emu/watch.h"

unsigned int emu_watching;

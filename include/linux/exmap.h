/* SPDX-License-Identifier: MIT OR GPL-2.0 WITH Linux-syscall-note */
/* <linux/exmap.h> - the header's name for clients that were written for the kernel module */
#include "../exmap.h"

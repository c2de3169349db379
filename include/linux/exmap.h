/* SPDX-License-Identifier: MIT OR GPL-2.0 WITH Linux-syscall-note */
/* <linux/exmap.h>: the name under which clients of the kernel module know it. */
#include "../exmap.h"

/* SPDX-License-Identifier: MIT */
/* old_calls.h - system calls that have successors, and that only old architectures have */
#ifndef EXMAP_SHIM_OLD_CALLS_H
#define EXMAP_SHIM_OLD_CALLS_H

#include <stdbool.h>

#include "shim/syscall_args.h"

/** old_calls_serve() - as syscall_serve(), for open(), creat(), dup2(), stat(), fork() and the like. */
bool old_calls_serve(long nr, const struct syscall_args *args, long *ret);

#endif /* EXMAP_SHIM_OLD_CALLS_H */

/* SPDX-License-Identifier: MIT */
/* execinfo.h - backtrace(), which musl has not, by the compiler's unwinder */
#ifndef EXMAP_LIBC_EXECINFO_H
#define EXMAP_LIBC_EXECINFO_H

int backtrace(void **pc, int size) __attribute__((visibility("hidden")));

#endif /* EXMAP_LIBC_EXECINFO_H */

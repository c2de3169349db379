/* SPDX-License-Identifier: MIT */
/*
 * use_after_free.h - the deliberate bugs, by the names that valgrind.sh looks for
 *
 * They are in a file of their own, or the compiler moves their loads into the caller.
 */
#ifndef CLIENTS_USE_AFTER_FREE_H
#define CLIENTS_USE_AFTER_FREE_H

int deliberate_read_of_freed_page(const volatile unsigned char *p);
int deliberate_use_of_fresh_page(const volatile unsigned char *p);

#endif

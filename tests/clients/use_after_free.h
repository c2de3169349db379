/* SPDX-License-Identifier: MIT */
/*
 * use_after_free.h - the deliberate bugs, by the names that valgrind.sh looks for
 *
 * They have a file of their own, because the compiler would inline them into the caller. Each
 * first computes an address, because valgrind 3.19 takes the very first instruction of a function
 * for its caller's.
 */
#ifndef CLIENTS_USE_AFTER_FREE_H
#define CLIENTS_USE_AFTER_FREE_H

int deliberate_read_of_freed_page(const volatile unsigned char *mem, unsigned long page);
int deliberate_use_of_fresh_page(const volatile unsigned char *mem, unsigned long page);

#endif

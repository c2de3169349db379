/* SPDX-License-Identifier: MIT */
/*
 * use_after_free.h - the deliberate bugs, by the names that valgrind.sh looks for
 *
 * They are in a file of their own, or the compiler moves their loads into the caller;
 * and each computes an address first, since valgrind 3.19 takes the very first
 * instruction of a function for its caller's.
 */
#ifndef CLIENTS_USE_AFTER_FREE_H
#define CLIENTS_USE_AFTER_FREE_H

int deliberate_read_of_freed_page(const volatile unsigned char *mem, unsigned long page);
int deliberate_use_of_fresh_page(const volatile unsigned char *mem, unsigned long page);

#endif

/* SPDX-License-Identifier: MIT */
/* two_devices.h - the parts of the two_devices client */
#ifndef CLIENTS_TWO_DEVICES_H
#define CLIENTS_TWO_DEVICES_H

/* Tests ways to open the device and to stat it. Return: the number of failed checks. */
unsigned int test_names(unsigned int *passed);

/* Fortified calls with flags the compiler cannot see: -1 with errno, or an fd. */
int fortified_open(const char *path, int flags);
int fortified_open64(const char *path, int flags);
int fortified_openat(int dir, const char *path, int flags);
int fortified_openat64(int dir, const char *path, int flags);
long fortified_pread(int fd, void *buf, unsigned long len, long offset);

#endif

/* SPDX-License-Identifier: MIT */
/* installed.h - for exmap-run --doctor: which parts of exmap this machine has */
#ifndef EXMAP_RUN_INSTALLED_H
#define EXMAP_RUN_INSTALLED_H

#include <stdbool.h>

/**
 * say_installed() - print a line for each part: versions, libraries, tools, the kernel module
 *
 * Return: whether exmap-run finds its shim. If not, a line on stderr says where it has looked.
 */
bool say_installed(void);

/** device_error() - 0 if the kernel module's /dev/exmap may be opened; else an errno. */
int device_error(void);

/** advise_module() - print what to do for the kernel module, if a client would not get it. */
void advise_module(void);

#endif /* EXMAP_RUN_INSTALLED_H */

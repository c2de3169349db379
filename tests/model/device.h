/* SPDX-License-Identifier: MIT */
/* device.h - the device that is tested */
#ifndef TESTS_DEVICE_H
#define TESTS_DEVICE_H

#include <stdbool.h>

/** device_path - /dev/exmap, or what option --device says. */
extern const char *device_path;

/** DEVICE_OPTION - the key of that option, for argp. */
#define DEVICE_OPTION 'd'
#define DEVICE_ARGP_OPTION                                                                          \
	{                                                                                           \
		"device", DEVICE_OPTION, "PATH", 0,                                                 \
			"Test this one of /dev/exmap (the default) and /dev/exmap0 to /dev/exmap4", \
			0                                                                           \
	}

/** device_leanstore - whether it follows the LeanStore dialect [8.9]: its name ends in a number. */
bool device_leanstore(void);

#endif

/* SPDX-License-Identifier: MIT */
/* option.h - exmap-run --option */
#ifndef EXMAP_RUN_OPTION_H
#define EXMAP_RUN_OPTION_H

#include <stdbool.h>

/**
 * option_any() - give the client an option of EXMAP_OPTIONS
 * @option: KEY=VALUE or KEY; several with colons between
 *
 * The emulator itself would only say that it ignores what is no option. Who types one wants to know
 * before the client runs.
 *
 * Return: false, after a message, if there is no such option, or it does not take the value.
 */
bool option_any(const char *option);

#endif /* EXMAP_RUN_OPTION_H */

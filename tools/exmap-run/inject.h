/* SPDX-License-Identifier: MIT */
/* inject.h - the rules of exmap-run --inject */
#ifndef EXMAP_RUN_INJECT_H
#define EXMAP_RUN_INJECT_H

#include <stdbool.h>

/**
 * inject_option() - have one more fault injected into the client
 * @rule: as core/inject_rule.h says
 *
 * The rules of all calls are joined, and replace those of the environment.
 *
 * Return: false, after a message that lists what there is, if it is no rule.
 */
bool inject_option(const char *rule);

/**
 * inject_check() - check the value of option inject: rules, with semicolons between
 *
 * Return: false, after the same message, if one of them is no rule.
 */
bool inject_check(const char *rules);

#endif /* EXMAP_RUN_INJECT_H */

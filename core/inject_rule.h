/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * inject_rule.h - what errors to inject: rules, as a person writes them
 *
 *	alloc:enomem:every=1000           each 1000th page that ALLOC maps gets no frame
 *	read:eio:p=0.001:seed=7           each READ of a range fails with probability 0.001
 *	read:short:if=3:pages=100-200     READs through interface 3 in these pages end early
 *	read:delay=2ms                    READs take 2 ms longer
 *	setup:enomem
 *
 * The emulator gets them by option inject=, the module by its file in debugfs. EXMAP_OPTIONS takes
 * commas for these colons, and semicolons between rules.
 */
#ifndef EXMAP_CORE_INJECT_RULE_H
#define EXMAP_CORE_INJECT_RULE_H

#include "core/platform.h"

/** EXMAP_INJECT_RULES - most rules. */
#define EXMAP_INJECT_RULES 8

/** EXMAP_INJECT_USAGE - what there is, in a line. */
#define EXMAP_INJECT_USAGE                                                                   \
	"alloc:enomem, read:eio, read:enomem, read:short, setup:enomem, and alloc, free or " \
	"read with :delay=2ms (us, ms, s); then :every=N or :p=0.001[:seed=N], :if=N, "      \
	":pages=FIRST-LAST"

enum exmap_inject_op {
	EXMAP_INJECT_ALLOC,
	EXMAP_INJECT_FREE,
	EXMAP_INJECT_READ,
	EXMAP_INJECT_SETUP,
};

/**
 * struct exmap_inject_rule - one rule
 * @text:      the rule as it was written, with colons
 * @op:        what it is about
 * @error:     the negative errno, or 0
 * @cut:       READ ends early
 * @delay_ns:  how much longer the call takes
 * @every:     it applies to each so many-th occasion; 0: with probability @p
 * @p:         probability in billionths
 * @seed:      what the random decisions follow from; 0: the seed of all
 * @interface: the interface it is about, or -1 for all
 * @first:     first page it is about
 * @last:      last page
 */
struct exmap_inject_rule {
	char text[96];
	enum exmap_inject_op op;
	int error;
	bool cut;
	u64 delay_ns;
	u64 every;
	u32 p;
	u32 seed;
	int interface;
	u64 first;
	u64 last;
};

/**
 * struct exmap_inject_rules - all rules
 * @nr:   number of rules
 * @rule: the rules
 */
struct exmap_inject_rules {
	u32 nr;
	struct exmap_inject_rule rule[EXMAP_INJECT_RULES];
};

/** exmap_inject_draws() - whether a rule decides by a seed, and names none itself. */
static inline bool exmap_inject_draws(const struct exmap_inject_rule *rule)
{
	return !rule->seed && (rule->p || rule->cut);
}

/**
 * exmap_inject_parse() - read a rule
 * @text: the rule; between its words colons or commas
 * @len:  bytes of it
 * @rule: filled in
 * @why:  set to what is wrong with it, if something is, to end a message with; EXMAP_INJECT_USAGE
 *        belongs behind that
 * @room: bytes of @why
 *
 * Return: whether it is one.
 */
bool exmap_inject_parse(const char *text, size_t len, struct exmap_inject_rule *rule, char *why,
			size_t room);

#endif /* EXMAP_CORE_INJECT_RULE_H */

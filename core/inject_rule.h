/* SPDX-License-Identifier: MIT */
/*
 * inject_rule.h - what inject= asks for: one rule
 *
 *	alloc:enomem:every=1000           each 1000th page that ALLOC maps gets no frame
 *	read:eio:p=0.001:seed=7           each READ of a range fails with probability 0.001
 *	read:short:if=3:pages=100-200     READs through interface 3 in these pages end early
 *	read:delay=2ms                    READs take 2 ms longer
 *	setup:enomem
 *
 * EXMAP_OPTIONS takes commas for these colons, and semicolons between rules.
 */
#ifndef EXMAP_EMU_INJECT_RULE_H
#define EXMAP_EMU_INJECT_RULE_H

#include "core/platform.h"

/** EMU_INJECT_RULES - most rules. */
#define EMU_INJECT_RULES 8

/** EMU_INJECT_USAGE - what there is, in a line. */
#define EMU_INJECT_USAGE                                                                     \
	"alloc:enomem, read:eio, read:enomem, read:short, setup:enomem, and alloc, free or " \
	"read with :delay=2ms (us, ms, s); then :every=N or :p=0.001[:seed=N], :if=N, "      \
	":pages=FIRST-LAST"

enum emu_inject_op { EMU_INJECT_ALLOC, EMU_INJECT_FREE, EMU_INJECT_READ, EMU_INJECT_SETUP };

/**
 * struct emu_inject_rule - one rule
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
struct emu_inject_rule {
	char text[96];
	enum emu_inject_op op;
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
 * emu_inject_parse() - read a rule
 * @text: the rule; between its words colons or commas
 * @len:  bytes of it
 * @rule: filled in
 * @why:  set to what is wrong with it, if something is, to end a message with; EMU_INJECT_USAGE
 *        belongs behind that
 * @room: bytes of @why
 *
 * Return: whether it is one.
 */
bool emu_inject_parse(const char *text, size_t len, struct emu_inject_rule *rule, char *why,
		      size_t room);

#endif /* EXMAP_EMU_INJECT_RULE_H */

/* SPDX-License-Identifier: MIT */
/* strategy.h - which mover a surface gets */
#ifndef EXMAP_EMU_STRATEGY_H
#define EXMAP_EMU_STRATEGY_H

struct emu_surface;

/**
 * emu_choose_mover() - set and prepare the mover of a surface, as option strategy= says
 * @s: a surface that is reserved (PROT_NONE), and that no other thread knows yet
 *
 * If the option names a strategy that this machine does not permit, a line on stderr says so.
 *
 * Return: 0 or a negative errno.
 */
int emu_choose_mover(struct emu_surface *s);

#endif /* EXMAP_EMU_STRATEGY_H */

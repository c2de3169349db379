/* SPDX-License-Identifier: MIT */
/* strategy.h - which mover a surface gets */
#ifndef EXMAP_EMU_STRATEGY_H
#define EXMAP_EMU_STRATEGY_H

struct emu_surface;

/**
 * emu_choose_mover() - set and prepare the mover of a surface, as option strategy= says
 *
 * Return: 0 or a negative errno, and a line on stderr if the option names what cannot be had.
 */
int emu_choose_mover(struct emu_surface *s);

#endif /* EXMAP_EMU_STRATEGY_H */

/* SPDX-License-Identifier: MIT */
/* doctor.h - exmap-run --doctor */
#ifndef EXMAP_RUN_DOCTOR_H
#define EXMAP_RUN_DOCTOR_H

/**
 * doctor() - print what this machine permits, which strategy that leads to, and what it costs
 *
 * Makes an exmap in this process, under EXMAP_OPTIONS, to find the strategy and time it.
 *
 * Return: exit status: 0 if exmap clients can run here, 1 if not.
 */
int doctor(void);

#endif /* EXMAP_RUN_DOCTOR_H */

/* SPDX-License-Identifier: MIT */
/* doctor.h - exmap-run --doctor */
#ifndef EXMAP_RUN_DOCTOR_H
#define EXMAP_RUN_DOCTOR_H

/**
 * doctor() - print what is installed, what this machine permits, what a client would get and what that
 * costs, and what to do for more
 *
 * Makes an exmap in this process, under EXMAP_OPTIONS, to find the strategy and time it.
 *
 * Return: exit status: 0 if exmap clients can run here by exmap-run, 1 if not.
 */
int doctor(void);

#endif /* EXMAP_RUN_DOCTOR_H */

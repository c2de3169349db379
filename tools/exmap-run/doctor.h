/* SPDX-License-Identifier: MIT */
/* doctor.h - what this machine allows, and what that means for exmap clients */
#ifndef EXMAP_RUN_DOCTOR_H
#define EXMAP_RUN_DOCTOR_H

/**
 * doctor() - print it
 *
 * The strategy is found out by using the emulator, and timed; EXMAP_OPTIONS counts.
 *
 * Return: exit status, 0 if clients can run.
 */
int doctor(void);

#endif /* EXMAP_RUN_DOCTOR_H */

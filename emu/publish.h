/* SPDX-License-Identifier: MIT */
/* publish.h - let exmap-top find the exmaps of this process */
#ifndef EXMAP_EMU_PUBLISH_H
#define EXMAP_EMU_PUBLISH_H

struct exmap_device;

/**
 * emu_publish() - make the memfd of published.h, unless this process has it
 * @devices: the pointer to the newest exmap, which stays where it is
 *
 * Where there is no memfd, exmap-top does not find the process, and nothing else happens.
 * emu_devices_lock() held.
 */
void emu_publish(struct exmap_device *const *devices);

#endif /* EXMAP_EMU_PUBLISH_H */

// SPDX-License-Identifier: MIT
/* fork.c - see fork.h */

#include "emu/fork.h"

#include "emu/device.h"
#include "emu/mappings.h"
#include "emu/rcu.h"
#include "emu/registry.h"
#include "emu/trace_file.h"

void emu_fork_prepare(void)
{
	emu_vm_lock();
	emu_devices_lock();
	emu_mappings_lock();
	emu_trace_lock();
	urcu_bp_before_fork();
}

void emu_fork_parent(void)
{
	urcu_bp_after_fork_parent();
	emu_trace_unlock();
	emu_mappings_unlock();
	emu_devices_unlock();
	emu_vm_unlock();
}

void emu_fork_child(void)
{
	urcu_bp_after_fork_child();
	emu_trace_unlock();
	emu_mappings_unlock();
	emu_devices_unlock();
	emu_vm_unlock();
}

// SPDX-License-Identifier: MIT
/* sanitizers.c - see sanitizers.h */

#define _GNU_SOURCE
#include "emu/sanitizers.h"

#include <dlfcn.h>

#include "core/platform.h"

/* Functions of the runtimes; NULL if there is none. Written by emu_sanitizers_find() only; atomic. */
static struct {
	void (*poison)(const volatile void *addr, size_t len);
	void (*unpoison)(const volatile void *addr, size_t len);
	void *(*report_address)(void);
	void (*uninitialised)(const volatile void *addr, size_t len);
	void (*initialised)(const volatile void *addr, size_t len);
	void (*acquire)(void *addr);
	void (*release)(void *addr);
} runtime;

static void (*tell_error)(const void *addr);

#define FIND(field, name) \
	exmap_store(&runtime.field, (__typeof__(runtime.field))dlsym(RTLD_DEFAULT, name))

bool emu_sanitizers_find(void)
{
	FIND(poison, "__asan_poison_memory_region");
	FIND(unpoison, "__asan_unpoison_memory_region");
	FIND(report_address, "__asan_get_report_address");
	FIND(uninitialised, "__msan_allocated_memory");
	FIND(initialised, "__msan_unpoison");
	FIND(acquire, "__tsan_acquire");
	FIND(release, "__tsan_release");
	return runtime.poison || runtime.uninitialised || runtime.acquire;
}

static void call(void (*function)(const volatile void *addr, size_t len), const void *addr,
		 size_t len)
{
	if (function)
		function(addr, len);
}

/*
 * Tells ThreadSanitizer that FREE of a page comes before its next ALLOC. It keeps the order by the
 * page's address, so that two pages do not order each other.
 */
static void call_each(void (*function)(void *addr), const void *addr, size_t len)
{
	for (size_t i = 0; function && i < len; i += EXMAP_PAGE_SIZE)
		function((char *)addr + i);
}

void emu_sanitizers_freed(const void *addr, size_t len)
{
	call_each(runtime.release, addr, len);
	call(runtime.uninitialised, addr, len);
	call(runtime.poison, addr, len);
}

void emu_sanitizers_fresh(const void *addr, size_t len)
{
	call_each(runtime.acquire, addr, len);
	call(runtime.unpoison, addr, len);
	call(runtime.uninitialised, addr, len);
}

void emu_sanitizers_filled(const void *addr, size_t len)
{
	call_each(runtime.acquire, addr, len);
	call(runtime.unpoison, addr, len);
	call(runtime.initialised, addr, len);
}

void emu_sanitizers_gone(const void *addr, size_t len)
{
	call(runtime.unpoison, addr, len);
	call(runtime.initialised, addr, len);
}

static void on_report(const char *text)
{
	(void)text;
	if (runtime.report_address)
		tell_error(runtime.report_address());
}

void emu_sanitizers_on_error(void (*tell)(const void *addr))
{
	void (*set)(void (*callback)(const char *text)) =
		(__typeof__(set))dlsym(RTLD_DEFAULT, "__asan_set_error_report_callback");

	tell_error = tell;
	if (set)
		set(on_report);
}

// SPDX-License-Identifier: MIT
/*
 * diagnose.c - see diagnose.h
 *
 * A report has the form of the sanitizers' reports: what was done where, the stack, who freed and
 * who allocated the page, with their stacks, and a summary.
 */

#define _GNU_SOURCE
#include "emu/diagnose.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "emu/backtrace.h"
#include "emu/device.h"
#include "emu/failed.h"
#include "emu/history.h"
#include "emu/memcheck.h"
#include "emu/options.h"
#include "emu/rcu.h"
#include "emu/registers.h"
#include "emu/registry.h"
#include "emu/say.h"
#include "emu/surface.h"
#include "emu/sys.h"
#include "emu/trace_file.h"

/* Reports of accesses that the program handles; later ones are only counted in the statistics. */
#define MAX_HANDLED 20

/* The opcodes that make a page inaccessible, and those that make it accessible; for emu_history_find(). */
#define OPCODES_FREE (1u << EXMAP_OP_FREE)
#define OPCODES_MAKE (1u << EXMAP_OP_ALLOC | 1u << EXMAP_OP_READ)
/* Pages of a range that are looked up at most. */
#define MAX_LOOKED_UP 64

/**
 * struct page_report - what is known of a page that was touched
 * @s:         the surface
 * @page:      the page
 * @busy:      a call that named the page is in progress: @freed is that call
 * @has_freed: @freed is set: that call, or the latest FREE that named the page
 * @has_made:  @made is set: the latest ALLOC or READ that named the page
 */
struct page_report {
	const struct emu_surface *s;
	u64 page;
	bool busy;
	bool has_freed;
	bool has_made;
	struct emu_history_event freed;
	struct emu_history_event made;
};

static const char *const endings[] = {
	[EMU_DIES] = "the program has no SIGSEGV handler: dying of SIGSEGV",
	/* In brackets: clang takes two strings for a comma that was forgotten. */
	[EMU_DIES_BLOCKED] =
		("SIGSEGV is blocked, by the thread's mask or as in the program's handler "
		 "without SA_NODEFER: dying of SIGSEGV"),
	[EMU_SANITIZER] = "the sanitizer's own report follows",
	[EMU_HANDLED] = "the program's SIGSEGV handler is called",
};

/* A line of a report, without a prefix. */
__attribute__((format(printf, 1, 2))) static void print(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0)
		emu_print(line, EXMAP_MIN((size_t)n, sizeof(line) - 1));
}

static void look_up(struct page_report *r)
{
	const struct emu_history *h = r->s->dev->history;

	r->busy = emu_history_find(h, r->page, OPCODES_FREE | OPCODES_MAKE, false, &r->freed);
	r->has_freed = r->busy || emu_history_find(h, r->page, OPCODES_FREE, true, &r->freed);
	r->has_made = emu_history_find(h, r->page, OPCODES_MAKE, true, &r->made);
	/* A FREE that came before the latest ALLOC of the page did not cause this access. */
	if (!r->busy && r->has_freed && r->has_made && r->made.order > r->freed.order)
		r->has_freed = false;
}

/* The kind of the error, as in a sanitizer's summary. */
static const char *kind(const struct page_report *r, bool forbidden)
{
	if (forbidden)
		return "protection";
	if (r->busy)
		return r->freed.opcode == EXMAP_OP_FREE ? "use-during-free" : "use-before-alloc";
	if (r->has_freed)
		return "use-after-free";
	return "use-without-alloc";
}

static const char *const verbs[] = {
	[EXMAP_OP_READ] = "read",
	[EXMAP_OP_ALLOC] = "allocated",
	[EXMAP_OP_FREE] = "freed",
};

static void print_event(u64 page, const struct emu_history_event *event, const char *when)
{
	print("page %llu %s %s by thread %d through interface %u", (unsigned long long)page, when,
	      verbs[event->opcode], event->thread, event->interface);
	if (!event->done)
		print("\n");
	else if (event->ago)
		print(", %llu action%s of that interface ago:\n", (unsigned long long)event->ago,
		      event->ago > 1 ? "s" : "");
	else
		print(", in its latest action:\n");
	emu_backtrace_print(&event->stack, false);
}

static void print_events(const struct page_report *r)
{
	if (r->has_freed)
		print_event(r->page, &r->freed, r->busy ? "is this moment being" : "was");
	if (r->has_made)
		print_event(r->page, &r->made, "was");
	if (!r->has_freed && !r->has_made)
		print("page %llu was never allocated since the surface was mapped, or longer ago than the %u actions of "
		      "history=\n",
		      (unsigned long long)r->page, emu_options()->history);
}

static void print_neighbours(const struct page_report *r)
{
	u64 first = r->page > 2 ? r->page - 2 : 0;

	print("pages around:");
	for (u64 page = first; page <= r->page + 2 && page < r->s->core.nr_pages; page++)
		print(" %s%llu%s%s", page == r->page ? "[" : "", (unsigned long long)page,
		      exmap_page_present(&r->s->core, page) ? " allocated" : "",
		      page == r->page ? "]" : "");
	print("\n");
}

/* Prints which instruction accesses the address, and from where that was called. */
static void print_access(const siginfo_t *info, const ucontext_t *uc)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	struct emu_stack stack;

	emu_backtrace_fault(&stack, uc);
	print("%s at address %#lx, byte %lu of the page, by thread %ld:\n",
	      emu_access(uc) & EMU_ACCESS_WRITE ? "write" : "read", (unsigned long)addr,
	      (unsigned long)(addr % EXMAP_PAGE_SIZE), emu_sys(SYS_gettid));
	emu_backtrace_print(&stack, true);
}

static void report_page(struct page_report *r, const siginfo_t *info, const ucontext_t *uc,
			const char *ending)
{
	bool forbidden = info->si_code == SEGV_ACCERR;

	look_up(r);
	print("==%ld==ERROR: exmap: %s: page %llu of exmap %llu\n", emu_sys(SYS_getpid),
	      kind(r, forbidden), (unsigned long long)r->page,
	      (unsigned long long)r->s->dev->serial);
	print_access(info, uc);
	if (forbidden)
		print("the protection of the surface forbids the access\n");
	print_events(r);
	print_neighbours(r);
	print("SUMMARY: exmap: %s of page %llu; %s\n", kind(r, forbidden),
	      (unsigned long long)r->page, ending);
}

/* One line; with the way to more, if the program ends here. */
static void say_page(const struct page_report *r, const siginfo_t *info, const char *ending)
{
	const struct exmap_device *dev = r->s->dev;
	const char *more = emu_options()->history ? "" : "; exmap-run --debug tells more";

	emu_say("%s page %llu (address %#llx) of exmap %llu, and %s%s",
		info->si_code == SEGV_ACCERR ? "access that the protection forbids to" :
					       "access to unallocated",
		(unsigned long long)r->page, (unsigned long long)(uintptr_t)info->si_addr,
		(unsigned long long)dev->serial, ending,
		exmap_nr_interfaces(&dev->core) ? more :
						  "; the exmap was not set up: SETUP comes first");
}

static void say_fence(const struct emu_region *region, uintptr_t addr, const char *ending)
{
	bool before = addr < region->start;
	char what[64] = "surface";

	if (region->kind == EMU_REGION_EXPORT)
		strcpy(what, "page-table export");
	else if (region->kind == EMU_REGION_INTERFACE)
		snprintf(what, sizeof(what), "page of interface %u", region->interface);
	emu_say("access %llu bytes %s the %s (address %#llx) of exmap %llu, and %s",
		(unsigned long long)(before ? region->start - addr : addr - region->end),
		before ? "before" : "behind", what, (unsigned long long)addr,
		(unsigned long long)region->exmap, ending);
}

/* Whether an access that the program handles is to be reported. */
static bool wanted(void)
{
	static u32 reported;
	u32 nr;

	nr = __atomic_add_fetch(&reported, 1, __ATOMIC_RELAXED);
	if (nr == MAX_HANDLED + 1)
		emu_say("%d accesses to pages that were not allocated were reported; later ones are "
			"only counted (stats=1)",
			MAX_HANDLED);
	return nr <= MAX_HANDLED;
}

/* Held while a report is printed. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void emu_diagnose(const siginfo_t *info, const void *ucontext, enum emu_outcome outcome)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	struct emu_region region;

	/* The process dies now: the last events of its trace are those that matter. */
	if (outcome != EMU_HANDLED)
		emu_trace_end();
	/* memcheck reports each access, handled or not: what is known of the page follows. */
	else if (!emu_options()->report && !(emu_options()->history && emu_on_valgrind()))
		return;
	emu_rcu_read_lock();
	if (!emu_region_find_near(addr, addr + 1, &region) ||
	    (outcome == EMU_HANDLED && !wanted())) {
		;
	} else if (addr < region.start || addr >= region.end) {
		say_fence(&region, addr, endings[outcome]);
		if (emu_options()->history && !pthread_mutex_trylock(&lock)) {
			print_access(info, ucontext);
			pthread_mutex_unlock(&lock);
		}
	} else if (region.kind == EMU_REGION_SURFACE) {
		struct page_report r = {
			.s = region.surface,
			.page = (addr - region.start) >> EXMAP_PAGE_SHIFT,
		};

		/* Another report is being printed, maybe by this thread: a line must do. */
		if (!r.s->dev->history || pthread_mutex_trylock(&lock)) {
			say_page(&r, info, endings[outcome]);
		} else {
			report_page(&r, info, ucontext, endings[outcome]);
			pthread_mutex_unlock(&lock);
		}
	}
	emu_rcu_read_unlock();
}

/* The first page of a range that is not allocated; nr_pages if there is none. */
static u64 first_missing(const struct emu_surface *s, uintptr_t start, uintptr_t end)
{
	u64 page = (EXMAP_MAX(start, s->core.base) - s->core.base) >> EXMAP_PAGE_SHIFT;

	for (; page < s->core.nr_pages && (uintptr_t)emu_page_address(&s->core, page) < end;
	     page++) {
		if (!exmap_page_present(&s->core, page))
			return page;
	}
	return s->core.nr_pages;
}

void emu_diagnose_efault(const char *call, const void *addr, size_t len)
{
	static u32 times;
	uintptr_t start = (uintptr_t)addr;
	struct emu_region region;
	struct page_report r;

	if (!emu_options()->notes)
		return;
	emu_rcu_read_lock();
	if (emu_region_find(start, start + len, &region) && region.kind == EMU_REGION_SURFACE) {
		r = (struct page_report){ .s = region.surface };
		r.page = first_missing(r.s, start, start + len);
		if (r.page < r.s->core.nr_pages)
			emu_fails(call, -EFAULT, "page %llu of exmap %llu is not allocated [6.2]",
				  (unsigned long long)r.page, (unsigned long long)r.s->dev->serial);
		/* Another report is being printed, maybe by this thread: the line must do. */
		if (r.page < r.s->core.nr_pages && r.s->dev->history && emu_wants_note(&times) &&
		    !pthread_mutex_trylock(&lock)) {
			look_up(&r);
			print_events(&r);
			pthread_mutex_unlock(&lock);
		}
	}
	emu_rcu_read_unlock();
}

void emu_diagnose_poisoned(const void *addr)
{
	uintptr_t at = (uintptr_t)addr;
	struct emu_region region;
	struct page_report r;

	emu_rcu_read_lock();
	if (emu_region_find(at, at + 1, &region) && region.kind == EMU_REGION_SURFACE &&
	    region.surface->dev->history) {
		r = (struct page_report){ .s = region.surface };
		r.page = (at - region.start) >> EXMAP_PAGE_SHIFT;
		print("==%ld== exmap: the address is byte %lu of page %llu of exmap %llu\n",
		      emu_sys(SYS_getpid), (unsigned long)(at % EXMAP_PAGE_SIZE),
		      (unsigned long long)r.page, (unsigned long long)r.s->dev->serial);
		look_up(&r);
		print_events(&r);
		print_neighbours(&r);
	}
	emu_rcu_read_unlock();
}

void emu_diagnose_oldest(const struct emu_surface *s)
{
	struct emu_history_event event;
	u64 page;

	if (!s->dev->history || !emu_history_oldest(s->dev->history, &s->core, &page, &event) ||
	    pthread_mutex_trylock(&lock))
		return;
	print("of the pages that are allocated, as far as history= goes back, the first was:\n");
	print_event(page, &event, "was");
	pthread_mutex_unlock(&lock);
}

void emu_diagnose_twice(const struct emu_surface *s, u64 page, u64 len, bool freed)
{
	const struct emu_history *h = s->dev->history;
	struct emu_history_event free, make;

	if (!h || pthread_mutex_trylock(&lock))
		return;
	for (u64 end = page + EXMAP_MIN(len, (u64)MAX_LOOKED_UP); page < end; page++) {
		emu_history_find(h, page, OPCODES_FREE, true, &free);
		emu_history_find(h, page, OPCODES_MAKE, true, &make);
		if (freed ? free.order > make.order : make.order > free.order) {
			print_event(page, freed ? &free : &make, "was");
			break;
		}
	}
	pthread_mutex_unlock(&lock);
}

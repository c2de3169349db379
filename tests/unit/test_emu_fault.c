// SPDX-License-Identifier: MIT
/* test_emu_fault.c - which signals mean a missing page of a surface, by their siginfo */

#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "device.h"
#include "emu/fault.h"
#include "emu/memory.h"
#include "emu/registers.h"
#include "tests/access.h"

#define PAGE EXMAP_PAGE_SIZE
/* Bytes of a surface that can be exported. */
#define PAGES 512

#define LOAD 0
#define STORE EMU_ACCESS_WRITE
#define FETCH EMU_ACCESS_INSTR

struct answer {
	enum emu_fault what;
	int sig;
	int code;
};

static struct answer ask(int sig, int code, const void *addr, int access)
{
	siginfo_t info = { .si_signo = sig, .si_code = code };
	ucontext_t uc;
	struct answer answer;

	memset(&uc, 0, sizeof(uc));
	access_set(&uc, access);
	info.si_addr = (void *)addr;
	answer.what = emu_fault_examine(&info, &uc);
	answer.sig = info.si_signo;
	answer.code = info.si_code;
	assert_ptr_equal(info.si_addr, addr);
	return answer;
}

static void expect_segv(int code, const char *addr, int access)
{
	const struct answer bus = ask(SIGBUS, BUS_ADRERR, addr, access);
	const struct answer segv = ask(SIGSEGV, SEGV_ACCERR, addr, access);

	assert_int_equal(bus.what, EMU_FAULT_SEGV);
	assert_int_equal(bus.sig, SIGSEGV);
	assert_int_equal(bus.code, code);
	assert_int_equal(segv.what, EMU_FAULT_SEGV);
	assert_int_equal(segv.sig, SIGSEGV);
	assert_int_equal(segv.code, code);
}

static void expect_foreign(int sig, int code, const char *addr)
{
	const struct answer answer = ask(sig, code, addr, LOAD);

	assert_int_equal(answer.what, EMU_FAULT_FOREIGN);
	assert_int_equal(answer.sig, sig);
	assert_int_equal(answer.code, code);
}

static void expect_fence(const char *addr)
{
	const struct answer answer = ask(SIGSEGV, SEGV_ACCERR, addr, STORE);

	assert_int_equal(answer.what, EMU_FAULT_SEGV);
	assert_int_equal(answer.sig, SIGSEGV);
	assert_int_equal(answer.code, SEGV_MAPERR);
	expect_foreign(SIGBUS, BUS_ADRERR, addr);
}

static void anywhere_in_the_surface_6_1(void **state)
{
	struct device *d = unit_device_new(PAGES, 10, -1);

	(void)state;
	expect_segv(SEGV_MAPERR, d->base, LOAD);
	expect_segv(SEGV_MAPERR, d->base + PAGES * PAGE - 1, STORE);
	/* The client must see a fence as unmapped address space. */
	expect_fence(d->base + PAGES * PAGE);
	expect_fence(d->base - 1);
	unit_device_free(d);
}

static void as_the_protection_has_it_2_6(void **state)
{
	struct device *d = unit_device_new(PAGES, 10, -1);
	size_t len = PAGES * PAGE;

	(void)state;
	expect_segv(SEGV_ACCERR, d->base, FETCH);
	assert_int_equal(emu_mprotect(d->base, len, PROT_READ), 0);
	expect_segv(SEGV_MAPERR, d->base, LOAD);
	expect_segv(SEGV_ACCERR, d->base, STORE);
	assert_int_equal(emu_mprotect(d->base, len, PROT_NONE), 0);
	expect_segv(SEGV_ACCERR, d->base, LOAD);
	expect_segv(SEGV_ACCERR, d->base, STORE);
	assert_int_equal(emu_mprotect(d->base, len, PROT_READ | PROT_EXEC), 0);
	expect_segv(SEGV_MAPERR, d->base, FETCH);
	assert_int_equal(emu_mprotect(d->base, len, PROT_READ | PROT_WRITE), 0);
	unit_device_free(d);
}

/* A signal that a process has sent has no address, but a pid in its place; memory may be broken. */
static void not_what_somebody_sent(void **state)
{
	static const int sent[] = { SI_USER, SI_QUEUE, SI_TKILL };
	struct device *d = unit_device_new(PAGES, 10, -1);

	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		expect_foreign(SIGSEGV, sent[i], d->base);
		expect_foreign(SIGBUS, sent[i], d->base);
	}
	expect_foreign(SIGBUS, BUS_ADRALN, d->base);
	expect_foreign(SIGBUS, BUS_MCEERR_AR, d->base);
	assert_int_equal(unit_stats(d->file).alloc_count, 0);
	unit_device_free(d);
}

static void not_of_its_export_7_3(void **state)
{
	struct device *d = unit_device_new(PAGES, 10, -1);
	char *export = emu_mmap(d->file, NULL, PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT);

	(void)state;
	assert_true((intptr_t) export > 0);
	expect_foreign(SIGSEGV, SEGV_ACCERR, export);
	expect_foreign(SIGBUS, BUS_ADRERR, export);
	assert_int_equal(emu_munmap(export, PAGE), 0);
	unit_device_free(d);
}

/* If the surface was unmapped since the fault, the instruction must be repeated. */
static void again_where_nothing_is_mapped(void **state)
{
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	expect_foreign(SIGBUS, BUS_ADRERR, page + 1);
	assert_int_equal(munmap(page, PAGE), 0);
	assert_int_equal(ask(SIGBUS, BUS_ADRERR, page + 1, LOAD).what, EMU_FAULT_RETRY);
	expect_foreign(SIGSEGV, SEGV_MAPERR, page + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anywhere_in_the_surface_6_1),
		cmocka_unit_test(as_the_protection_has_it_2_6),
		cmocka_unit_test(not_what_somebody_sent),
		cmocka_unit_test(not_of_its_export_7_3),
		cmocka_unit_test(again_where_nothing_is_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

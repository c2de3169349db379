// SPDX-License-Identifier: MIT
/* test_emu_history.c - history= names who allocated and who freed a page, and not who tried; under history=8:notes=1 */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "emu/history.h"
#include "emu/surface.h"
#include "file.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define READ EXMAP_OP_READ
#define PAGE EXMAP_PAGE_SIZE
#define PAGES 100
#define FRAMES 16

/* The number of actions of its interface since the latest of @opcodes that names a page; or -1. */
static int since(struct device *d, u64 page, u32 opcodes, u32 *interface)
{
	struct emu_history_event event;

	if (!emu_history_find(d->file->dev->history, page, opcodes, true, &event))
		return -1;
	if (interface)
		*interface = event.interface;
	return event.ago;
}

static int since_made(struct device *d, u64 page)
{
	return since(d, page, 1u << ALLOC | 1u << READ, NULL);
}

static int since_freed(struct device *d, u64 page)
{
	return since(d, page, 1u << FREE, NULL);
}

static void ask(struct device *d, u32 id, u32 vec, u64 page, u64 len)
{
	d->user[id]->iov[vec].value = 0;
	d->user[id]->iov[vec].page = page;
	d->user[id]->iov[vec].len = len;
}

static void pages_without_a_frame_were_not_allocated_4_6(void **state)
{
	struct device *d = unit_device_new(PAGES, FRAMES, -1);

	(void)state;
	ask(d, 0, 0, 0, 10);
	ask(d, 0, 1, PAGES, 5);
	ask(d, 0, 2, 20, 10);
	ask(d, 0, 3, 40, 3);
	ask(d, 0, 4, 5, 1);
	assert_int_equal(unit_do(d, 0, ALLOC, 5), 4);
	for (int i = 0; i < 10; i++)
		assert_int_equal(since_made(d, i), 0);
	/* [4.5] */
	assert_int_equal(since_made(d, PAGES), -1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(since_made(d, 20 + i), i < 6 ? 0 : -1);
	assert_int_equal(since_made(d, 40), -1);
	/* Allocated by the first vector: the last one has ENOMEM for itself, too. */
	assert_int_equal(since_made(d, 5), 0);
	assert_int_equal(unit_one(d, 0, ALLOC, 40, 1), -ENOMEM);
	assert_int_equal(since_made(d, 40), -1);
	assert_int_equal(since_made(d, 5), 1);
	unit_device_free(d);
}

static void who_came_too_late_did_nothing_4_4_4_9(void **state)
{
	struct device *d = unit_device_new(PAGES, FRAMES, -1);
	u32 interface;

	(void)state;
	assert_int_equal(unit_one(d, 1, ALLOC, 7, 2), 2);
	assert_int_equal(unit_one(d, 0, ALLOC, 7, 2), 0);
	assert_int_equal(since(d, 8, 1u << ALLOC, &interface), 0);
	assert_int_equal(interface, 1);
	assert_int_equal(unit_one(d, 2, FREE, 7, 2), 2);
	assert_int_equal(unit_one(d, 0, FREE, 7, 2), 0);
	assert_int_equal(since(d, 7, 1u << FREE, &interface), 0);
	assert_int_equal(interface, 2);
	unit_device_free(d);
}

static void a_read_names_what_it_has_read_5_4_5_5(void **state)
{
	/* The backing ends in the tenth page. */
	struct device *d = unit_device_new(PAGES, FRAMES, unit_file(9 * PAGE + 512, O_DIRECT));
	struct iovec iov[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		iov[i] = (struct iovec){ d->base + 4 * i * PAGE, 4 * PAGE };
	assert_int_equal(unit_read(d->file, iov, 3, 0 | READ << 8), 9 * PAGE + 512);
	for (int i = 0; i < 12; i++)
		assert_int_equal(since_made(d, i), i < 10 ? 0 : -1);
	/* Its second page is there already [5.3]. */
	assert_int_equal(unit_one(d, 0, FREE, 0, 1), 1);
	assert_int_equal(unit_read_pages(d, 0, READ, 0, 2), 0);
	assert_int_equal(since_made(d, 0), 2);
	assert_int_equal(since_freed(d, 0), 1);
	assert_int_equal(unit_read_pages(d, 0, READ, 0, PAGES + 1), -EFAULT);
	assert_int_equal(since_made(d, 1), 3);
	unit_device_free(d);
}

/* The ring has forgotten the ALLOC: only SHADOWs, which are none, name the page. */
static void a_shadow_is_no_allocation(void **state)
{
	struct device *d = unit_device_new(PAGES, FRAMES, -1);
	struct exmap_action_params params = {
		.opcode = EXMAP_OP_SHADOW, .interface = 0, .iov_len = 1, .page_id = 50
	};
	struct emu_history_event event;
	u64 page;

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 3, 1), 1);
	ask(d, 0, 0, 3, 1);
	for (int i = 0; i < 8; i++)
		assert_int_equal(unit_action(d->file, &params), 0);
	assert_false(emu_history_oldest(d->file->dev->history, &d->file->dev->surface->core, &page,
					&event));
	params.opcode = EXMAP_OP_RM_SD;
	assert_int_equal(unit_action(d->file, &params), 0);
	assert_int_equal(unit_one(d, 0, ALLOC, 4, 1), 1);
	assert_true(emu_history_oldest(d->file->dev->history, &d->file->dev->surface->core, &page,
				       &event));
	assert_int_equal(page, 4);
	assert_int_equal(event.opcode, ALLOC);
	unit_device_free(d);
}

/* A FREE of two pages, one of which is free: the note names who freed that one, not this call. */
static void a_note_names_who_was_first_4_9(void **state)
{
	struct device *d = unit_device_new(PAGES, FRAMES, -1);
	int stderr_was = dup(2);
	char text[512] = "";
	int told[2];

	(void)state;
	assert_int_equal(unit_one(d, 1, ALLOC, 7, 2), 2);
	assert_int_equal(unit_one(d, 2, FREE, 7, 1), 1);
	assert_int_equal(unit_one(d, 2, ALLOC, 9, 1), 1);
	assert_int_equal(pipe(told), 0);
	assert_int_equal(dup2(told[1], 2), 2);
	assert_int_equal(unit_one(d, 0, FREE, 7, 2), 1);
	assert_int_equal(dup2(stderr_was, 2), 2);
	close(told[1]);
	for (size_t n = 0, more = 1; more; n += more)
		more = read(told[0], text + n, sizeof(text) - 1 - n);
	assert_non_null(strstr(
		text, "of pages 7 to 8, 1 was free already [4.9]\npage 7 was freed by thread "));
	assert_non_null(strstr(text, " through interface 2, 1 action of that interface ago"));
	close(told[0]);
	close(stderr_was);
	unit_device_free(d);
}

/* A surface that is mapped again has no page of the one before. */
static void a_new_surface_has_no_past_2_4(void **state)
{
	struct device *d = unit_device_new(PAGES, FRAMES, -1);
	struct emu_history_event event;
	u64 page;

	(void)state;
	assert_int_equal(unit_one(d, 1, ALLOC, 7, 1), 1);
	assert_int_equal(since_made(d, 7), 0);
	emu_history_forget(d->file->dev->history);
	assert_int_equal(since_made(d, 7), -1);
	assert_false(emu_history_oldest(d->file->dev->history, &d->file->dev->surface->core, &page,
					&event));
	assert_int_equal(unit_one(d, 0, FREE, 7, 1), 1);
	assert_int_equal(since_freed(d, 7), 0);
	assert_int_equal(since_made(d, 7), -1);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_without_a_frame_were_not_allocated_4_6),
		cmocka_unit_test(who_came_too_late_did_nothing_4_4_4_9),
		cmocka_unit_test(a_read_names_what_it_has_read_5_4_5_5),
		cmocka_unit_test(a_shadow_is_no_allocation),
		cmocka_unit_test(a_note_names_who_was_first_4_9),
		cmocka_unit_test(a_new_surface_has_no_past_2_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

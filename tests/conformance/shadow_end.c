// SPDX-License-Identifier: MIT
/* shadow_end.c - clauses 8.6 to 8.8: how shadows end, and what becomes of their sources' frames */

#include "harness.h"

#include <stdatomic.h>
#include <sys/syscall.h>

/*
 * RM_SD has ended a shadow of page @of there: an access faults, or sees what was there. With
 * EXMAP_TEST_SHADOWS=strict it must fault: for the module, and the emulator with shadow=strict.
 */
static void check_ended(struct ex *ex, uint64_t page, uint64_t of)
{
	const char *strict = getenv("EXMAP_TEST_SHADOWS");

	if (faults(ex_at(ex, page), false, NULL))
		return;
	CHECK(!strict || strcmp(strict, "strict"));
	CHECK(ex_shows(ex, page, of));
}

static void start(struct ex *ex)
{
	ex_start(ex, 4096, 3, 64, -1);
	CHECK_EQ(ALLOC(ex, 0, 0, 8), 8);
	ex_fill(ex, 0, 8);
}

static void rm_sd_ends_the_interfaces_own(void)
{
	struct ex ex;

	start(&ex);
	CHECK_EQ(RM_SD(&ex, 0), 0);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, 508), 0);
	CHECK_EQ(SHADOW(&ex, 1, 0, 8, 600), 0);
	CHECK_EQ(SHADOW(&ex, 0, 2, 2, 700), 0);
	CHECK_EQ(SHADOW(&ex, 0, 2, 2, 702), 0);
	CHECK_EQ(RM_SD(&ex, 2), 0);
	CHECK(ex_shows(&ex, 508, 0));
	CHECK_EQ(RM_SD(&ex, 0), 0);
	for (int i = 0; i < 8; i++)
		check_ended(&ex, 508 + i, i);
	for (int i = 0; i < 4; i++)
		check_ended(&ex, 700 + i, 2 + i % 2);
	for (int i = 0; i < 8; i++)
		CHECK(ex_shows(&ex, 600 + i, i));
	CHECK_EQ(ex_mapped(&ex), 8);
	CHECK_EQ(RM_SD(&ex, 0), 0);
	CHECK_EQ(RM_SD(&ex, 1), 0);
	check_ended(&ex, 600, 0);
	CHECK_EQ(FREE(&ex, 0, 0, 4095), 8);
}

static void rm_sd_ignores_vectors(void)
{
	struct exmap_user_interface asked;
	struct ex ex;

	start(&ex);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, 100), 0);
	for (int i = 0; i < 512; i++)
		ex_vector(&ex, 0, i, 1UL << 45, i);
	asked = *ex.user[0];
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_RM_SD, 513), EINVAL);
	CHECK(ex_shows(&ex, 107, 7));
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_RM_SD, 512), 0);
	CHECK_EQ(memcmp(&asked, ex.user[0], sizeof(asked)), 0);
	check_ended(&ex, 107, 7);
}

/* The inner one's RM_SD ends the outer one's, too. */
static void nested_and_overlapping_shadows_end(void)
{
	struct ex ex;

	start(&ex);
	for (int round = 0; round < 3; round++) {
		CHECK_EQ(SHADOW(&ex, 0, 0, 8, 1000), 0);
		CHECK_EQ(SHADOW(&ex, 0, 0, 8, 1004), 0);
		CHECK_EQ(SHADOW(&ex, 0, 4, 4, 1002), 0);
		CHECK(ex_shows(&ex, 1001, 1) && ex_shows(&ex, 1003, 5) && ex_shows(&ex, 1007, 3));
		CHECK_EQ(RM_SD(&ex, 0), 0);
		for (int i = 1000; i < 1012; i++)
			check_ended(&ex, i, i < 1002 ? i - 1000 : i < 1006 ? i - 998 : i - 1004);
	}
	CHECK_EQ(ex_mapped(&ex), 8);
}

static void targets_are_used_again_and_again(void)
{
	struct ex ex;

	start(&ex);
	for (int round = 0; round < 200; round++) {
		int len = 1 + round % 8;

		CHECK_EQ(SHADOW(&ex, round % 3, 8 - len, len, 2000), 0);
		for (int i = 0; i < len; i++)
			CHECK(ex_shows(&ex, 2000 + i, 8 - len + i));
		CHECK_EQ(RM_SD(&ex, round % 3), 0);
	}
	CHECK_EQ(ALLOC(&ex, 0, 1998, 8), 8);
	CHECK_EQ(FREE(&ex, 1, 1998, 8), 8);
	CHECK(faults(ex_at(&ex, 2000), false, NULL));
}

/*
 * All that comes into the source's frame after FREE is 0x11 or the content of page 1. The shadow
 * goes on showing page 0.
 */
static void freed_source_is_not_seen_again(void)
{
	struct ex ex;
	int freed;

	ex_start(&ex, 64, 2, 2, -1);
	for (int round = 0; round < 20; round++) {
		CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
		ex_fill(&ex, 0, 1);
		CHECK_EQ(SHADOW(&ex, 0, 0, 1, 10), 0);
		freed = FREE(&ex, 1, 0, 1);
		if (freed)
			CHECK(faults(ex_at(&ex, 0), false, NULL));
		else
			CHECK(ex_shows(&ex, 0, 0));
		CHECK_EQ(ALLOC(&ex, 1, 20, 1 + freed), 1 + freed);
		memset(ex_at(&ex, 20), 0x11, (1 + freed) * PAGE);
		CHECK(ex_shows(&ex, 10, 0));
		CHECK_EQ(RM_SD(&ex, 0), 0);
		check_ended(&ex, 10, 0);
		CHECK_EQ(FREE(&ex, 0, 0, 64), 2);
	}
}

static void shadow_of_shadowed_pages_ends_alone(void)
{
	struct ex ex;

	start(&ex);
	CHECK_EQ(SHADOW(&ex, 0, 0, 4, 100), 0);
	CHECK_EQ(SHADOW(&ex, 1, 0, 4, 200), 0);
	CHECK_EQ(RM_SD(&ex, 0), 0);
	check_ended(&ex, 100, 0);
	for (int i = 0; i < 4; i++)
		CHECK(ex_shows(&ex, 200 + i, i));
	CHECK_EQ(RM_SD(&ex, 1), 0);
	CHECK_EQ(FREE(&ex, 0, 0, 8), 8);
}

/* All frames are there again, and nothing of the old shadows. */
static void munmap_ends_all(void)
{
	struct ex ex;

	start(&ex);
	for (int round = 0; round < 3; round++) {
		CHECK_EQ(SHADOW(&ex, 0, 0, 8, 100), 0);
		CHECK_EQ(SHADOW(&ex, 1, 0, 8, 200), 0);
		CHECK_EQ(RM_SD(&ex, 1), 0);
		CHECK_EQ(munmap(ex.base, ex.pages * PAGE), 0);
		CHECK_ERRNO(SHADOW(&ex, 0, 0, 8, 100), EPROTO);
		CHECK_ERRNO(RM_SD(&ex, 0), EPROTO);
		ex.base = ex_map(ex.fd, ex.pages);
		for (int i = 0; i < 8; i++)
			CHECK(faults(ex_at(&ex, 100 + i), false, NULL));
		CHECK_EQ(ex_mapped(&ex), 0);
		CHECK_EQ(RM_SD(&ex, 0), 0);
		CHECK_EQ(ALLOC(&ex, 2, 0, 64), 64);
		CHECK_EQ(FREE(&ex, 2, 8, 56), 56);
		ex_fill(&ex, 0, 8);
	}
}

static void die_with_shadows(struct ex *ex)
{
	start(ex);
	SHADOW(ex, 0, 0, 8, 100);
	SHADOW(ex, 1, 0, 8, 200);
	close(ex->fd);
	if (ex->pages)
		kill(getpid(), SIGKILL);
}

static void processes_die_with_shadows(void)
{
	struct ex ex;

	for (int i = 0; i < 5; i++)
		CHECK_EQ(status_of_child(die_with_shadows, &ex), SIGKILL);
}

static void closed_descriptor_keeps_shadows(void)
{
	struct ex ex;

	start(&ex);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, 100), 0);
	CHECK_EQ(close(ex.fd), 0);
	CHECK(ex_shows(&ex, 107, 7));
	CHECK_EQ(munmap(ex.base, ex.pages * PAGE), 0);
}

static void syscall_400_has_no_target(void)
{
	struct ex ex;
	long ret;

	start(&ex);
	ex_vector(&ex, 0, 0, 0, 8);
	ret = syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_SHADOW, 0, 1);
	if (ret == -1 && errno == ENOSYS)
		SKIP("this backend does not offer system call 400");
	CHECK_EQ(ret, -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, 100), 0);
	CHECK_EQ(syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_RM_SD, 0, 0), 0);
	check_ended(&ex, 100, 0);
}

static void export_shows_no_shadow(void)
{
	volatile uint64_t *words;
	char *room = hole(4UL << 20);
	struct ex ex = { .fd = ex_open(), .pages = 512 };

	room = (char *)(((uintptr_t)room + (2UL << 20) - 1) & ~((2UL << 20) - 1));
	ex.base = mmap(room, ex.pages * PAGE, RW, MAP_SHARED | MAP_FIXED, ex.fd, 0);
	CHECK(ex.base == room);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 16, 0), 0);
	ex_interface(&ex, 0);
	words = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ex.fd, EXMAP_OFF_PTEXPORT);
	if (words == MAP_FAILED && errno == EPERM)
		SKIP("this backend has page-table export switched off");
	CHECK(words != MAP_FAILED);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, 100), 0);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(words[100 + i] & 1, 0);
	CHECK_EQ(RM_SD(&ex, 0), 0);
	CHECK_EQ(ALLOC(&ex, 0, 100, 2), 2);
	CHECK_EQ(words[100] & 1, 1);
	CHECK_EQ(words[102] & 1, 0);
	CHECK_EQ(munmap(ex.base, ex.pages * PAGE), 0);
	for (int i = 0; i < 512; i++)
		CHECK_EQ(words[i], 0);
}

#define RACE_PAGES 1024
#define RACERS 4
/* Fewer than finds everything: a machine without its own processor needs a second for twenty. */
#define RACE_ROUNDS (getenv("EXMAP_TEST_LONG") ? 2000 : 500)

static struct ex race;
static atomic_long shown;

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005UL + 1442695040888963407UL;
	return *state >> 33;
}

/*
 * Each thread has pages of its own as sources, whose content is known, and shows them in an area
 * that it shares with all. There the others free, allocate and show as well.
 */
static void cast_shadows(int id)
{
	uint64_t own = 16 * id, random = id, in, at;
	int rounds = RACE_ROUNDS;
	long seen = 0;

	CHECK_EQ(ALLOC(&race, id, own, 16), 16);
	ex_fill(&race, own, 16);
	for (int i = 0; i < rounds; i++) {
		in = 128 + next_random(&random) % (RACE_PAGES - 160);
		at = next_random(&random) % 16;
		CHECK_EQ(SHADOW(&race, id, own + at, 16 - at, in), 0);
		if (i % 7 == 0)
			CHECK(ALLOC(&race, id, in + 3, 2) >= 0);
		if (i % 7 == 1)
			CHECK(FREE(&race, id, in + 1, 6) >= 0);
		if (i % 3 == 0)
			CHECK_EQ(RM_SD(&race, id), 0);
		/* An area that no other thread uses shows what it should. */
		CHECK_EQ(SHADOW(&race, id, own, 8, 64 + 8 * id), 0);
		for (int j = 0; j < 8; j++)
			seen += ex_shows(&race, 64 + 8 * id + j, own + j);
	}
	CHECK_EQ(RM_SD(&race, id), 0);
	shown += seen;
}

static void shadows_race(void)
{
	long mapped;

	ex_start(&race, RACE_PAGES, RACERS, 2000, -1);
	run_threads(RACERS, cast_shadows);
	CHECK_EQ(shown, RACERS * RACE_ROUNDS * 8);
	for (int i = 0; i < RACERS * 16; i++)
		CHECK(ex_shows(&race, i, i));
	mapped = ex_mapped(&race);
	CHECK_EQ(FREE(&race, 0, 0, RACE_PAGES), mapped);
	CHECK_EQ(ex_mapped(&race), 0);
	CHECK_EQ(ALLOC(&race, 1, 0, RACE_PAGES), RACE_PAGES);
}

/* Sources are freed and mapped again while they are shown. */
static void change_sources(int id)
{
	static atomic_bool stop;
	int rounds = RACE_ROUNDS;

	if (id == 0) {
		for (int i = 0; i < rounds; i++) {
			CHECK_EQ(SHADOW(&race, 0, 0, 16, 100), 0);
			for (int j = 0; j < 16; j++) {
				volatile char *p = ex_at(&race, 100 + j);

				/* What the other thread has stored in some page, or nothing yet. */
				if (!faults(p, false, NULL))
					CHECK(*p >= 0 && *p <= 16);
			}
			CHECK_EQ(RM_SD(&race, 0), 0);
		}
		stop = true;
		return;
	}
	while (!stop) {
		FREE(&race, 1, 0, 16);
		ALLOC(&race, 1, 0, 16);
		for (int j = 0; j < 16; j++)
			memset(ex_at(&race, j), j + 1, PAGE);
	}
}

static void sources_come_and_go(void)
{
	ex_start(&race, 128, 2, 32, -1);
	run_threads(2, change_sources);
	CHECK_EQ(RM_SD(&race, 0), 0);
	FREE(&race, 0, 0, 128);
	CHECK_EQ(ex_mapped(&race), 0);
	CHECK_EQ(ALLOC(&race, 1, 0, 32), 32);
}

const struct test shadow_end_tests[] = {
	{ "8.6", "rm_sd_ends_the_interfaces_own", rm_sd_ends_the_interfaces_own },
	{ "8.6", "rm_sd_ignores_vectors", rm_sd_ignores_vectors },
	{ "8.6", "nested_and_overlapping_shadows_end", nested_and_overlapping_shadows_end },
	{ "8.6", "targets_are_used_again_and_again", targets_are_used_again_and_again },
	{ "8.6", "shadows_race", shadows_race },
	{ "8.7", "freed_source_is_not_seen_again", freed_source_is_not_seen_again },
	{ "8.7", "shadow_of_shadowed_pages_ends_alone", shadow_of_shadowed_pages_ends_alone },
	{ "8.7", "sources_come_and_go", sources_come_and_go },
	{ "8.8", "munmap_ends_all", munmap_ends_all },
	{ "8.8", "processes_die_with_shadows", processes_die_with_shadows },
	{ "8.8", "closed_descriptor_keeps_shadows", closed_descriptor_keeps_shadows },
	{ "8.8", "syscall_400_has_no_target", syscall_400_has_no_target },
	{ "8.8", "export_shows_no_shadow", export_shows_no_shadow },
	{ 0 },
};

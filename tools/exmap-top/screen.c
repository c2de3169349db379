// SPDX-License-Identifier: MIT
/* screen.c - see screen.h */

#define _GNU_SOURCE
#include "tools/exmap-top/screen.h"

#include <curses.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/platform.h"
#include "tools/exmap-top/columns.h"
#include "tools/exmap-top/map.h"
#include "tools/exmap-top/say.h"

#define COLOR_CHANGED 1
#define NR_SHADES 6

/* How full a cell is: nothing was ever there, nothing is, a little ... all. */
static const char *const shades_utf8[NR_SHADES] = { " ", "·", "░", "▒", "▓", "█" };
static const char *const shades_ascii[NR_SHADES] = { " ", ".", "-", "+", "o", "#" };

static const char *const help_lines[] = {
	"exmap-top: what exmap clients do",
	"",
	"  up, down   choose an exmap; below are its interfaces and the map of its surface",
	"  PgUp, PgDn scroll the interfaces",
	"  s          sort both tables by the next column, the greatest first",
	"  r          sort the other way round",
	"  w          show the whole surface, or only the part that was ever used",
	"  f, space   freeze what is shown, and go on",
	"  h, ?       this help, and back",
	"  q          quit",
	"",
	"The map: a cell is darker the more of its pages have frames. A dot: pages were",
	"there once. Cells whose pages have changed since the last look are highlighted.",
	"Of a large surface only some pages of each cell are looked at.",
	"",
	"FREE: frames in the interface's own list. MEAN: pages of an action.",
	"LARGEST: the most pages that went to the kernel at once, since SETUP.",
};

/**
 * struct screen - what is on the screen
 * @look:   what is shown
 * @now:    the latest snapshot
 * @then:   the one before
 * @rows:   of each exmap of @now
 * @index:  their order
 * @chosen: place of the chosen exmap in that order
 * @order:  how both tables are sorted
 * @first:  the first interface that is shown
 * @map:    of the chosen exmap's surface
 * @whole:  the map shows the whole surface
 * @remap:  the map must be made anew
 * @frozen: no new snapshots are taken
 * @help:   the help is shown
 * @shades: the characters of the map
 */
struct screen {
	const struct look *look;
	struct snapshot now;
	struct snapshot then;
	struct row *rows;
	size_t *index;
	size_t chosen;
	struct order order;
	size_t first;
	struct map map;
	bool whole;
	bool remap;
	bool frozen;
	bool help;
	const char *const *shades;
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void line_at(int y, attr_t attributes, const char *text)
{
	if (y >= LINES)
		return;
	attrset(attributes);
	mvaddnstr(y, 0, text, COLS);
	/* The bar of a heading reaches to the edge. */
	for (int x = strlen(text); attributes & A_REVERSE && x < COLS; x++)
		mvaddch(y, x, ' ');
	attrset(A_NORMAL);
}

static const struct exmap_figures *chosen(const struct screen *s)
{
	return s->now.n ? &s->now.exmaps[s->index[s->chosen]] : NULL;
}

static void sort(struct screen *s)
{
	s->index = must_realloc(s->index, (s->now.n + 1) * sizeof(*s->index));
	order_rows(&s->order, s->rows, s->now.n, s->index);
}

/* Chooses the exmap at @wanted of the snapshot, wherever it is in the order. */
static void choose(struct screen *s, size_t wanted)
{
	for (size_t i = 0; i < s->now.n; i++) {
		if (s->index[i] == wanted)
			s->chosen = i;
	}
}

static void resort(struct screen *s)
{
	size_t wanted = s->now.n ? s->index[s->chosen] : 0;

	sort(s);
	choose(s, wanted);
}

static void compute_rows(struct screen *s)
{
	s->rows = must_realloc(s->rows, (s->now.n + 1) * sizeof(*s->rows));
	for (size_t i = 0; i < s->now.n; i++) {
		const struct exmap_figures *x = &s->now.exmaps[i];

		s->rows[i] =
			rates_of_exmap(x, snapshot_find(&s->then, x), s->now.when - s->then.when);
	}
}

static void take_snapshot(struct screen *s)
{
	const struct exmap_figures *was = chosen(s);
	const struct exmap_figures *is = NULL;

	snapshot_drop(&s->then, 0);
	s->then = s->now;
	s->now = look_again(s->look);
	s->remap = true;
	if (was)
		is = snapshot_find(&s->now, was);
	compute_rows(s);
	sort(s);
	if (is)
		choose(s, is - s->now.exmaps);
	else
		s->chosen = s->first = 0;
}

static void draw_title(const struct screen *s)
{
	size_t processes = 0;
	char line[COLUMNS_LINE], locked[64] = "";

	for (size_t i = 0; i < s->now.n; i++)
		processes += !i || s->now.exmaps[i].pid != s->now.exmaps[i - 1].pid;
	if (s->now.locked)
		snprintf(locked, sizeof(locked), "  [%zu more: EPERM; be root]", s->now.locked);
	snprintf(line, sizeof(line), "exmap-top: %zu exmap%s of %zu process%s, by %s%s%s%s",
		 s->now.n, s->now.n == 1 ? "" : "s", processes, processes == 1 ? "" : "es",
		 order_name(&s->order), s->order.reverse ? " reversed" : "",
		 s->frozen ? "  [frozen]" : "", locked);
	line_at(0, A_BOLD, line);
}

/* Return: the line behind the table. */
static int draw_exmaps(const struct screen *s, int y, size_t lines)
{
	size_t first = s->chosen >= lines ? s->chosen - lines + 1 : 0;
	char line[COLUMNS_LINE];

	columns_exmap_head(line, COLS);
	line_at(y++, A_REVERSE, line);
	for (size_t i = first; i < s->now.n && i < first + lines; i++) {
		columns_exmap(line, COLS, &s->now.exmaps[s->index[i]], &s->rows[s->index[i]]);
		line_at(y++, i == s->chosen ? A_BOLD | A_UNDERLINE : A_NORMAL, line);
	}
	return y;
}

static int draw_interfaces(const struct screen *s, int y, size_t lines)
{
	const struct exmap_figures *x = chosen(s);
	const struct exmap_figures *was = snapshot_find(&s->then, x);
	struct row *rows = must_realloc(NULL, (x->nr_interfaces + 1) * sizeof(*rows));
	size_t *index = must_realloc(NULL, (x->nr_interfaces + 1) * sizeof(*index));
	char line[COLUMNS_LINE];

	for (size_t i = 0; i < x->nr_interfaces; i++)
		rows[i] = rates_of_interface(x, was, i, s->now.when - s->then.when);
	order_rows(&s->order, rows, x->nr_interfaces, index);
	columns_interface_head(line, COLS);
	line_at(y++, A_REVERSE, line);
	for (size_t i = s->first; i < x->nr_interfaces && i < s->first + lines; i++) {
		columns_interface(line, COLS, index[i], &rows[index[i]]);
		line_at(y++, A_NORMAL, line);
	}
	free(rows);
	free(index);
	return y;
}

/* Bytes of so many pages, in the unit that suits. */
static const char *size_of(uint64_t pages, char text[32])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double size = pages * (EXMAP_PAGE_SIZE / 1024.0);
	size_t unit = 0;

	while (size >= 1024 && unit < 3) {
		size /= 1024;
		unit++;
	}
	snprintf(text, 32, size < 10 && unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
	return text;
}

static size_t shade_of(const struct map_cell *cell)
{
	if (cell->present <= 0)
		return cell->touched ? 1 : 0;
	return cell->present >= 0.9 ? 5 : cell->present >= 0.6 ? 4 : cell->present >= 0.3 ? 3 : 2;
}

static void draw_map(struct screen *s, int y)
{
	const struct exmap_figures *x = chosen(s);
	int lines = LINES - 2 - y;
	char line[COLUMNS_LINE], whole[32], part[32], cell[32];
	attr_t highlight = has_colors() ? A_BOLD | COLOR_PAIR(COLOR_CHANGED) : A_REVERSE;

	if (lines <= 0)
		return;
	/* A look at each key would say that nothing has changed since the one before. */
	if (s->remap || s->map.pid != x->pid || s->map.surface.base != x->surface.base ||
	    s->map.nr_cells > (size_t)lines * COLS)
		map_look(&s->map, x, (size_t)lines * COLS, s->whole);
	s->remap = false;
	if (!s->map.nr_cells) {
		line_at(y, A_REVERSE,
			x->module ? "SURFACE: the module shows no map" : "SURFACE: none is mapped");
		return;
	}
	snprintf(line, sizeof(line),
		 "SURFACE of %s at %#" PRIx64 ", %s from page %" PRIu64 ", a cell is %s",
		 size_of(s->map.surface.nr_pages, whole), s->map.surface.base,
		 size_of(s->map.nr_pages, part), s->map.first, size_of(s->map.cell_pages, cell));
	line_at(y++, A_REVERSE, line);
	for (size_t i = 0; i < s->map.nr_cells; i++) {
		attrset(s->map.cells[i].changed > 0 ? highlight : A_NORMAL);
		mvaddstr(y + i / COLS, i % COLS, s->shades[shade_of(&s->map.cells[i])]);
	}
	attrset(A_NORMAL);
}

static void draw_help(void)
{
	for (size_t i = 0; i < sizeof(help_lines) / sizeof(help_lines[0]); i++)
		line_at(i, A_NORMAL, help_lines[i]);
}

static void draw_all(struct screen *s)
{
	size_t lines = EXMAP_MAX(LINES, 12);
	size_t exmaps = EXMAP_MIN(s->now.n, (lines - 6) / 4);
	int y;

	draw_title(s);
	if (!s->now.n) {
		line_at(2, A_NORMAL,
			"No process that may be looked into has an exmap. Waiting for one.");
		if (s->now.foreign)
			line_at(3, A_NORMAL,
				"Those of other users are seen by root: run exmap-top as root.");
	} else {
		y = draw_exmaps(s, 1, exmaps);
		y = draw_interfaces(s, y, (lines - 5 - exmaps) / 3);
		draw_map(s, y);
	}
	line_at(LINES - 1, A_DIM,
		"up/down choose  s sort  r reverse  w whole surface  f freeze  h help  q quit");
}

static void draw(struct screen *s)
{
	erase();
	if (s->help)
		draw_help();
	else
		draw_all(s);
	refresh();
}

/* Return: false to quit. */
static bool handle_key(struct screen *s, int key)
{
	const struct exmap_figures *x = chosen(s);

	switch (key) {
	case 'q':
		return false;
	case 'h':
	case '?':
		s->help = !s->help;
		break;
	case 'f':
	case ' ':
		s->frozen = !s->frozen;
		break;
	case 's':
		order_next(&s->order);
		resort(s);
		break;
	case 'r':
		s->order.reverse = !s->order.reverse;
		resort(s);
		break;
	case 'w':
		s->whole = !s->whole;
		s->remap = true;
		break;
	case KEY_UP:
	case 'k':
		s->chosen -= s->chosen > 0;
		s->first = 0;
		break;
	case KEY_DOWN:
	case 'j':
		s->chosen += s->chosen + 1 < s->now.n;
		s->first = 0;
		break;
	case KEY_NPAGE:
		if (x && s->first + 1 < x->nr_interfaces)
			s->first++;
		break;
	case KEY_PPAGE:
		s->first -= s->first > 0;
		break;
	}
	return true;
}

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static void start_terminal(void)
{
	struct sigaction action = { .sa_handler = end };

	if (!newterm(NULL, stdout, stdin))
		fail("the terminal is none that ncurses knows (TERM); use --once");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(COLOR_CHANGED, COLOR_RED, -1);
	}
}

void screen_run(const struct look *look, double interval)
{
	struct screen s = { .look = look };
	bool goes_on = true;
	double next;

	setlocale(LC_ALL, "");
	s.shades = strcmp(nl_langinfo(CODESET), "UTF-8") ? shades_ascii : shades_utf8;
	s.now = look_first(look);
	compute_rows(&s);
	sort(&s);
	start_terminal();
	next = seconds() + interval;
	while (goes_on && !ended) {
		int key;

		draw(&s);
		timeout(EXMAP_MAX((int)((next - seconds()) * 1000), 0));
		key = getch();
		if (key != ERR)
			goes_on = handle_key(&s, key);
		if (seconds() >= next) {
			if (!s.frozen)
				take_snapshot(&s);
			next = seconds() + interval;
		}
	}
	endwin();
	snapshot_drop(&s.now, 0);
	snapshot_drop(&s.then, 0);
	map_free(&s.map);
	free(s.rows);
	free(s.index);
}

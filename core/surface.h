/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * surface.h - the mapping of virtual pages, and what a backend does for it
 *
 * The table holds one 64-bit word for each page of the surface. It decides all
 * races: whoever turns a word from EMPTY or PRESENT to BUSY, which takes the lock of
 * its block, owns the page until it stores the next stable state, which does not; and
 * only the owner maps or unmaps it.
 * The words are laid out like x86 page-table entries, so that the very same
 * memory serves the page-table export [7.3].
 */
#ifndef EXMAP_CORE_SURFACE_H
#define EXMAP_CORE_SURFACE_H

#include "core/platform.h"

/*
 * A word is 0 (EMPTY), has EXMAP_WORD_PRESENT (PRESENT, with a frame number), or
 * has EXMAP_WORD_BUSY (with a frame number where EXMAP_WORD_FRAME says so). The
 * last two are bits that the processor leaves to software.
 */
#define EXMAP_WORD_PRESENT (1ULL << 0)
#define EXMAP_WORD_WRITABLE (1ULL << 1)
#define EXMAP_WORD_USER (1ULL << 2)
#define EXMAP_WORD_ACCESSED (1ULL << 5)
#define EXMAP_WORD_DIRTY (1ULL << 6)
#define EXMAP_WORD_BUSY (1ULL << 9)
#define EXMAP_WORD_FRAME (1ULL << 10)
#define EXMAP_WORD_FRAME_SHIFT 12
#define EXMAP_WORD_FRAME_MASK (((1ULL << 40) - 1) << EXMAP_WORD_FRAME_SHIFT)
#define EXMAP_WORD_NX (1ULL << 63)

/** EXMAP_BLOCK_PAGES - pages of a block: the table comes and is walked in blocks. */
#define EXMAP_BLOCK_PAGES 512

/** EXMAP_BLOCK_LOCKS - user space: so many blocks have locks of their own, then they share. */
#define EXMAP_BLOCK_LOCKS 1024

/**
 * struct exmap_block - 512 neighbouring pages; in user space, every 1024th such
 * @lock:  held to turn words of it BUSY, for no longer than some hundred words take; no
 *         other lock is taken under it
 * @words: kernel: its words, in a page of their own; constant
 */
struct exmap_block {
	exmap_spin_t lock;
#ifdef __KERNEL__
	u64 *words;
#endif
} exmap_cacheline_aligned;

/**
 * struct exmap_run - neighbouring pages that one call owns
 * @page: first page
 * @word: its word; those of the others are found by exmap_for_each_word()
 * @len:  number of pages
 * @vec:  vector that asked for the first
 * @step: 1 if each has a vector of its own, one behind another; 0 if all have the same
 */
struct exmap_run {
	u64 page;
	u64 *word;
	u32 len;
	u16 vec;
	u16 step;
};

struct exmap_surface;

/**
 * struct exmap_surface_ops - how pages appear and vanish
 *
 * All pages handed to an op are BUSY and owned by the caller. @id is the
 * calling interface; calls with the same @id never overlap in time.
 *
 * @prepare: make sure that a range has words in the table. Returns false when
 *         there is no memory for them. The pages are nobody's yet.
 * @order: or NULL: put frames that pages of a call are about to get into an
 *         order in which @map does better.
 * @map:   make pages appear, in the order of the runs; words hold their frames.
 *         Returns how many did; fewer than asked means out of memory.
 * @unmap: make pages vanish, so that after the return no thread reaches them
 *         through a stale translation. A page that must stay gets
 *         EXMAP_WORD_PRESENT in its word, which stays BUSY: the caller's until it
 *         has seen that.
 * @wait:  let some time pass for a page that another call owns, on the @round-th turn;
 *         the caller owns none. Returns false if the surface has gone meanwhile, and
 *         the call must end.
 * @fill:  make @len pages appear with the backing's content at their offset.
 *         Returns the bytes read, less than asked only at the end of the
 *         backing; the pages that hold them have appeared, the last one zeroed
 *         behind them. Or a negative errno, and none has appeared: EPROTO if the
 *         surface has gone.
 */
struct exmap_surface_ops {
	bool (*prepare)(struct exmap_surface *s, u64 page, u64 len);
	void (*order)(struct exmap_surface *s, u32 *frames, u32 n);
	u64 (*map)(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs);
	void (*unmap)(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs);
	bool (*wait)(struct exmap_surface *s, u32 id, unsigned int round);
	s64 (*fill)(struct exmap_surface *s, u32 id, u64 page, u32 len);
};

/**
 * struct exmap_surface - a mapped surface
 * @ops:          the backend's ops
 * @table:        user space: a word for each page, in memory that is there when it
 *                is touched; accessed atomically
 * @touched:      user space: a bit for each block, set before a page of it is first
 *                claimed; accessed atomically
 * @blocks:       user space: EXMAP_BLOCK_LOCKS, all zero before they are used; kernel:
 *                NULL before a page of the block is first claimed; accessed atomically
 * @base:         address of the first page
 * @nr_pages:     number of pages
 * @present_bits: what the word of a present page holds beside its frame;
 *                changes only while no call runs on the surface
 */
struct exmap_surface {
	const struct exmap_surface_ops *ops;
#ifdef __KERNEL__
	struct exmap_block **blocks;
#else
	struct exmap_block *blocks;
	u64 *table;
	u64 *touched;
#endif
	u64 base;
	u64 nr_pages;
	u64 present_bits;
};

/** exmap_block_touched() - whether a page of a block was ever claimed. */
static inline bool exmap_block_touched(const struct exmap_surface *s, u64 block)
{
#ifdef __KERNEL__
	return exmap_load(&s->blocks[block]);
#else
	return exmap_load(&s->touched[block / 64]) & 1ULL << block % 64;
#endif
}

/** exmap_touched_block() - a block, or NULL if no page of it was ever claimed. */
static inline struct exmap_block *exmap_touched_block(const struct exmap_surface *s, u64 block)
{
#ifdef __KERNEL__
	return exmap_load_acquire(&s->blocks[block]);
#else
	return exmap_block_touched(s, block) ? &s->blocks[block % EXMAP_BLOCK_LOCKS] : NULL;
#endif
}

/** exmap_block_word() - where the word of a page is, whose block is at hand. */
static inline u64 *exmap_block_word(const struct exmap_surface *s, const struct exmap_block *block,
				    u64 page)
{
#ifdef __KERNEL__
	return &block->words[page % EXMAP_BLOCK_PAGES];
#else
	(void)block;
	return &s->table[page];
#endif
}

/** exmap_word() - where a page's word is, of a block that was touched. */
static inline u64 *exmap_word(const struct exmap_surface *s, u64 page)
{
#ifdef __KERNEL__
	return exmap_block_word(s, exmap_touched_block(s, page / EXMAP_BLOCK_PAGES), page);
#else
	return exmap_block_word(s, NULL, page);
#endif
}

static inline u64 exmap_word_frame(u64 word)
{
	return (word & EXMAP_WORD_FRAME_MASK) >> EXMAP_WORD_FRAME_SHIFT;
}

/** exmap_busy_frame() - the frame of a word that is BUSY, and has one. */
static inline u64 exmap_busy_frame(u64 word)
{
	return word >> EXMAP_WORD_FRAME_SHIFT;
}

static inline u64 exmap_busy_word(u64 frame)
{
	return EXMAP_WORD_BUSY | EXMAP_WORD_FRAME | frame << EXMAP_WORD_FRAME_SHIFT;
}

/** exmap_busy_of() - the BUSY word of a page that is PRESENT. */
static inline u64 exmap_busy_of(u64 word)
{
	return EXMAP_WORD_BUSY | EXMAP_WORD_FRAME | (word & EXMAP_WORD_FRAME_MASK);
}

/**
 * exmap_run_words() - words of a run that are one behind another in memory
 * @i:     of these, from the @i-th page on
 * @where: set to the first
 *
 * Return: how many; 0 at the end of the run.
 */
static inline u32 exmap_run_words(const struct exmap_surface *s, const struct exmap_run *run, u32 i,
				  u64 **where)
{
	u32 left = run->len - i;

#ifdef __KERNEL__
	if (!left)
		return 0;
	*where = i ? exmap_word(s, run->page + i) : run->word;
	if (left > 1)
		left = EXMAP_MIN(left,
				 EXMAP_BLOCK_PAGES - (u32)((run->page + i) % EXMAP_BLOCK_PAGES));
#else
	(void)s;
	*where = run->word + i;
#endif
	return left;
}

/**
 * exmap_for_each_word() - for each page of a run, the @i-th, with its word at @where
 *
 * Two loops: break leaves the inner one only, so do without.
 */
#define exmap_for_each_word(s, run, i, where)                                      \
	for (u32 words_ = ((i) = 0, exmap_run_words(s, run, 0, &(where))); words_; \
	     words_ = exmap_run_words(s, run, i, &(where)))                        \
		for (; words_; words_--, (i)++, (where)++)

/** exmap_present_bits() - what the words of present pages hold beside the frame [7.3]. */
static inline u64 exmap_present_bits(bool writable, bool executable)
{
	u64 bits = EXMAP_WORD_PRESENT | EXMAP_WORD_USER | EXMAP_WORD_ACCESSED;

	/*
	 * Stores to a page are not seen here, so a writable page counts as dirty: a client
	 * that writes back too much loses time, not data.
	 */
	if (writable)
		bits |= EXMAP_WORD_WRITABLE | EXMAP_WORD_DIRTY;
	return executable ? bits : bits | EXMAP_WORD_NX;
}

/** exmap_present_of() - the PRESENT word of a page that is BUSY, with a frame. */
static inline u64 exmap_present_of(const struct exmap_surface *s, u64 word)
{
	return s->present_bits | (word & EXMAP_WORD_FRAME_MASK);
}

static inline bool exmap_in_surface(const struct exmap_surface *s, u64 page, u64 len)
{
	return page <= s->nr_pages && len <= s->nr_pages - page;
}

/**
 * enum exmap_claim - what exmap_claim_page() and exmap_claim_run() came upon
 * @EXMAP_CLAIM_RUN:  a run, now owned by the caller
 * @EXMAP_CLAIM_BUSY: a page that some call owns, maybe the caller's own
 * @EXMAP_CLAIM_END:  the end of the range
 */
enum exmap_claim { EXMAP_CLAIM_RUN, EXMAP_CLAIM_BUSY, EXMAP_CLAIM_END };

/**
 * exmap_claim_page() - own one page; its block's lock held
 * @where:   its word
 * @present: true for a PRESENT page, false for an EMPTY one
 *
 * Return: EXMAP_CLAIM_END if it is in the other of these states.
 */
static __always_inline enum exmap_claim exmap_claim_page(u64 *where, bool present)
{
	/* Pairs with the store of who owned it last. */
	u64 word = exmap_load_acquire(where);

	if (exmap_likely(present ? word && !(word & EXMAP_WORD_BUSY) : !word)) {
		exmap_store(where, present ? exmap_busy_of(word) : EXMAP_WORD_BUSY);
		return EXMAP_CLAIM_RUN;
	}
	return word & EXMAP_WORD_BUSY ? EXMAP_CLAIM_BUSY : EXMAP_CLAIM_END;
}

/**
 * exmap_claim_run() - own the next run of pages in one state
 * @s:       the surface
 * @present: true for PRESENT pages, false for EMPTY ones; others are skipped
 * @pos:     where to begin; moved behind the run, or onto the busy page
 * @end:     where to stop; for EMPTY pages the range has been prepared. PRESENT ones are
 *           not looked for in blocks that were never touched
 * @run:     filled in when a run was found (not its vector)
 */
enum exmap_claim exmap_claim_run(struct exmap_surface *s, bool present, u64 *pos, u64 end,
				 struct exmap_run *run);

/**
 * exmap_next_present() - find PRESENT pages without claiming them
 *
 * For walks of a whole surface on which no call runs. Reads no word of a block
 * that was never touched, so a sparse surface is cheap.
 *
 * Return: true and the next run at or behind @pos, which moves behind it, before @end.
 */
bool exmap_next_present(const struct exmap_surface *s, u64 *pos, u64 end, struct exmap_run *run);

/**
 * exmap_surface_protect() - the surface has another protection: show it in the words [7.3]
 *
 * Caller: no call runs on the surface.
 */
void exmap_surface_protect(struct exmap_surface *s, bool writable, bool executable);

/**
 * exmap_surface_check() - in builds with EXMAP_CHECK: assert what holds of all words
 * @nr_frames: frames that there are
 * @mapped:    pages that the counters say are mapped
 *
 * No word is BUSY, each frame exists, and as many pages are PRESENT as were counted. Caller: no
 * call runs on the surface.
 */
#ifdef EXMAP_CHECK
void exmap_surface_check(const struct exmap_surface *s, u64 nr_frames, u64 mapped);
#else
static inline void exmap_surface_check(const struct exmap_surface *s, u64 nr_frames, u64 mapped)
{
	(void)s, (void)nr_frames, (void)mapped;
}
#endif

#endif /* EXMAP_CORE_SURFACE_H */

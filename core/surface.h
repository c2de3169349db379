/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * surface.h - the surface's page table, and what a backend does for it
 *
 * The table holds one 64-bit word for each page of the surface:
 *
 * word     bits                meaning
 * EMPTY    0                   not mapped
 * BUSY     EXMAP_WORD_BUSY     owned by a call; with EXMAP_WORD_FRAME it has a frame
 * PRESENT  EXMAP_WORD_PRESENT  mapped to the frame that the word names
 * SHADOW   EXMAP_WORD_SHADOW   shows another page's content; the word names the interface that made
 *                              the shadow and, in the kernel, the frame that it shows
 *
 * transition                      by                           lock
 * EMPTY, PRESENT -> BUSY          exmap_claim_page()           the lock of the page's block
 * EMPTY, SHADOW -> BUSY           core/shadow.c                the lock of the page's block
 * SHADOW -> SHADOW that is ended  core/shadow.c                the lock of the page's block
 * BUSY -> EMPTY, PRESENT, SHADOW  the call that owns the page  none; a store with release
 *
 * Example: two ALLOCs of one page at once. The first turns its word from EMPTY to BUSY and maps the
 * page. The second finds BUSY and waits, then finds PRESENT: the page is mapped, and the second
 * ALLOC does not count it.
 *
 * Only the call that owns a page maps or unmaps it. The words are laid out like x86 page-table
 * entries, so the table's memory is what a page-table export shows [7.3].
 */
#ifndef EXMAP_CORE_SURFACE_H
#define EXMAP_CORE_SURFACE_H

#include "core/platform.h"

/* Bits of a word. BUSY, FRAME, SHADOW and ENDED are bits that x86 leaves to software. */
#define EXMAP_WORD_PRESENT (1ULL << 0)
#define EXMAP_WORD_WRITABLE (1ULL << 1)
#define EXMAP_WORD_USER (1ULL << 2)
#define EXMAP_WORD_ACCESSED (1ULL << 5)
#define EXMAP_WORD_DIRTY (1ULL << 6)
#define EXMAP_WORD_BUSY (1ULL << 9)
#define EXMAP_WORD_FRAME (1ULL << 10)
#define EXMAP_WORD_SHADOW (1ULL << 11)
#define EXMAP_WORD_FRAME_SHIFT 12
#define EXMAP_WORD_FRAME_MASK (((1ULL << 40) - 1) << EXMAP_WORD_FRAME_SHIFT)
#define EXMAP_WORD_SHOWN_MASK (((1ULL << 32) - 1) << EXMAP_WORD_FRAME_SHIFT)
#define EXMAP_WORD_OWNER_SHIFT 44
#define EXMAP_WORD_ENDED (1ULL << 52)
#define EXMAP_WORD_NX (1ULL << 63)

/** EXMAP_BLOCK_PAGES - pages of a block. The table grows by blocks, and blocks have the locks. */
#define EXMAP_BLOCK_PAGES 512

/** EXMAP_FETCH_PAGES - the most pages of one @fetch of struct exmap_surface_ops. */
#define EXMAP_FETCH_PAGES 64

/** EXMAP_BLOCK_LOCKS - user space: number of block locks. Blocks 0, 1024, 2048 ... share one. */
#define EXMAP_BLOCK_LOCKS 1024

/**
 * struct exmap_block - the lock of 512 neighbouring pages, aligned to 512
 * @lock:  held while words of the block are turned BUSY: at most for the time that some hundred
 *         words take. No other lock is taken under it
 * @words: kernel: the words of the block, in a page of their own. Constant; the words are atomic
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
 * @word: word of the first page. exmap_for_each_word() finds those of the others
 * @len:  number of pages
 * @vec:  vector that asked for the first page
 * @step: 0 if all pages belong to @vec; 1 if page i of the run belongs to vector @vec + i
 */
struct exmap_run {
	u64 page;
	u64 *word;
	u32 len;
	u16 vec;
	u16 step;
};

struct exmap;
struct exmap_surface;

/**
 * struct exmap_surface_ops - how pages appear and vanish: what a backend implements
 * @prepare: make words in the table for a range of pages, which no call owns yet. Returns false if
 *           there is no memory for them.
 * @order:   NULL, or: put the frames that a call's pages are about to get into an order in which
 *           @map is faster.
 * @map:     make the pages of the runs appear, in order; their words hold their frames. Returns the
 *           number of pages that have appeared: fewer than all if memory for page tables ran out.
 * @unmap:   make the pages vanish. When it returns, no thread reaches them through a stale TLB
 *           entry. A page that must stay mapped (I/O has pinned it) gets EXMAP_WORD_PRESENT added
 *           to its BUSY word, and still belongs to the call.
 * @wait:    wait for a while, because a page that the call needs is BUSY. The call owns no page.
 *           @round counts the turns from 0. Returns false if the surface was unmapped meanwhile:
 *           the call must end.
 * @fill:    make @len pages appear, with the content of the backing at their offset. Returns the
 *           number of bytes read, less than asked only where the backing ends. The pages that hold
 *           these bytes have appeared, and the rest of the last one is zero. Or returns a negative
 *           errno, and no page has appeared; EPROTO if the surface was unmapped.
 * @fetch:   read @len pages, at most EXMAP_FETCH_PAGES, of the backing at their offset into a
 *           buffer of interface @id. Returns the number of bytes read, less than asked only where
 *           the backing ends, or a negative errno; EPROTO if the surface was unmapped.
 * @store:   copy a part of what @fetch has read, from its page @from on, into mapped pages: a run.
 *           The rest of the page in which the backing ends becomes zero. Returns false if memory
 *           ran out.
 * @shadow:  make each page of the runs show the content of its source, which exmap_source_of() its
 *           word names. EXMAP_WORD_SHADOW in the word says that a shadow is there, which the page
 *           of an ended shadow is replaced by. A source that is not PRESENT, or is freed meanwhile,
 *           leaves its page unmapped. The word becomes exmap_shown_word() or, if the page is not
 *           mapped now, EXMAP_WORD_BUSY alone. Returns false if memory ran out for some pages.
 * @unshadow: make shadows vanish, as @unmap does pages. Their words are exmap_shown_word().
 * @one_by_one: NULL, or: whether ranges of one read that follow each other are not tried as one, so
 *           that each has its call of @fill.
 *
 * The calling call owns all pages that it hands to @map, @unmap, @fill, @store, @shadow and
 * @unshadow: their words are BUSY. It owns none during @wait and @fetch. @id is the number of the
 * interface. Calls with the same @id never run at the same time; calls with different ones do.
 */
struct exmap_surface_ops {
	bool (*prepare)(struct exmap_surface *s, u64 page, u64 len);
	void (*order)(struct exmap_surface *s, u32 *frames, u32 n);
	u64 (*map)(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs);
	void (*unmap)(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs);
	bool (*wait)(struct exmap_surface *s, u32 id, unsigned int round);
	s64 (*fill)(struct exmap_surface *s, u32 id, u64 page, u32 len);
	s64 (*fetch)(struct exmap_surface *s, u32 id, u64 page, u32 len);
	bool (*store)(struct exmap_surface *s, u32 id, const struct exmap_run *run, u32 from);
	bool (*shadow)(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs);
	void (*unshadow)(struct exmap_surface *s, u32 id, const struct exmap_run *runs,
			 u32 nr_runs);
	bool (*one_by_one)(const struct exmap_surface *s);
};

/**
 * struct exmap_surface - a mapped surface
 * @ops:          the backend's functions. Constant
 * @exmap:        the exmap that the surface is one of. Constant
 * @blocks:       user space: array of EXMAP_BLOCK_LOCKS, all zero at first. Kernel: array of
 *                pointers, one for each block; NULL until a page of the block is first claimed,
 *                then constant. Atomic
 * @table:        user space: array of words, one for each page. Its memory appears when it is
 *                touched. Words are atomic
 * @touched:      user space: a bit for each block, set before a page of the block is first claimed.
 *                Atomic
 * @base:         address of the first page. Constant
 * @nr_pages:     number of pages. Constant
 * @present_bits: what the word of a PRESENT page holds beside its frame. Read by calls without a
 *                lock; written by a thread that has stopped all calls
 * @keep_shadows: number of pages of ended shadows that each interface may leave mapped, see
 *                core/shadow.h. Constant
 */
struct exmap_surface {
	const struct exmap_surface_ops *ops;
	const struct exmap *exmap;
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
	u64 keep_shadows;
};

/** exmap_block_touched() - whether the words of a block are there to be claimed. */
static inline bool exmap_block_touched(const struct exmap_surface *s, u64 block)
{
#ifdef __KERNEL__
	return exmap_load(&s->blocks[block]);
#else
	return exmap_load(&s->touched[block / 64]) & 1ULL << block % 64;
#endif
}

/** exmap_touched_block() - block number @block, or NULL if no page of it was ever claimed. */
static inline struct exmap_block *exmap_touched_block(const struct exmap_surface *s, u64 block)
{
#ifdef __KERNEL__
	return exmap_load_acquire(&s->blocks[block]);
#else
	return exmap_block_touched(s, block) ? &s->blocks[block % EXMAP_BLOCK_LOCKS] : NULL;
#endif
}

/** exmap_block_word() - where the word of @page is; @block is the page's block. */
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

/** exmap_word() - where the word of @page is; exmap_block_touched() is true for its block. */
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

/**
 * exmap_busy_frame() - the frame of a BUSY word that has one
 * @word: the word; its highest bits are the frame's
 */
static inline u64 exmap_busy_frame(u64 word)
{
	return word >> EXMAP_WORD_FRAME_SHIFT;
}

static inline u64 exmap_busy_word(u64 frame)
{
	return EXMAP_WORD_BUSY | EXMAP_WORD_FRAME | frame << EXMAP_WORD_FRAME_SHIFT;
}

/** exmap_busy_of() - the BUSY word, with the same frame, for a PRESENT word. */
static inline u64 exmap_busy_of(u64 word)
{
	return EXMAP_WORD_BUSY | EXMAP_WORD_FRAME | (word & EXMAP_WORD_FRAME_MASK);
}

/**
 * exmap_run_words() - the next words of a run that follow each other in memory
 * @s:     the surface
 * @run:   the run
 * @i:     number of pages of the run that the caller has passed
 * @where: set to the word of page @i of the run
 *
 * In user space these are all remaining words, in the kernel those of one block.
 *
 * Return: number of words; 0 at the end of the run.
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
 * exmap_for_each_word() - loop over the pages of a run
 * @s:     the surface
 * @run:   the run
 * @i:     set to 0, 1, 2 ... in turn
 * @where: set to the word of page @i of the run
 *
 * The macro consists of two loops, so a break in the body does not end the outer loop: do not use
 * it. continue works.
 */
#define exmap_for_each_word(s, run, i, where)                                      \
	for (u32 words_ = ((i) = 0, exmap_run_words(s, run, 0, &(where))); words_; \
	     words_ = exmap_run_words(s, run, i, &(where)))                        \
		for (; words_; words_--, (i)++, (where)++)

/** exmap_source_of() - the source page that the BUSY word of a shadow's target names. */
static inline u64 exmap_source_of(u64 word)
{
	return word >> EXMAP_WORD_FRAME_SHIFT;
}

/** exmap_shown_word() - the BUSY word of a shadow that shows @frame; 0 where that is not known. */
static inline u64 exmap_shown_word(u64 frame)
{
	return EXMAP_WORD_BUSY | EXMAP_WORD_SHADOW | frame << EXMAP_WORD_FRAME_SHIFT;
}

/** exmap_shown_frame() - the frame of a shadow's word, BUSY or not. */
static inline u64 exmap_shown_frame(u64 word)
{
	return (word & EXMAP_WORD_SHOWN_MASK) >> EXMAP_WORD_FRAME_SHIFT;
}

/** exmap_is_present() - whether a word is that of a PRESENT page. */
static inline bool exmap_is_present(u64 word)
{
	return (word & (EXMAP_WORD_PRESENT | EXMAP_WORD_BUSY)) == EXMAP_WORD_PRESENT;
}

/** exmap_page_present() - whether a page, of any number, is PRESENT at this moment. Any thread. */
static inline bool exmap_page_present(const struct exmap_surface *s, u64 page)
{
	return page < s->nr_pages && exmap_block_touched(s, page / EXMAP_BLOCK_PAGES) &&
	       exmap_is_present(exmap_load(exmap_word(s, page)));
}

/** exmap_present_bits() - what the words of PRESENT pages hold beside the frame [7.3]. */
static inline u64 exmap_present_bits(bool writable, bool executable)
{
	u64 bits = EXMAP_WORD_PRESENT | EXMAP_WORD_USER | EXMAP_WORD_ACCESSED;

	/*
	 * The table does not see stores to a page, so every writable page counts as dirty. A client
	 * that trusts the bit writes back too much, but loses no data.
	 */
	if (writable)
		bits |= EXMAP_WORD_WRITABLE | EXMAP_WORD_DIRTY;
	return executable ? bits : bits | EXMAP_WORD_NX;
}

/** exmap_present_of() - the PRESENT word, with the same frame, for a BUSY word. */
static inline u64 exmap_present_of(const struct exmap_surface *s, u64 word)
{
	return s->present_bits | (word & EXMAP_WORD_FRAME_MASK);
}

static inline bool exmap_in_surface(const struct exmap_surface *s, u64 page, u64 len)
{
	return page <= s->nr_pages && len <= s->nr_pages - page;
}

/**
 * enum exmap_claim - what exmap_claim_page() and exmap_claim_run() found
 * @EXMAP_CLAIM_RUN:  a page or a run, which the caller owns now
 * @EXMAP_CLAIM_BUSY: a page that some call owns, maybe the calling one; or a shadow, see
 *                    exmap_shadow_yields()
 * @EXMAP_CLAIM_END:  no page to claim: the end of the range, or a page in the other state
 */
enum exmap_claim { EXMAP_CLAIM_RUN, EXMAP_CLAIM_BUSY, EXMAP_CLAIM_END };

/**
 * exmap_claim_page() - claim one page
 * @where:   the page's word; the lock of its block is held
 * @present: true to claim a PRESENT page, false to claim an EMPTY one
 *
 * Return: EXMAP_CLAIM_RUN, EXMAP_CLAIM_BUSY, or EXMAP_CLAIM_END if the page is in the other state.
 */
static __always_inline enum exmap_claim exmap_claim_page(u64 *where, bool present)
{
	/* Pairs with the store with release by the call that owned the page last. */
	u64 word = exmap_load_acquire(where);

	if (exmap_likely(present ? exmap_is_present(word) : !word)) {
		exmap_store(where, present ? exmap_busy_of(word) : EXMAP_WORD_BUSY);
		return EXMAP_CLAIM_RUN;
	}
	return word & (EXMAP_WORD_BUSY | EXMAP_WORD_SHADOW) ? EXMAP_CLAIM_BUSY : EXMAP_CLAIM_END;
}

/**
 * exmap_claim_run() - claim the next run of pages in one state
 * @s:       the surface
 * @present: true to claim PRESENT pages, false to claim EMPTY ones; pages in the other state are
 *           skipped
 * @pos:     first page to look at; set to the page behind the run, or to the page that is BUSY or
 *           a shadow
 * @end:     the page behind the range. For EMPTY pages, ops->prepare() was called for the range
 * @run:     filled in if a run was claimed, but for @vec and @step
 *
 * Takes and releases the locks of the blocks. Blocks that were never touched are skipped.
 * Thread-safety: any thread in a call on the surface may call it.
 *
 * Return: as enum exmap_claim says.
 */
enum exmap_claim exmap_claim_run(struct exmap_surface *s, bool present, u64 *pos, u64 end,
				 struct exmap_run *run);

/**
 * exmap_next_run() - find the next run of pages in given states, without claiming it
 * @s:    the surface, on which no call runs
 * @bits: EXMAP_WORD_PRESENT, EXMAP_WORD_SHADOW or both
 * @pos:  first page to look at; set to the page behind the run
 * @end:  the page behind the range
 * @run:  filled in if a run was found, but for @vec and @step
 *
 * Blocks that were never touched are skipped, so a sparse surface takes little time.
 *
 * Return: whether a run was found.
 */
bool exmap_next_run(const struct exmap_surface *s, u64 bits, u64 *pos, u64 end,
		    struct exmap_run *run);

/** exmap_next_present() - exmap_next_run() of PRESENT pages. */
static inline bool exmap_next_present(const struct exmap_surface *s, u64 *pos, u64 end,
				      struct exmap_run *run)
{
	return exmap_next_run(s, EXMAP_WORD_PRESENT, pos, end, run);
}

/**
 * exmap_surface_protect() - show a new protection of the surface in all words [7.3]
 * @s:          the surface, on which no call runs
 * @writable:   PROT_WRITE
 * @executable: PROT_EXEC
 */
void exmap_surface_protect(struct exmap_surface *s, bool writable, bool executable);

/**
 * exmap_surface_check() - in EXMAP_CHECK builds: assert that the table is consistent
 * @s:         the surface, on which no call runs
 * @nr_frames: number of frames in the pool
 * @mapped:    number of mapped pages according to the counters
 *
 * No word is BUSY, each frame is below @nr_frames, and @mapped words are PRESENT. All others are
 * EMPTY or SHADOW; of these see exmap_shadow_check().
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

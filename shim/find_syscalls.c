// SPDX-License-Identifier: MIT
/*
 * find_syscalls.c - see find_syscalls.h
 *
 * Most programs do not even have the two bytes of the instruction. Where they
 * are, what stands around them is disassembled, by a library that is loaded for
 * that and goes again.
 */

#include "shim/real.h"
#include "shim/find_syscalls.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <emmintrin.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "emu/report.h"

/* From so far before, decoding has long fallen into step with the instructions. */
#define RUN_UP 192
/* What stands so near a real one is code, and not a table of numbers among it. */
#define NEAR 24

/* Of the version that we are compiled for: structures differ between them. */
#define LIBRARY EXMAP_ZYDIS

/**
 * struct decoder - the library, or nothing as long as no place has to be looked at closely
 * @library: its handle
 * @decode:  ZydisDecoderDecodeInstruction()
 * @state:   of it
 */
struct decoder {
	void *library;
	__typeof__(&ZydisDecoderDecodeInstruction) decode;
	ZydisDecoder state;
};

/**
 * struct search - through what is loaded
 * @decoder: to tell instructions from other bytes
 * @where:   the first file that has what is looked for
 */
struct search {
	struct decoder decoder;
	const char *where;
};

/*
 * Decodes from one place to another. Return: where it ended; *bad is set to behind
 * the last bytes that no program has.
 */
static size_t decode(const struct decoder *decoder, const unsigned char *text, size_t at, size_t to,
		     size_t len, size_t *bad)
{
	ZydisDecodedInstruction instruction;

	while (at < to) {
		if (ZYAN_SUCCESS(decoder->decode(&decoder->state, NULL, text + at, len - at,
						 &instruction)) &&
		    !(instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED)) {
			at += instruction.length;
		} else {
			at++;
			*bad = at;
		}
	}
	return at;
}

/* Whether the two bytes at @hit are an instruction, and not the inside of another, nor data. */
static bool is_instruction(const struct decoder *decoder, const unsigned char *text, size_t hit,
			   size_t len)
{
	size_t from = hit > RUN_UP ? hit - RUN_UP : 0;
	size_t to = len - hit > NEAR ? hit + NEAR : len;
	size_t bad = 0;

	if (decode(decoder, text, from, hit, len, &bad) != hit || (bad && bad + NEAR > hit))
		return false;
	bad = 0;
	decode(decoder, text, hit, to, len, &bad);
	return !bad;
}

/* The next two bytes of the instruction, or NULL: memmem() takes one byte at a time for so few. */
static const unsigned char *find_call(const unsigned char *at, const unsigned char *end)
{
	const __m128i first = _mm_set1_epi8(0x0f), second = _mm_set1_epi8(0x05);

	for (; end - at > 16; at += 16) {
		__m128i here = _mm_loadu_si128((const __m128i *)at);
		__m128i next = _mm_loadu_si128((const __m128i *)(at + 1));
		int hits = _mm_movemask_epi8(
			_mm_and_si128(_mm_cmpeq_epi8(here, first), _mm_cmpeq_epi8(next, second)));

		if (hits)
			return at + __builtin_ctz(hits);
	}
	return memmem(at, end - at, "\x0f\x05", 2);
}

/* Without a decoder, bytes that may be an instruction are enough. */
static bool text_has_calls(const struct decoder *decoder, const unsigned char *text, size_t len)
{
	const unsigned char *end = text + len;
	const unsigned char *hit = text;

	while ((hit = find_call(hit, end))) {
		if (!decoder->library || is_instruction(decoder, text, hit - text, len))
			return true;
		hit++;
	}
	return false;
}

/* libc, whose calls pass, and libraries that make only such as are no client's to a file. */
static bool is_excepted(const char *path)
{
	static const char *const names[] = {
		"libc.so.",   "ld-linux",    "libpthread",   "linux-vdso", "libasan.so",
		"libtsan.so", "libubsan.so", "liblsan.so",   "libgomp.so", "libitm.so",
		"libunwind",  "libZydis.so", "libZycore.so",
	};
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/* Whether an address is in a segment of an object. */
static bool has_address(const struct dl_phdr_info *info, const void *address)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (uintptr_t)address - start < info->dlpi_phdr[i].p_memsz)
			return true;
	}
	return false;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct search *search = arg;

	(void)size;
	/* Our own calls go through the gate. */
	if (is_excepted(info->dlpi_name) || has_address(info, is_excepted))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const unsigned char *text = (unsigned char *)info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD ||
		    (segment->p_flags & (PF_X | PF_R)) != (PF_X | PF_R))
			continue;
		if (!text_has_calls(&search->decoder, text, segment->p_filesz))
			continue;
		search->where = *info->dlpi_name ? info->dlpi_name : program_invocation_name;
		return 1;
	}
	return 0;
}

static bool open_decoder(struct decoder *decoder)
{
	__typeof__(&ZydisDecoderInit) init;

	decoder->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!decoder->library) {
		emu_say("trap=auto: no " LIBRARY ": calls made outside libc are not seen; "
			"install it, or use trap=on");
		return false;
	}
	init = (__typeof__(init))dlsym(decoder->library, "ZydisDecoderInit");
	decoder->decode = (__typeof__(decoder->decode))dlsym(decoder->library,
							     "ZydisDecoderDecodeInstruction");
	return init && decoder->decode &&
	       ZYAN_SUCCESS(
		       init(&decoder->state, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
}

const char *find_syscalls(void)
{
	struct search search = { 0 };

	/* Not inside: a library cannot be loaded while they are looked through. */
	if (!dl_iterate_phdr(look_at, &search))
		return NULL;
	search.where = NULL;
	if (open_decoder(&search.decoder))
		dl_iterate_phdr(look_at, &search);
	if (search.decoder.library)
		dlclose(search.decoder.library);
	return search.where;
}

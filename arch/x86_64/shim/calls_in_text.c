// SPDX-License-Identifier: MIT
/*
 * calls_in_text.c - see calls_in_text.h
 *
 * On x86-64 the instruction is two bytes, 0f 05. In most programs they occur nowhere, and the
 * search is over. Where they occur, they may be data, or part of a longer
 * instruction. So Zydis, a disassembler, is loaded, and the code around them decoded.
 */

#define _GNU_SOURCE
#include "shim/calls_in_text.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <emmintrin.h>
#include <string.h>

#include "emu/say.h"

/*
 * Bytes before the hit at which decoding starts. It may start inside an instruction, but falls
 * into step with the real ones within a few.
 */
#define RUN_UP 192
/* Bytes around the hit that must all decode: a table of numbers between functions rarely does. */
#define NEAR 24

/* Exactly the version that we are compiled for: Zydis's structures differ between versions. */
#define LIBRARY EXMAP_ZYDIS

/* Zydis 4 can leave out an instruction's operands, for which it takes one more argument. */
#if EXMAP_ZYDIS_MAJOR >= 4
#define DECODE_FUNCTION ZydisDecoderDecodeInstruction
#define DECODE(...) decoder.decode(&decoder.state, NULL, __VA_ARGS__)
#define WIDTH_64 ZYDIS_STACK_WIDTH_64
#else
#define DECODE_FUNCTION ZydisDecoderDecodeBuffer
#define DECODE(...) decoder.decode(&decoder.state, __VA_ARGS__)
#define WIDTH_64 ZYDIS_ADDRESS_WIDTH_64
#endif
#define NAME(symbol) NAME_OF(symbol)
#define NAME_OF(symbol) #symbol

/**
 * struct decoder - Zydis, or all zero before it is loaded
 * @library: dlopen()'s handle, NULL if it is not loaded
 * @decode:  DECODE_FUNCTION
 * @state:   its first argument
 */
static struct decoder {
	void *library;
	__typeof__(&DECODE_FUNCTION) decode;
	ZydisDecoder state;
} decoder;

/*
 * Decodes the instructions from @at up to @to. *bad is set to the end of the last bytes that are no
 * instruction a program could run. Return: the end of the last instruction, at @to or behind it.
 */
static size_t decode(const unsigned char *text, size_t at, size_t to, size_t len, size_t *bad)
{
	ZydisDecodedInstruction instruction;

	while (at < to) {
		if (ZYAN_SUCCESS(DECODE(text + at, len - at, &instruction)) &&
		    !(instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED)) {
			at += instruction.length;
		} else {
			at++;
			*bad = at;
		}
	}
	return at;
}

/* Whether the two bytes at @hit are an instruction of their own, not part of another, nor data. */
static bool is_instruction(const unsigned char *text, size_t hit, size_t len)
{
	size_t from = hit > RUN_UP ? hit - RUN_UP : 0;
	size_t to = len - hit > NEAR ? hit + NEAR : len;
	size_t bad = 0;

	if (decode(text, from, hit, len, &bad) != hit || (bad && bad + NEAR > hit))
		return false;
	bad = 0;
	decode(text, hit, to, len, &bad);
	return !bad;
}

/*
 * The next place with the two bytes, or NULL. Sixteen bytes at a time: memmem() looks at each byte
 * by itself when it searches for so few.
 */
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

/* As long as Zydis is not loaded, the two bytes alone count. */
bool calls_in_text(const unsigned char *text, size_t len)
{
	const unsigned char *end = text + len;
	const unsigned char *hit = text;

	while ((hit = find_call(hit, end))) {
		if (!decoder.library || is_instruction(text, hit - text, len))
			return true;
		hit++;
	}
	return false;
}

bool calls_look_closer(void)
{
	__typeof__(&ZydisDecoderInit) init;

	decoder.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!decoder.library) {
		emu_say("trap=auto: no " LIBRARY
			" to find system calls made outside libc: those on an "
			"exmap fail with EBADF; install it, or use trap=on");
		return false;
	}
	init = (__typeof__(init))dlsym(decoder.library, "ZydisDecoderInit");
	decoder.decode = (__typeof__(decoder.decode))dlsym(decoder.library, NAME(DECODE_FUNCTION));
	return init && decoder.decode &&
	       ZYAN_SUCCESS(init(&decoder.state, ZYDIS_MACHINE_MODE_LONG_64, WIDTH_64));
}

void calls_end(void)
{
	if (decoder.library)
		dlclose(decoder.library);
	decoder.library = NULL;
}

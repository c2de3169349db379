// SPDX-License-Identifier: MIT
/* call.c - what the words of a call mean */

#include "trace.h"

#define PAGE 4096

struct pages call_pages(const struct emu_trace_call *call, uint32_t i)
{
	struct exmap_iov asked;
	uint64_t offset, len;

	if (call->event.kind == EMU_TRACE_ACTION) {
		asked.value = call->word[i];
		return (struct pages){ asked.page, asked.len };
	}
	offset = call->word[2 * i];
	len = call->word[2 * i + 1];
	if (offset % PAGE || len % PAGE)
		return (struct pages){ 0, 0 };
	return (struct pages){ offset / PAGE, len / PAGE };
}

uint64_t call_result(const struct emu_trace_call *call, uint32_t i)
{
	struct exmap_iov asked = { .value = call->word[i] }, result = { .value = 0 };

	if (call->event.flags & EMU_TRACE_RESULTS)
		return call->word[call->nr + i];
	result.pages = asked.len;
	return result.value;
}

// SPDX-License-Identifier: MIT
/*
 * transcript.c - a line for each operation with a hash of its results; see child.h
 */
#include "child.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 128

static FILE *record, *compare;

void transcript_begin(const struct extras *extras, const char *header)
{
	char line[HEADER_SIZE] = "";

	if (extras->record) {
		record = fopen(extras->record, "w");
		if (!record)
			err(1, "%s", extras->record);
		fputs(header, record);
	}
	if (!extras->compare)
		return;
	compare = fopen(extras->compare, "r");
	if (!compare)
		err(1, "%s", extras->compare);
	if (!fgets(line, sizeof(line), compare) || strcmp(line, header))
		errx(1, "%s is of other operations: %s", extras->compare, line);
}

const char *transcript_add(uint64_t hash)
{
	uint32_t folded = (uint32_t)(hash ^ hash >> 32), other;

	if (record)
		fprintf(record, "%08" PRIx32 "\n", folded);
	if (!compare)
		return NULL;
	if (fscanf(compare, "%" SCNx32, &other) != 1)
		return "the recorded run ends here";
	return other == folded ? NULL : "as the model has it, but not as in the recorded run";
}

const char *transcript_end(void)
{
	uint32_t other;

	if (record && fclose(record))
		return "cannot write the transcript";
	if (compare && fscanf(compare, "%" SCNx32, &other) == 1)
		return "the recorded run goes on";
	return NULL;
}

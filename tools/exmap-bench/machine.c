// SPDX-License-Identifier: MIT
/* machine.c - the kernel's figures of the machine and of this process */

#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

const char *machine_cpu(void)
{
	static char name[256] = "unknown CPU";
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "model name : %255[^\n]", name) == 1)
			break;
	}
	if (file)
		fclose(file);
	return name;
}

const char *machine_kernel(void)
{
	static struct utsname uts;

	uname(&uts);
	return uts.release;
}

static double sum_of(const char *numbers)
{
	double sum = 0, number;
	int used;

	for (; sscanf(numbers, " %lf%n", &number, &used) == 1; numbers += used)
		sum += number;
	return sum;
}

/* Counts TLB shootdowns (TLB) and remote function calls (CAL), by which Linux flushes TLBs too. */
double machine_ipis(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	size_t size = 0;
	char *line = NULL;
	double sum = -1;

	while (file && getline(&line, &size, file) > 0) {
		const char *name = line + strspn(line, " ");

		if (!strncmp(name, "TLB:", 4) || !strncmp(name, "CAL:", 4))
			sum = (sum < 0 ? 0 : sum) + sum_of(name + 4);
	}
	free(line);
	if (file)
		fclose(file);
	return sum;
}

/* smaps_rollup counts each page now. The counters in statm can be some hundred KiB behind. */
double machine_resident_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	double sum = 0, kib;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Pss_Anon: %lf", &kib) == 1 ||
		    sscanf(line, "Pss_Shmem: %lf", &kib) == 1)
			sum += kib;
	}
	if (file)
		fclose(file);
	return sum;
}

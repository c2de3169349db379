// SPDX-License-Identifier: MIT
/*
 * main.c - exmap-symbols: print a stack of another process, with functions, files and lines
 *
 * The emulator starts it for its reports, so that the client need not load a library that reads
 * debugging information.
 */

#include <argp.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "exmap-symbols " EXMAP_VERSION;
error_t argp_err_exit_status = 2;

/* The arguments, which are no options. */
struct stack {
	const char *pid;
	char **addresses;
	int nr;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct stack *stack = state->input;

	if (key == ARGP_KEY_ARG && !stack->pid) {
		stack->pid = arg;
	} else if (key == ARGP_KEY_ARGS) {
		stack->addresses = state->argv + state->next;
		stack->nr = state->argc - state->next;
	} else if (key == ARGP_KEY_END && !stack->nr) {
		argp_usage(state);
	} else {
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "PID ADDRESS...",
	.doc = "Print a line for each address in the code of a running process: function, file and line.\v"
	       "Exit status: 1 if the process's mappings cannot be read, 2 if arguments are missing.",
};

/* The last part of a path: reports show names as compilers' messages do. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * The line of an address. Each unit of the debugging information is asked whether it has the address:
 * dwfl_module_getsrc() goes by .debug_aranges, which clang does not write.
 */
static Dwarf_Line *find_line(Dwfl_Module *module, Dwarf_Addr pc)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while ((unit = dwfl_module_nextcu(module, unit, &bias))) {
		if (dwarf_haspc(unit, pc - bias) == 1)
			return dwarf_getsrc_die(unit, pc - bias);
	}
	return NULL;
}

static void print_frame(Dwfl *dwfl, int nr, Dwarf_Addr pc)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, pc);
	const char *function = module ? dwfl_module_addrname(module, pc) : NULL;
	Dwarf_Line *line = module ? find_line(module, pc) : NULL;
	const char *file = NULL;
	Dwarf_Addr start = 0;
	int number = 0;

	printf("    #%d %#llx", nr, (unsigned long long)pc);
	if (function)
		printf(" in %s", function);
	if (line && !dwarf_lineno(line, &number))
		file = dwarf_linesrc(line, NULL, NULL);
	if (file) {
		printf(" %s:%d", base_name(file), number);
	} else if (module) {
		file = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
		printf(" (%s+%#llx)", file, (unsigned long long)(pc - start));
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	static char *no_path = "";
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.debuginfo_path = &no_path,
	};
	struct stack stack = { 0 };
	Dwfl *dwfl;
	int error;

	argp_parse(&argp, argc, argv, 0, NULL, &stack);
	dwfl = dwfl_begin(&callbacks);
	error = dwfl ? dwfl_linux_proc_report(dwfl, atoi(stack.pid)) : -1;
	if (!error)
		error = dwfl_report_end(dwfl, NULL, NULL);
	if (error) {
		fprintf(stderr, "exmap-symbols: cannot read the mappings of process %s: %s\n",
			stack.pid, error > 0 ? strerror(error) : dwfl_errmsg(-1));
		return 1;
	}
	for (int i = 0; i < stack.nr; i++)
		print_frame(dwfl, i, strtoull(stack.addresses[i], NULL, 0));
	dwfl_end(dwfl);
	return 0;
}

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tool_marks.sh EXMAP-RUN CLIENT [SANITIZER=CLIENT...] - what tools find in a client, and what not
#
# The tools: helgrind and DRD, and for each client that is built with a sanitizer that.
set -euo pipefail
# shellcheck source=tests/tools/check.sh
. "$(dirname "$0")/../tools/check.sh"

run=$1
client=$2
shift 2

# finds WHAT COMMAND... - it fails, and says WHAT
finds() {
	local what=$1
	shift
	if "$run" --debug --strategy="$strategy" -- "$@" >"$work/said" 2>&1; then
		return 1
	fi
	cat "$work/said"
	grep -q "$what" "$work/said"
}

is_clean() {
	"$run" --debug --strategy="$strategy" -- "$@" 2>&1
}

# After the tool's own report.
names_who_freed() {
	grep -A 3 '^page 7 was freed by thread' "$work/said" | grep -q ' tool_marks.c:'
}

for strategy in copy guard mprotect; do
	# A kernel before 6.13.
	"$run" --strategy=$strategy true 2>/dev/null || continue
	if valgrind -q true 2>/dev/null; then
		for tool in helgrind drd; do
			valgrind="valgrind -q --tool=$tool --error-exitcode=9"
			# shellcheck disable=SC2086 # a list of words
			{
				check "$strategy, $tool: a race" finds 'write_often' $valgrind "$client" racing
				check "$strategy, $tool: a page that is handed on" \
					is_clean $valgrind "$client" handed
			}
		done
	fi
	for pair; do
		program=${pair#*=}
		case ${pair%%=*} in
		address)
			check "$strategy, address: a page that was freed" \
				finds 'AddressSanitizer: use-after-poison' "$program" freed
			check "$strategy, address: who freed it" names_who_freed
			check "$strategy, address: pages in use" is_clean "$program" filled
			check "$strategy, address: another mapping there" is_clean "$program" again
			;;
		memory)
			check "$strategy, memory: a fresh page" \
				finds 'MemorySanitizer: use-of-uninitialized-value' "$program" fresh
			check "$strategy, memory: a page that was read" is_clean "$program" filled
			check "$strategy, memory: another mapping there" is_clean "$program" again
			;;
		thread)
			check "$strategy, thread: a race" \
				finds 'ThreadSanitizer: data race' "$program" racing
			check "$strategy, thread: a page that is handed on" is_clean "$program" handed
			;;
		esac
	done
done
checked

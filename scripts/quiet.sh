# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# quiet.sh - runs what is of interest only when it fails. Sourced.

# quiet COMMAND... - without its output if it succeeds, with all of it, on stderr, if it fails
quiet() {
	local printed status=0

	printed=$("$@" 2>&1) || status=$?
	[ "$status" = 0 ] || printf '%s\n' "$printed" >&2
	return "$status"
}

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# check.sh - counts and shows what a script's checks came to. Sourced; TAP.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0

# check NAME COMMAND... - runs it in a subshell that ends at the first failure
check() {
	local name=$1 status

	shift
	# Not as a condition: there set -e has no effect.
	set +e
	(
		set -e
		"$@"
	) >"$work/log" 2>&1
	status=$?
	set -e
	if [ "$status" = 0 ]; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		sed 's/^/# /' "$work/log"
		failed=$((failed + 1))
	fi
}

# skip NAME REASON - for a check that cannot be made here
skip() {
	echo "ok - $1 # SKIP $2"
	skipped=$((skipped + 1))
}

# The script's last command.
checked() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}

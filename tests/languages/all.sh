#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the clients in other languages, in a virtual machine:
# scripts/vm --add tests/languages/all.sh -- sh all.sh
number=0
passed=0
failed=0
for program in bin/languages/*; do
	number=$((number + 1))
	if "$program" >/tmp/language.out 2>&1; then
		echo "ok $number - ${program##*/}"
		passed=$((passed + 1))
	else
		sed 's/^/# /' /tmp/language.out
		echo "not ok $number - ${program##*/}"
		failed=$((failed + 1))
	fi
done
[ "$number" -gt 0 ] && [ -e "$program" ] || failed=1
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]

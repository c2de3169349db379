#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Debian packages of the last commit, on one of Debian's suites: built, looked at by lintian, installed,
# used, upgraded and purged in fresh roots; the module loaded in a machine.
# Usage: debian.sh SOURCE-DIR BUILD-DIR bookworm|trixie
# With EXMAP_TEST_PACKAGES=DIR, the packages stay there, and are not built again if they are there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../tools/check.sh
. "$(dirname "$0")/../tools/check.sh"

source=$1
build=$2
suite=$3
here=$source/tests/packages

# lacks WHAT: ends the test
lacks() {
	echo "ok 1 - packages of $suite # SKIP $1"
	echo "0 passed, 0 failed, 1 skipped"
	exit 77
}
[ "$(id -u)" = 0 ] || lacks "needs root, for scripts/on"
[ -e "$source/.git" ] || lacks "not in a clone with git"
rust=$build/bin/languages/rustix
[ -e "$rust" ] || lacks "no client in Rust was built (scripts/deps test)"

builds() {
	"$source/scripts/on" "$suite" --deps package -- tests/packages/build.sh | tar -x -C "$kept"
}

# lines PATTERN: how many the scripts have printed; none is no error
lines() {
	cat "$work/tap" "$work/machine" | grep -c "$1" || true
}

kept=${EXMAP_TEST_PACKAGES:-$work/packages}/$suite
mkdir -p "$kept"
if [ ! -d "$kept/new" ]; then
	check "packages are built, and lintian is content" builds
fi
if [ -d "$kept/new" ]; then
	mkdir -p "$work/in/clients" "$work/root"
	cp "$build"/bin/{hello-exmap,minicache} "$rust" "$work/in/clients/"
	cp "$here/root.sh" "$source/tests/tools/check.sh" "$work/in/"
	cp -r "$kept"/{old,new} "$work/in/"
	tar -c -C "$work/in" . | "$source/scripts/on" "$suite" -- sh -c \
		'mkdir /packages && tar -x -C /packages && exec /packages/root.sh' 2>"$work/tap" |
		tar -x -C "$work/root" || true
	"$source/scripts/deps" vm
	"$here/machine.sh" "$work/root" "$work/in/clients" >"$work/machine" 2>&1 || true
	grep -q '^ok - the package is purged' "$work/machine" || echo "not ok - the module in a machine" >>"$work/machine"
	# Of what the scripts counted, all counts here.
	cat "$work/tap" "$work/machine"
	passed=$((passed + $(lines '^ok ')))
	failed=$((failed + $(lines '^not ok ')))
	# It may have died.
	grep -qE '^[0-9]+ passed, ' "$work/tap" || failed=$((failed + 1))
fi
checked

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Whatever names the version names the one in VERSION. Usage: version.sh SOURCE-DIR [BIN-DIR]
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../tools/check.sh
. "$(dirname "$0")/../tools/check.sh"

source=$1
bin=${2:-}
version=$(cat "$source/VERSION")

# first PATTERN FILE: the first line of the file that has it names the version
first() {
	local line

	line=$(grep -m 1 -- "$1" "$2")
	echo "$2: $line"
	[[ $line =~ (^|[^0-9.])"$version"($|[^0-9.]|\.[^0-9]) ]]
}

dkms() {
	"$source/scripts/kmod-tree" copy "$work/kmod"
	first '^PACKAGE_VERSION=' "$work/kmod/dkms.conf"
}

says() {
	[ "$("$bin/$1" --version)" = "$1 $version" ]
}

check "VERSION is three numbers" grep -qxE '[0-9]+\.[0-9]+\.[0-9]+' "$source/VERSION"
check "CHANGELOG.md begins with it" first '^## ' "$source/CHANGELOG.md"
check "debian/changelog begins with it" first '^exmap-emu (' "$source/debian/changelog"
for key in directory source_filename; do
	check "the wrap of the example: $key" first "^$key = " \
		"$source/examples/your-project/subprojects/exmap.wrap"
done
check "dkms.conf" dkms
if [ -n "$bin" ]; then
	for tool in exmap-run exmap-bench exmap-calls exmap-symbols exmap-top exmap-trace; do
		check "$tool --version" says "$tool"
	done
fi

checked

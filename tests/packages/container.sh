#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the image that the Dockerfile describes, by buildah on a root of scripts/on instead of one that is
# fetched from a hub, and runs the tests of a client's project in it. Usage: container.sh SOURCE-DIR SUITE
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../tools/check.sh
. "$(dirname "$0")/../tools/check.sh"

source=$1
suite=$2
[ "$(id -u)" != 0 ] || "$source/scripts/deps" container
if [ "$(id -u)" != 0 ] || ! command -v buildah >/dev/null; then
	echo "ok 1 - the image # SKIP needs root and buildah (scripts/deps container)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 77
fi
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
store=(buildah --root "$work/store" --runroot "$work/run")

imports_base() {
	local container tree

	"$source/scripts/on" "$suite" -- true
	container=$("${store[@]}" from scratch)
	tree=$("${store[@]}" mount "$container")
	cp -a "${XDG_CACHE_HOME:-$HOME/.cache}/exmap-emu/roots/$suite/root/." "$tree"
	"${store[@]}" commit --rm "$container" "docker.io/library/debian:$suite-slim"
}

builds_image() {
	"${store[@]}" build --pull-never --network host --build-arg "SUITE=$suite" -t exmap-emu "$source"
}

# in_image COMMAND...: in a copy of the example
in_image() {
	local container

	rm -rf "$work/project"
	cp -r "$source/examples/your-project" "$work/project"
	container=$("${store[@]}" from --pull-never localhost/exmap-emu)
	"${store[@]}" run --volume "$work/project:/src" --workingdir /src "$container" "$@" >out
	cat out
	"${store[@]}" rm "$container"
}

cd "$work"
check "a base image is imported" imports_base
check "the image is built" builds_image
check "the tests of a client's project run in it" in_image make check
check "they were all run" grep -x 'ok - what is freed can be had again' out
check "so do those of a CMake project" in_image sh -c \
	'cmake -S . -B build && cmake --build build && ctest --test-dir build --no-tests=error'

checked

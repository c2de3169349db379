#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What scripts/ say when something is in the way. Usage: scripts.sh SOURCE-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

scripts=$1/scripts

# fake NAME - stands in for a command; standard input is the script. All that is asked for is there.
fake() {
	mkdir -p "$work/bin"
	{
		echo '#!/bin/sh'
		cat
	} >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}
fake dpkg-query <<<'echo install ok installed'
PATH=$work/bin:$PATH

# fails COMMAND... - what it says is kept
fails() {
	local status=0

	"$@" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/out" "$work/err"
	[ "$status" != 0 ]
}

# fails_to_build SCRIPT: of the compiler's lines none is lost, and nothing else is done
fails_to_build() {
	fake cmake <<-'CMAKE'
		case "$1" in
		--build) ;;
		*) exit 0 ;;
		esac
		echo 'FAILED: hello.o'
		echo 'hello.c:1: error: expected a semicolon'
		echo 'ninja: build stopped: subcommand failed.'
		exit 1
	CMAKE
	fails "$scripts/$1"
	grep -x 'hello.c:1: error: expected a semicolon' "$work/err"
	[ ! -s "$work/out" ]
}

fails_to_configure() {
	fake cmake <<-'CMAKE'
		echo 'Could NOT find json-c'
		exit 1
	CMAKE
	fails "$scripts/$1"
	grep -x 'Could NOT find json-c' "$work/err"
	[ ! -s "$work/out" ]
}

quiet_when_well() {
	# shellcheck source-path=SCRIPTDIR source=../../scripts/quiet.sh
	. "$scripts/quiet.sh"
	[ -z "$(quiet sh -c 'echo done; echo really >&2' 2>&1)" ]
	[ "$(quiet sh -c 'echo no; echo really >&2; exit 7' 2>&1 >/dev/null || echo $?)" = \
		"no
really
7" ]
}

# scripts/demo builds what the documents show and what is installed, whatever a newer compiler warns of. The rest
# is for those who change something, who want to know.
demo_builds_no_tests() {
	local cmake pkg_config targets file

	cmake=$(PATH=${PATH#*:} command -v cmake)
	# What only tests need is not installed.
	pkg_config=$(PATH=${PATH#*:} command -v pkg-config)
	fake pkg-config <<-PKG
		case "\$*" in
		*cmocka*) exit 1 ;;
		esac
		exec $pkg_config "\$@"
	PKG
	fake cmake <<-CMAKE
		[ "\$1" = --build ] || exec $cmake "\$@" -B "$work/demo"
		while [ "\$1" != --target ]; do shift; done
		shift
		echo "\$@" >"$work/targets"
		exit 1
	CMAKE
	fails "$scripts/demo"
	read -ra targets <"$work/targets"
	ninja -C "$work/demo" -t commands "${targets[@]}" >"$work/steps"
	for file in bin/{minicache,exmap-top,exmap-symbols,bugs/leak}; do
		grep -F -- "-o $file " "$work/steps"
	done
	# What `cmake --install` takes from the build is there once it is configured, or is made by a step. CMake 3.28
	# and later also look for files in CMakeFiles, which need not be there, and 3.31 writes a manifest.
	grep -rhoP --include=cmake_install.cmake "\"$work/demo/\K(bin|lib|kmod-source)/[^\"]+" "$work/demo" |
		grep -vE '/(CMakeFiles/|install_local_manifest)' | sort -u >"$work/installed"
	grep -x lib/libexmap-emu.so "$work/installed"
	while read -r file; do
		[ -e "$work/demo/$file" ] || grep -F -- "$file" "$work/steps" || return 1
	done <"$work/installed"
	! grep tests/ "$work/steps" || return 1
	! grep -e -Werror "$work/demo/compile_commands.json" || return 1
	rm "$work/bin/pkg-config"
	"$cmake" -S "$scripts/.." --preset release -B "$work/release" >/dev/null
	[ "$(grep -c '"command"' "$work/release/compile_commands.json")" = \
		"$(grep -ce -Werror "$work/release/compile_commands.json")" ]
}

# packages_missing NAME...: as if all others were installed, and apt knew of all but musl-tools
packages_missing() {
	fake dpkg-query <<-DPKG
		for missing in $*; do
			[ "\$4" != "\$missing" ] || exit 1
		done
		echo install ok installed
	DPKG
	fake apt-get <<-APT
		if [ "\$1" = indextargets ]; then echo there; else echo "\$@" >>"$work/apt"; fi
	APT
	fake apt-cache <<-'APT'
		[ "$3" = musl-tools ] || printf '%s:\n  Candidate: 1.0\n' "$3"
	APT
	rm -f "$work/apt"
}

asks_for_packages() {
	local line='ask root for: apt-get install -y --no-install-recommends cmake ninja-build$'

	packages_missing cmake ninja-build
	fake id <<<'echo 1000'
	fake sudo <<<'echo "sudo: a password is required" >&2; exit 1'
	fails "$scripts/deps" build
	tail -n 1 "$work/err" | grep "^scripts/deps: .*$line"
	# And where there is no sudo at all.
	rm "$work/bin/sudo"
	for tool in bash sh cat dirname grep sed; do
		ln -s "$(command -v "$tool")" "$work/bin/"
	done
	PATH=$work/bin fails "$(command -v bash)" "$scripts/deps" build
	grep "^scripts/deps: .*$line" "$work/err"
	[ ! -e "$work/apt" ]
	# Nobody is asked for what there is not.
	packages_missing musl-tools
	PATH=$work/bin "$(command -v bash)" "$scripts/deps" test
	[ ! -e "$work/apt" ]
}

# What a release has not is left out; without what the build needs, it stops.
some_packages_do_not_exist() {
	fake id <<<'echo 0'
	packages_missing musl-tools cargo
	"$scripts/deps" test 2>"$work/err"
	grep '^scripts/deps: no package musl-tools' "$work/err"
	grep -E '^install .* cargo$' "$work/apt"
	packages_missing musl-tools
	"$scripts/deps" test
	[ ! -e "$work/apt" ]
	# Until apt has its lists, it is not asked.
	packages_missing musl-tools cargo
	fake apt-get <<-APT
		echo "\$@" >>"$work/apt"
		[ "\$2" != update ] || touch "$work/lists"
	APT
	fake apt-cache <<-APT
		[ ! -e "$work/lists" ] || [ "\$3" = musl-tools ] || printf '%s:\n  Candidate: 1.0\n' "\$3"
	APT
	"$scripts/deps" test
	grep -E '^install .* cargo$' "$work/apt"
	packages_missing cmake
	fake apt-cache <<<'exit 0'
	fails "$scripts/deps" build
	grep '^scripts/deps: no package cmake' "$work/err"
}

# As kbuild does, make reads a space in M= as the end of the folder's name.
module_builds_beside_a_space() {
	local copy="$work/a b/c"

	mkdir -p "$copy/scripts"
	cp -r "$scripts"/{build-kmod,kmod-tree,deps,quiet.sh} "$copy/scripts"
	cp -r "$scripts"/../{kmod,core,include,VERSION} "$copy"
	printf '#!/bin/sh
echo 1; echo 2; echo /usr/src/headers; echo /
' >"$copy/scripts/vm-kernel"
	chmod +x "$copy/scripts/vm-kernel"
	fake make <<-'MAKE'
		for argument; do
			case "$argument" in
			M=*[[:space:]:]*) exit 1 ;;
			M=*) touch "${argument#M=}/exmap.ko" ;;
			esac
		done
	MAKE
	"$copy/scripts/build-kmod" 6.1
	[ -e "$copy/build/kmod-6.1/exmap.ko" ]
}

# kernel_of VERSION: a copy of build-kmod's files, for a kernel of this version that the module does not build for
kernel_of() {
	local copy=$work/kernel-$1

	rm -rf "$copy"
	mkdir -p "$copy/scripts" "$copy/headers"
	cp -r "$scripts"/{build-kmod,kmod-tree,deps,quiet.sh} "$copy/scripts"
	cp -r "$scripts"/../{kmod,core,include,VERSION} "$copy"
	cat >"$copy/scripts/vm-kernel" <<-KERNEL
		#!/bin/sh
		printf '%s\\n' folder $1 $copy/headers /
	KERNEL
	chmod +x "$copy/scripts/vm-kernel"
	cat >"$copy/headers/Makefile" <<-MAKE
		VERSION = ${1%.*}
		PATCHLEVEL = ${1#*.}
		src = \$(M)
		include \$(M)/Kbuild
		modules:; @echo 'compat.h:38: error: no member named detached'; exit 1
	MAKE
	fails "$copy/scripts/build-kmod" 6.1
}

# said LINES PATTERN: on stderr
said() {
	[ "$(wc -l <"$work/err")" = "$1" ] && grep -E "$2" "$work/err"
}

kernel_too_new() {
	kernel_of 9.1
	said 1 '^scripts/build-kmod: Linux 9.1 is newer than [0-9.]+, the newest '
}

kernel_too_old() {
	kernel_of 5.15
	said 1 '^scripts/build-kmod: Linux 5.15 is too old: the module needs 6.1 or newer; '
}

kernel_known() {
	kernel_of 6.12
	grep -Fx 'compat.h:38: error: no member named detached' "$work/err"
}

command_fails_without_a_word() {
	local copy=$work/silent

	mkdir -p "$copy/scripts"
	cp "$scripts"/{build-kmod,deps,quiet.sh} "$copy/scripts"
	printf '#!/bin/sh\nexit 1\n' >"$copy/scripts/vm-kernel"
	chmod +x "$copy/scripts/vm-kernel"
	fails "$copy/scripts/build-kmod" 6.1
	grep '^scripts/build-kmod: .*vm-kernel' "$work/err"
}

# What is in the cache needs no network.
kernel_is_in_the_cache() {
	local cache=$work/cache/exmap-emu/kernels/sid

	mkdir -p "$cache"
	echo 9.9-amd64 >"$cache/release"
	echo sid >"$cache/suite"
	XDG_CACHE_HOME=$work/cache "$scripts/vm-kernel" sid >"$work/out" 2>"$work/err"
	[ "$(cat "$work/out")" = "$cache"$'\n'9.9-amd64 ]
	said 1 'sid is Linux 9.9-amd64 of sid, in '
}

kernel_cannot_be_reached() {
	rm -f "$work"/bin/apt-*
	XDG_CACHE_HOME=$work/cache EXMAP_DEBIAN_MIRROR=http://127.0.0.1:9/debian \
		fails "$scripts/vm-kernel" trixie
	grep -Fx 'the packages of trixie cannot be reached' "$work/err"
	[ ! -e "$work/cache/exmap-emu/kernels/trixie/release" ]
}

kernel_has_no_name() {
	fails "$scripts/vm-kernel" nonesuch
	grep '^Usage: scripts/vm-kernel' "$work/err"
}

check "what went well is not told, what failed is, all of it" quiet_when_well
for script in demo bench; do
	check "scripts/$script shows why a build failed" fails_to_build "$script"
	check "scripts/$script shows why it cannot be configured" fails_to_configure "$script"
done
check "scripts/demo builds all but the tests, and warnings are no errors" demo_builds_no_tests
check "scripts/deps says what to ask root for" asks_for_packages
check "scripts/deps goes on without what only some tests need" some_packages_do_not_exist
check "scripts/vm-kernel says where in the cache it found a kernel" kernel_is_in_the_cache
check "scripts/vm-kernel says that a suite cannot be reached" kernel_cannot_be_reached
check "scripts/vm-kernel says which kernels there are" kernel_has_no_name
check "scripts/build-kmod has a line for a kernel that is too new" kernel_too_new
check "scripts/build-kmod has a line for a kernel that is too old" kernel_too_old
check "scripts/build-kmod shows what the compiler said where it knows the kernel" kernel_known
check "scripts/build-kmod tells which command failed" command_fails_without_a_word
check "scripts/build-kmod builds in a path with a space" module_builds_beside_a_space

checked

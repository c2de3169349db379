#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What `cmake --install` installs, as its users find it: programs, the library shared and static, from C and
# C++, by pkg-config, CMake and Meson; and that nothing of it is left by `uninstall`.
# Usage: installed.sh SOURCE-DIR BUILD-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../tools/check.sh
. "$(dirname "$0")/../tools/check.sh"

source=$1
build=$2
version=$(cat "$source/VERSION")
prefix=$work/prefix
cd "$work"

prints_pages() {
	"$@" >out && grep -x 'page 8 holds iiii...' out && grep -x '4 pages of 1024 are there' out &&
		grep -x 'page 5 is not there' out
}

holds_all() {
	local name

	for name in bin/exmap-{run,bench,calls,top,trace,symbols} share/exmap-emu/exmap.supp \
		include/{exmap,exmap_client,exmap-emu,linux/exmap}.h lib/udev/rules.d/60-exmap.rules \
		share/man/man{1/exmap-run.1,3/exmap-emu.3,4/exmap.4,7/exmap.7} \
		share/bash-completion/completions/exmap-run share/zsh/site-functions/_exmap \
		share/doc/exmap-emu/{LICENSE,README.md,docs/spec.md,modprobe.d/exmap.conf,examples/hello.c}; do
		[ -e "$prefix/$name" ]
	done
	grep -x "PACKAGE_VERSION=\"$version\"" "$prefix/src/exmap-$version/dkms.conf"
	[ -n "$(find "$prefix" -name libexmap-shim.so)" ]
}

# gdb names its folder of scripts, and goes on with the library's whole path.
gdb_finds_its_scripts() {
	local library

	for library in "$(find "$prefix" -name libexmap-shim.so)" "$(find "$prefix" -name "libexmap-emu.so.$version")"; do
		[ -e "$prefix/share/gdb/auto-load$(realpath "$library")-gdb.py" ]
	done
	! command -v gdb || gdb -nx -batch -iex "add-auto-load-scripts-directory $prefix/share/gdb/auto-load" \
		-iex "add-auto-load-safe-path $prefix" -ex "help exmap page" "$library" | grep 'exmap page'
}

# Of bpftrace's probes each names the shim.
calls_find_the_shim() {
	"$prefix/bin/exmap-calls" --print emulator >script
	grep -F "usdt:$prefix/" script
	[ -e "$(sed -n 's/^usdt:\([^:]*\):.*/\1/p' script | uniq)" ]
}

project=$source/examples/your-project

makes_project() {
	cp -r "$project" make && cd make
	make CFLAGS='-Wall -Wextra -Werror' all
	make EXMAP_RUN="$prefix/bin/exmap-run" check | grep -x 'ok - what is freed can be had again'
	"$prefix/bin/exmap-run" ./main | grep -x 'counted to 10'
}

cmakes_project() {
	PATH=$prefix/bin:$PATH cmake -S "$project" -B cmake -D CMAKE_PREFIX_PATH="$prefix"
	cmake --build cmake
	ctest --test-dir cmake --no-tests=error
}

links_by_cmake() {
	mkdir linked
	cat >linked/CMakeLists.txt <<-CMAKE
		cmake_minimum_required(VERSION 3.22)
		project(linked LANGUAGES C)
		find_package(exmap-emu $version EXACT REQUIRED)
		add_executable(linked "$source/examples/linked.c")
		target_link_libraries(linked PRIVATE exmap-emu::exmap-emu)
	CMAKE
	cmake -S linked -B linked -D CMAKE_PREFIX_PATH="$prefix"
	cmake --build linked
	prints_pages linked/linked
}

refuses_the_next() {
	sed -i "s/find_package(exmap-emu .* REQUIRED/find_package(exmap-emu $((${version%%.*} + 1)) REQUIRED/" \
		linked/CMakeLists.txt
	! cmake -S linked -B next -D CMAKE_PREFIX_PATH="$prefix" || return 1
}

mesons_project() {
	PATH=$prefix/bin:$PATH meson setup meson "$project"
	meson test -C meson --print-errorlogs
}

# The header from a source archive, as a machine has it where nothing is installed.
mesons_wrap() {
	local name=exmap-emu-$version

	cp -r "$project" wrapped
	mkdir -p "wrapped/subprojects/packagefiles" "$name"
	(cd "$source" && tar -c VERSION meson.build include) | tar -x -C "$name"
	tar -czf "wrapped/subprojects/packagefiles/$name.tar.gz" "$name"
	PKG_CONFIG_PATH='' PATH=$prefix/bin:$PATH meson setup --wrap-mode=forcefallback wrapped/build wrapped
	meson test -C wrapped/build --print-errorlogs
}

is_gone() {
	# A file of the user's keeps its folder.
	: >"$prefix/share/doc/exmap-emu/.mine"
	cmake --build "$build" --target uninstall
	find "$prefix" ! -type d
	[ "$(find "$prefix" ! -type d)" = "$prefix/share/doc/exmap-emu/.mine" ]
	[ ! -e "$prefix/src/exmap-$version" ]
}

# What a person has installed from this build stays known.
manifest=$build/install_manifest.txt
[ ! -e "$manifest" ] || cp -p "$manifest" "$work/manifest"
check "it is installed" cmake --install "$build" --prefix "$prefix"
check "nothing is missing" holds_all
check "exmap-calls finds the shim" calls_find_the_shim
check "gdb finds its scripts" gdb_finds_its_scripts
pc=$(dirname "$(find "$prefix" -name exmap-emu.pc)")
export PKG_CONFIG_PATH=$pc
for package in exmap exmap-emu; do
	check "pkg-config knows the version of $package" \
		test "$(pkg-config --modversion $package)" = "$version"
done
read -ra flags < <(pkg-config --cflags --libs exmap-emu)
libdir=$(pkg-config --variable=libdir exmap-emu)
example=$source/examples/linked.c
check "a program links it" cc -Wall -Wextra -Werror "$example" "${flags[@]}" -o shared
check "and runs" prints_pages env LD_LIBRARY_PATH="$libdir" ./shared
check "under mprotect too" prints_pages env LD_LIBRARY_PATH="$libdir" \
	EXMAP_OPTIONS=strategy=mprotect ./shared
check "a program links it statically" cc "$example" -I"$prefix/include" "$libdir/libexmap-emu.a" \
	-lurcu-bp -o static
check "and runs" prints_pages ./static
check "a static program links it" cc -static "$example" -I"$prefix/include" "$libdir/libexmap-emu.a" \
	-lurcu-bp -o whole
check "and runs" prints_pages ./whole
echo '#include <exmap-emu.h>
#include <exmap_client.h>
int main() { return exmap_emu_open() == nullptr || !exmap_client_range(1, 1).len; }' >header.cc
check "C++ takes the headers" c++ -Wall -Wextra -Werror header.cc "${flags[@]}" -o header
check "nothing else is exported" test -z \
	"$(nm -D --defined-only "$libdir/libexmap-emu.so" | grep -v ' T exmap_emu_')"
check "a CMake project links it" links_by_cmake
check "one that wants another major version is told so" refuses_the_next
check "a client's project builds and is tested: pkg-config" makes_project
check "CMake" cmakes_project
if command -v meson >/dev/null; then
	check "Meson" mesons_project
	check "Meson, by a wrap" mesons_wrap
else
	skip "Meson" "no meson here (scripts/deps test)"
fi
check "uninstall leaves nothing" is_gone
[ ! -e "$work/manifest" ] || cp -p "$work/manifest" "$manifest"

checked

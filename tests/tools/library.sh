#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libexmap-emu as it is installed: by pkg-config, shared and static, from C and from C++.
# Usage: library.sh BUILD-DIR EXAMPLE
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

build=$1
example=$2
prefix=$work
cd "$prefix"

prints_pages() {
	"$@" >out && grep -x 'page 8 holds iiii...' out && grep -x '4 pages of 1024 are there' out &&
		grep -x 'page 5 is not there' out
}

check "it is installed" cmake --install "$build" --prefix "$prefix"
pc=$(dirname "$(find "$prefix" -name exmap-emu.pc)")
export PKG_CONFIG_PATH=$pc
read -ra flags < <(pkg-config --cflags --libs exmap-emu)
libdir=$(pkg-config --variable=libdir exmap-emu)
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
int main() { return exmap_emu_open() == nullptr; }' >header.cc
check "C++ takes the header" c++ -Wall -Wextra -Werror header.cc "${flags[@]}" -o header
check "nothing else is exported" test -z \
	"$(nm -D --defined-only "$libdir/libexmap-emu.so" | grep -v ' T exmap_emu_')"

checked

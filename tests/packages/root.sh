#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs, upgrades, uses, removes and purges the packages in a fresh root of a distribution, with nothing
# else of ours in it. TAP goes to stderr. To stdout goes an archive of the root as it was with the module
# installed, which tests/packages/machine.sh boots.
# Usage: root.sh   (by scripts/on; beside it: check.sh, the packages in old/ and new/, and clients/)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../tools/check.sh
. "$here/check.sh"

export DEBIAN_FRONTEND=noninteractive INITRD=No
exec 3>&1 >&2
# The clone that scripts/on has made.
cd "$here"
rm -rf /root/exmap-emu

package() {
	echo "$here/$1/$2"_*.deb
}

install() {
	apt-get install -y --no-install-recommends "$@"
}

version() {
	dpkg-query -f '${Version}' -W "$1"
}

runs_clients() {
	exmap-run "$here/clients/hello-exmap" | grep -x 'page 1000 is gone: SIGSEGV'
	exmap-run --stats -- "$here/clients/minicache" --text=256 | grep -x verified
}

runs_rust() {
	exmap-run --verbose "$here/clients/rustix" 2>trace
	cat trace
	# Its system calls are instructions of its own: without the trap it sees no exmap.
	! exmap-run --trap=off "$here/clients/rustix" || return 1
}

gdb_has_commands() {
	exmap-run -- gdb -batch -ex 'set breakpoint pending on' -ex 'break puts' -ex 'break printf' \
		-ex run -ex 'exmap info' "$here/clients/hello-exmap" >said 2>&1
	cat said
	grep '^exmap 1: 16 frames' said
}

man_opens() {
	local page

	for page in exmap-run exmap-bench exmap-calls exmap-symbols exmap-top exmap-trace 'exmap(4)' 'exmap-emu(3)' 'exmap(7)'; do
		echo "$page"
		man -P cat "$page" | grep -i exmap >said
	done
}

completes() {
	local tool

	for tool in exmap-run exmap-bench exmap-calls exmap-symbols exmap-top exmap-trace; do
		bash -c '. /usr/share/bash-completion/bash_completion && _comp_load "$0" 2>/dev/null ||
			_completion_loader "$0"; complete -p "$0"' "$tool"
	done
}

upgrades() {
	install "$(package new exmap-emu)" "$(package new libexmap-emu0)" "$(package new libexmap-emu-dev)" \
		"$(package new exmap-dkms)" "$(package new exmap-emu-examples)"
	[ "$(exmap-run --version)" != "exmap-run 0.0.1" ]
	[ "$(version exmap-emu)" = "$(version exmap-dkms)" ]
	[ ! -e /usr/src/exmap-0.0.1 ]
}

is_built() {
	find /lib/modules/*/updates -name 'exmap.ko*'
	[ "$(find -L /lib/modules/*/updates -name 'exmap.ko*' | wc -l)" = 1 ]
	dkms status
	[ "$(modinfo -k "$(basename /lib/modules/*)" -F version exmap)" = "$(version exmap-dkms | sed 's/-.*//')" ]
	getent group exmap
}

builds_project() {
	local project=/usr/share/doc/exmap-emu-examples/examples/your-project

	rm -rf "$1" && cp -r "$project" "$1" && cd "$1"
	case $1 in
	make) make && make check && exmap-run ./main | grep -x 'counted to 10' ;;
	cmake) cmake -S . -B build && cmake --build build && ctest --test-dir build --no-tests=error ;;
	meson) meson setup build && meson test -C build ;;
	esac
}

links() {
	local example=/usr/share/doc/exmap-emu-examples/examples/linked.c flags

	read -ra flags < <(pkg-config --cflags --libs exmap-emu)
	cc "$example" "${flags[@]}" -o linked
	./linked | grep -x 'page 8 holds iiii...'
	read -ra flags < <(pkg-config --libs liburcu-bp)
	cc "$example" "$(pkg-config --variable=libdir exmap-emu)/libexmap-emu.a" "${flags[@]}" -o linked
	! ldd linked | grep exmap || return 1
	./linked | grep -x 'page 8 holds iiii...'
}

# Names of our packages that are installed, or removed but not purged.
ours() {
	dpkg-query -f '${db:Status-Status} ${Package}\n' -W '*exmap*' 2>/dev/null |
		sed -n 's/^\(installed\|config-files\) //p'
}

# goes remove|purge
goes() {
	local names

	mapfile -t names < <(ours)
	[ "${#names[@]}" -gt 0 ] || return 0
	# Of a package whose configuration is all that is left, dpkg says so.
	dpkg -L "${names[@]}" | sed -n '/^\/.*exmap/p' | sort -u >files
	apt-get "$1" -y "${names[@]}"
	xargs -r ls -d <files 2>/dev/null >left || true
	cat left
	[ ! -s left ]
}

leaves_nothing() {
	goes purge
	[ -z "$(ours)" ]
	! getent group exmap || return 1
	# man keeps pages that were read.
	find / -xdev -path "$here" -prune -o -path /var/cache/apt -prune -o -path /var/cache/man -prune -o \
		-path /var/log -prune -o -iname '*exmap*' -print >left
	cat left
	[ ! -s left ]
}

# Without what a machine does not need to load and purge the module: it is all in its memory.
export_root() {
	tar -c --one-file-system --exclude=./root --exclude=".$here" --exclude='./usr/lib/gcc*' \
		--exclude='./usr/libexec/gcc*' --exclude='./usr/src/linux-*' --exclude=./usr/include \
		--exclude='./usr/share/[!d]*' --exclude=./usr/share/doc --exclude='./var/cache/*' \
		--exclude='./var/lib/apt/*' --exclude='./usr/lib/modules/*/kernel' -C / . ||
		[ $? = 1 ] # a file has changed meanwhile
}

apt-get -qq update
check "exmap-emu is installed alone" install "$(package new exmap-emu)"
check "clients run" runs_clients
check "so does one in Rust" runs_rust
check "what is removed is gone" goes remove
check "what is purged leaves nothing" leaves_nothing

check "the older version is installed, without the module" install "$(package old exmap-emu)" \
	"$(package old libexmap-emu0)" "$(package old libexmap-emu-dev)" "$(package old exmap-emu-examples)"
check "it is the older one" test "$(exmap-run --version)" = "exmap-run 0.0.1"
check "a kernel is installed" install linux-image-amd64 linux-headers-amd64
check "the module, too, is installed and built" install "$(package old exmap-dkms)"
check "all are upgraded" upgrades
check "the module is built" is_built
check "clients still run" runs_clients
export_root >&3
check "tools are installed" install gcc libc6-dev make cmake meson pkg-config gdb man-db bash-completion \
	"$(package new exmap-emu-dbgsym)"
check "gdb has the helper" gdb_has_commands
check "man opens the pages" man_opens
check "bash completes" completes
check "a client's project: make and pkg-config" builds_project make
check "a client's project: CMake" builds_project cmake
check "a client's project: Meson" builds_project meson
check "programs link the library, shared and static" links

check "the module, too, is removed: all is gone" goes remove
check "all that is purged leaves nothing" leaves_nothing
check "of the module, too" test -z "$(find /lib/modules /usr/lib/modules -name 'exmap*')"

checked

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# suite.sh - packages of any suite of Debian or Ubuntu, without installing them here. Sourced.
# A suite has a folder in the cache: an apt of its own, and a root file system that packages are
# unpacked into. It is no system that boots: no package's scripts are run.

suites=${XDG_CACHE_HOME:-$HOME/.cache}/exmap-emu/suites

# Set by suite_open.
suite_root=
suite_apt=()

# suite_mirror debian|ubuntu: prints where its packages are
suite_mirror() {
	local variable=EXMAP_${1^^}_MIRROR found

	found=${!variable:-}
	# The one that this machine uses already.
	[ -n "$found" ] || found=$(sed -n "s/^URIs: *\([^ ]*$1\)\/*$/\1/p
		s/^deb \(\[[^]]*\] \)\?\([^ ]*$1\)\/* .*/\2/p" \
		/etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1) || true
	# Or the one that debootstrap would take.
	[ -n "$found" ] || found=$(grep -hv old-releases /usr/share/debootstrap/scripts/{sid,gutsy} 2>/dev/null |
		sed -n "s/.*default_mirror \([^ ]*\/$1\)$/\1/p" | head -n 1) || true
	[ -n "$found" ] || {
		echo "no mirror of $1 is known: set $variable to one, or install debootstrap" >&2
		return 1
	}
	echo "$found"
}

# suite_distribution SUITE: prints debian or ubuntu
suite_distribution() {
	case $1 in
	bookworm* | trixie* | forky* | sid | experimental) echo debian ;;
	jammy | noble | questing | resolute) echo ubuntu ;;
	*) return 1 ;;
	esac
}

# suite_keys debian|ubuntu: prints the file of the keys that sign its packages
suite_keys() {
	local keys=/usr/share/keyrings/$1-archive-keyring.gpg

	# Debian has a package of Ubuntu's keys.
	[ -e "$keys" ] || [ "$1" = debian ] || {
		keys=$suites/trixie/root$keys
		[ -e "$keys" ] || (suite_open trixie && suite_install ubuntu-archive-keyring) || return
	}
	echo "$keys"
}

# suite_open SUITE: makes suite_root its root, and suite_apt the options of apt for it
suite_open() {
	local suite=$1 distribution folder=$suites/$1 apt=$suites/$1/apt from options pocket

	distribution=$(suite_distribution "$suite")
	suite_root=$folder/root
	suite_apt=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/parts"
		-o "Dir::Etc::preferencesparts=$apt/parts" -o "Dir::State=$apt" -o "Dir::State::status=$apt/status"
		-o "Dir::Cache=$apt" -o APT::Architecture=amd64 -o APT::Architectures::=amd64
		-o APT::Sandbox::User= -o APT::Update::Error-Mode=any -o APT::Install-Recommends=0 -o Debug::NoLocking=1 -qq)
	[ "${suite%-backports}" = "$suite" ] || suite_apt+=(-t "$suite")
	[ -z "$(find "$apt/updated" -mtime -1 2>/dev/null)" ] || return 0
	from=$(suite_mirror "$distribution")
	options="[signed-by=$(suite_keys "$distribution")]"
	mkdir -p "$apt"/{lists,archives}/partial "$apt/parts"
	for pocket in $(suite_pockets "$suite" "$distribution"); do
		echo "deb $options $from $pocket main"
	done >"$apt/sources.list"
	[ -e "$apt/status" ] || : >"$apt/status"
	apt-get "${suite_apt[@]}" update >&2 || {
		echo "the packages of $suite cannot be reached" >&2
		return 1
	}
	touch "$apt/updated"
}

# suite_pockets SUITE DISTRIBUTION: prints the names that its packages stand under
suite_pockets() {
	case $2:$1 in
	*-backports) echo "${1%-backports} $1" ;;
	debian:experimental) echo "sid $1" ;;
	ubuntu:*) echo "$1 $1-updates" ;;
	*) echo "$1" ;;
	esac
}

# suite_unpack FILE FOLDER
suite_unpack() {
	# Where /usr is merged, lib and bin are links that a package may know as folders.
	dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink --no-same-owner
}

# suite_install PACKAGE...: and what they depend on, into the root, but for what is there
suite_install() {
	local folder deb

	if [ ! -d "$suite_root" ]; then
		mkdir -p "$suite_root/exmap"
		for folder in bin sbin lib lib64; do
			mkdir -p "$suite_root/usr/$folder"
			ln -s "usr/$folder" "$suite_root/$folder"
		done
	fi
	apt-get "${suite_apt[@]}" install --yes --download-only "$@" >&2
	for deb in "$suite_root"/../apt/archives/*.deb; do
		[ -e "$deb" ] || continue
		suite_unpack "$deb" "$suite_root"
		{
			dpkg-deb -f "$deb"
			printf 'Status: install ok installed\n\n'
		} >>"$suite_root/../apt/status"
		rm "$deb"
	done
}

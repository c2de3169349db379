#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/on: what it refuses, and that a command there leaves nothing behind. A root file system of
# some of this machine's programs stands in for a suite's; one is fetched only with
# EXMAP_TEST_LONG=1. Usage: on.sh SOURCE-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

on=$1/scripts/on
export XDG_CACHE_HOME=$work/cache
suite=$XDG_CACHE_HOME/exmap-emu/roots/trixie

# fails STATUS COMMAND... - what it says is kept
fails() {
	local want=$1 status=0

	shift
	"$@" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/out" "$work/err"
	[ "$status" = "$want" ]
}

refuses_what_it_does_not_know() {
	local line

	for line in "" "trixie" "trixie --" "trixie true" "-- true" "woody -- true" "trixie --what -- true" \
		"trixie sid -- true" "trixie --deps"; do
		# shellcheck disable=SC2086 # several words
		fails 2 "$on" $line
		grep '^Usage: scripts/on SUITE ' "$work/err"
	done
	[ ! -e "$XDG_CACHE_HOME" ]
}

says_that_it_needs_root() {
	# The source may lie where only root may look; the script needs two files beside it.
	mkdir "$work/public"
	cp "$on" "${on%/*}/"{quiet,suite}.sh "$work/public"
	chmod 755 "$work" "$work/public"
	fails 1 setpriv --reuid 65534 --regid 65534 --clear-groups "$work/public/on" trixie -- true
	[ "$(grep -c . "$work/err")" = 1 ]
	grep '^scripts/on: .* root' "$work/err"
}

# A root file system in which the commands below run.
pretend() {
	local program

	mkdir -p "$suite/root"/{dev,proc,sys,root,etc,usr/bin,usr/lib,usr/lib64,var/cache/apt/archives}
	ln -s usr/bin usr/lib usr/lib64 "$suite/root"
	for program in sh ls cat sleep mountpoint; do
		program=$(readlink -f "$(command -v "$program")")
		# shellcheck disable=SC2046 # several files
		cp -L --parents "$program" $(ldd "$program" | grep -o '/[^ )]*') "$suite/root"
	done
	ln -sf "$(readlink -f "$(command -v sh)")" "$suite/root/usr/bin/sh"
}

# Nothing is mounted, no process lives, no copy lies about.
nothing_is_left() {
	! grep "$suite" /proc/mounts || return 1
	! ls -d "$suite"/run.* || return 1
	! pgrep -f "$suite/run" || return 1
}

# shellcheck disable=SC2016 # the command there expands it
runs_in_a_clean_clone() {
	# What it is given arrives word by word; of this machine's environment nothing does.
	OUTSIDE=1 "$on" trixie -- sh -c 'echo "$PWD, $HOME, $#, $2, ${OUTSIDE-unset}"
		mountpoint -q /proc && mountpoint -q /sys && mountpoint -q /dev/shm && echo mounted
		ls scripts/on' sh one 'two words' >"$work/out"
	diff - "$work/out" <<-'OUT'
		/root/exmap-emu, /root, 2, two words, unset
		mounted
		scripts/on
	OUT
	nothing_is_left
	# Another run finds nothing of the first.
	"$on" trixie -- sh -c 'echo >/left; echo >left'
	"$on" trixie -- sh -c '[ ! -e /left ] && [ ! -e left ]'
}

fails_as_the_command_does() {
	fails 7 "$on" trixie -- sh -c 'cat; exit 7' <<<'read by it'
	[ "$(cat "$work/out")" = 'read by it' ]
	nothing_is_left
}

# What the command leaves running ends with it; so does all when the script is told to end.
ends_what_it_started() {
	local status=0 pid

	"$on" trixie -- sh -c 'sleep 1000 & exit 0'
	nothing_is_left
	"$on" trixie -- sh -c 'echo runs; exec sleep 1000' >"$work/out" &
	pid=$!
	until grep runs "$work/out"; do
		kill -0 "$pid"
		sleep 0.1
	done
	kill "$pid"
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	nothing_is_left
}

# shellcheck disable=SC2016 # the command there expands it
users_of_a_suite() {
	export XDG_CACHE_HOME=$work/fetched
	"$on" trixie --user -- sh -c \
		'. /etc/os-release; echo "$VERSION_CODENAME $PWD $(id -u) $(sudo id -u)"' >"$work/out"
	[ "$(cat "$work/out")" = "trixie /home/user/exmap-emu 1000 0" ]
	fails 1 "$on" trixie --no-sudo -- scripts/deps build
	grep 'packages are missing, and user may not install them' "$work/err"
	"$on" trixie --no-sudo --deps lint -- shellcheck --version
}

check "what it does not know it refuses" refuses_what_it_does_not_know
if [ "$(id -u)" != 0 ]; then
	skip "commands on another distribution" "chroot and mounts need root"
elif ! git -C "$1" rev-parse -q --verify HEAD >/dev/null 2>&1; then
	skip "commands on another distribution" "the sources are no clone with git that this user may read"
elif ! unshare --mount true 2>/dev/null; then
	# Such as in a root file system that scripts/on has made.
	skip "commands on another distribution" "/ is no mount point here, so there are no namespaces of mounts"
else
	check "without root it says so" says_that_it_needs_root
	pretend
	check "a command runs in a clean clone" runs_in_a_clean_clone
	check "it fails as the command does" fails_as_the_command_does
	check "it ends what it started" ends_what_it_started
	if [ -n "${EXMAP_TEST_LONG:-}" ]; then
		check "a suite is fetched, and has users" users_of_a_suite
	else
		skip "a suite is fetched, and has users" "takes minutes (EXMAP_TEST_LONG=1)"
	fi
fi

checked

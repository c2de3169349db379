#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/vm: what a machine's console tells of its commands, whatever becomes of the machine.
# The machine is played: a program named as QEMU prints what a console would.
# Usage: vm.sh SOURCE-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=check.sh
. "$(dirname "$0")/check.sh"

source=$1
build=$work/build
kernels=${XDG_CACHE_HOME:-$HOME/.cache}/exmap-emu/kernels

for needed in "$kernels/6.1/release" /usr/bin/qemu-system-x86_64 /bin/busybox; do
	[ -e "$needed" ] || {
		echo "ok 1 - scripts/vm # SKIP no $needed (scripts/vm-kernel 6.1, scripts/deps vm)"
		echo "0 passed, 0 failed, 1 skipped"
		exit 77
	}
done

mkdir -p "$work/bin" "$build/bin" "$build/lib"
cat >"$work/bin/qemu-system-x86_64" <<'QEMU'
#!/bin/sh
# The number of the first command is in the last argument, the kernel's.
for argument; do :; done
echo "${argument##*exmap_first=}" >>"$CONSOLES/boots"
cat "$CONSOLES/${argument##*exmap_first=}"
[ ! -e "$CONSOLES/hangs" ] || exec sleep 1000
QEMU
chmod +x "$work/bin/qemu-system-x86_64"
export CONSOLES=$work PATH=$work/bin:$PATH

# machine STATUS: runs one, two and three on it; whether scripts/vm ends with that
machine() {
	local status=0

	rm -rf "$work/reports" "$work/boots"
	mkdir "$work/reports"
	"$source/scripts/vm" --build "$build" --timeout 2 --no-module --reports "$work/reports" \
		--run one 'first' --run two 'second' --run three 'third' >"$work/printed" 2>"$work/err" ||
		status=$?
	cat "$work/printed" "$work/err"
	[ "$status" = "$1" ]
}

# printed STATUS STATUS STATUS: of one, two and three
printed() {
	sed 's/ [0-9]* s$//' "$work/printed" | cmp - <(printf 'one %s\ntwo %s\nthree %s\n' "$@")
}

# command_shown NUMBER STATUS LINE...: as a console shows it
command_shown() {
	printf 'exmap-vm: begin %s\r\n' "$1"
	printf '%s\r\n' "${@:3}"
	printf 'exmap-vm: exit %s\r\nexmap-vm: end %s\r\n' "$2" "$1"
}

each_has_its_report() {
	{
		echo 'exmap-vm: booted'
		command_shown 0 0 'ok 1 - a'
		command_shown 1 3 'not ok 1 - b'
		command_shown 2 0 'ok 1 - c'
	} >"$work/0"
	machine 1
	printed 0 3 0
	printf 'ok 1 - a\n' | cmp - "$work/reports/one.txt"
	printf 'ok 1 - c\n' | cmp - "$work/reports/three.txt"
	grep -x 'exmap-vm: status 3' "$work/reports/two.txt"
	grep -x 'alone: scripts/vm .*--no-module -- sh -c .second.' "$work/reports/two.txt"
}

complaint_is_its_commands() {
	{
		echo 'exmap-vm: booted'
		command_shown 0 0 'ok 1 - a'
		command_shown 1 0 'ok 1 - b' | sed '$d'
		printf 'exmap-vm: complaint: BUG: b\nexmap-vm: end 1\n'
		command_shown 2 0 'ok 1 - c'
	} >"$work/0"
	machine 1
	printed 0 123 0
	grep 'BUG: b' "$work/reports/two.txt"
}

# A machine that panicked in the middle of a line.
rest_runs_in_another() {
	{
		echo 'exmap-vm: booted'
		command_shown 0 0 'ok 1 - a'
		printf 'exmap-vm: begin 1\n1 passed, 0 failed, 0 skipped\n[    9.1] Kernel panic - not syncing: b'
	} >"$work/0"
	{
		echo 'exmap-vm: booted'
		command_shown 2 0 'ok 1 - c'
	} >"$work/2"
	machine 1
	printed 0 123 0
	printf '0\n2\n' | cmp - "$work/boots"
	grep 'complaint: Kernel panic' "$work/reports/two.txt"
}

hang_ends() {
	touch "$work/hangs"
	{
		echo 'exmap-vm: booted'
		command_shown 0 0 'ok 1 - a'
		printf 'exmap-vm: begin 1\n1 passed, 0 failed, 0 skip'
	} >"$work/0"
	{
		echo 'exmap-vm: booted'
		command_shown 2 0 'ok 1 - c'
	} >"$work/2"
	machine 1
	rm "$work/hangs"
	printed 0 124 0
}

unbooted_is_failed() {
	echo 'Oops: int3' >"$work/0"
	machine 1
	printed 125 125 125
	printf '0\n0\n' | cmp - "$work/boots"
	for name in one two three; do
		grep -x 'exmap-vm: status 125' "$work/reports/$name.txt"
	done
}

one_command_is_shown() {
	local status=0

	{
		echo 'exmap-vm: booted'
		command_shown 0 7 'a  b' | sed 's/^a  b/&\nno end/; /^no end/N; s/no end\r\n/no end/'
	} >"$work/0"
	"$source/scripts/vm" --build "$build" --no-module -- first >"$work/printed" || status=$?
	[ "$status" = 7 ]
	grep -x 'a  b' "$work/printed"
}

check "each command has its report" each_has_its_report
check "a complaint is its command's" complaint_is_its_commands
check "after a panic the rest runs in another machine" rest_runs_in_another
check "a hang ends, and the rest runs in another machine" hang_ends
check "what a machine did not boot for has failed" unbooted_is_failed
check "a single command's output and status" one_command_is_shown

checked

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What exmap-run does to the environment, and what it refuses. TAP.
# Usage: exmap-run.sh EXMAP-RUN STATIC-PROGRAM
set -u

run=$1
static=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
number=0
failed=0
unset LD_PRELOAD EXMAP_OPTIONS

report() { # OK NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=$((failed + 1))
	fi
}

# One line on stderr with these words, and exit status 2.
refuses() { # NAME WORDS ARGUMENT...
	local name=$1 words=$2 status
	shift 2
	"$run" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ "$status" = 2 ] && [ "$(wc -l <"$dir/err")" = 1 ] && [ ! -s "$dir/out" ] &&
		grep -q "^exmap-run: .*$words" "$dir/err"
	report $? "$name"
}

# A line of env's output under exmap-run.
sets() { # NAME PATTERN ARGUMENT...
	local name=$1 pattern=$2
	shift 2
	"$run" "$@" -- env >"$dir/out" 2>"$dir/err" && grep -q "$pattern" "$dir/out"
	report $? "$name"
}

cp /bin/true "$dir/setuid" && chmod u+s "$dir/setuid"
cp /bin/true "$dir/setgid" && chmod g+s "$dir/setgid"
cp /bin/true "$dir/plain-file" && chmod a-x "$dir/plain-file"
# An ELF header is enough to tell the architecture: 64-bit, machine 183, AArch64.
{
	printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000'
	printf '\002\000\267\000\001\000\000\000'
	head -c 40 /dev/zero
} >"$dir/arm"
printf '\177ELF\001\001\001\000%044d' 0 | tr 0 '\000' >"$dir/elf32"
printf '#!%s\n' "$static" >"$dir/static-script"
printf '#!/bin/sh\nenv\n' >"$dir/script"
chmod +x "$dir/arm" "$dir/elf32" "$dir/static-script" "$dir/script"

refuses "a static binary" "statically linked" -- "$static"
refuses "a script of a static interpreter" "statically linked" -- "$dir/static-script"
refuses "a setuid binary" "setuid" -- "$dir/setuid"
refuses "a setgid binary" "setuid" -- "$dir/setgid"
refuses "a missing file" "No such file" -- "$dir/missing"
refuses "a name that PATH does not find" "No such file" -- exmap-no-such-program
refuses "a file that is not executable" "Permission denied" -- "$dir/plain-file"
refuses "a directory" "directory" -- "$dir"
refuses "another architecture" "64-bit x86" -- "$dir/arm"
refuses "a 32-bit program" "64-bit x86" -- "$dir/elf32"
[ -e /dev/exmap ] ||
	refuses "the module where there is none" "no /dev/exmap" --backend=module -- true

"$run" >"$dir/out" 2>&1
[ $? = 2 ] && grep -q "no client" "$dir/out"
report $? "no client at all"
"$run" --strategy=magic -- true >"$dir/out" 2>&1
[ $? = 2 ] && grep -q "no 'magic'" "$dir/out"
report $? "an unknown strategy"
"$run" --frobnicate -- true >"$dir/out" 2>&1
report $(($? != 2)) "an unknown option"
"$run" --version | grep -q '^exmap-run [0-9]'
report $? "--version"
"$run" --help | grep -q -e '--strategy'
report $? "--help"

sets "LD_PRELOAD names the shim" '^LD_PRELOAD=.*/libexmap-shim.so$'
sets "--strategy" '^EXMAP_OPTIONS=strategy=mprotect$' --strategy=mprotect
sets "--stats and --strategy" '^EXMAP_OPTIONS=stats=1:strategy=copy$' --stats --strategy=copy
EXMAP_OPTIONS=junk=1:strategy=copy sets "flags go before the environment" \
	'^EXMAP_OPTIONS=junk=1:strategy=mprotect$' --strategy=mprotect
LD_PRELOAD=libm.so.6 sets "an older LD_PRELOAD stays" 'libexmap-shim.so:libm.so.6$'
"$run" "$dir/script" 2>&1 | grep -q 'libexmap-shim.so'
report $? "a script, without --"
"$run" -- sh -c 'exit 7'
report $(($? != 7)) "the client's exit status"
[ "$("$run" -- echo --stats -x)" = "--stats -x" ]
report $? "the client's own options"

echo "1..$number"
echo "$((number - failed)) passed, $failed failed, 0 skipped"
exit $((failed > 0))

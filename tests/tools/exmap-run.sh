#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What exmap-run does to the environment, and what it refuses. TAP.
# Usage: exmap-run.sh EXMAP-RUN PREFIX SHIM-FOLDER STATIC-PROGRAM STATIC-PIE-PROGRAM STATIC-CLIENT
#                     [ASAN-PROGRAM]
set -u

run=$1
prefix=$2
folder=$3
static=$4
static_pie=$5
static_client=$6
asan=${7:-}
hello=$(dirname "$run")/hello-exmap
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
number=0
failed=0
skipped=0
unset LD_PRELOAD EXMAP_OPTIONS

report() { # STATUS NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$dir/out" "$dir/err"
		failed=$((failed + 1))
	fi
}

skip() { # NAME REASON
	number=$((number + 1))
	skipped=$((skipped + 1))
	echo "ok $number - $1 # SKIP $2"
}

# One line on stderr with these words, nothing on stdout, and exit status 2.
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

# What it says, or its client does, is this, and the exit status that.
says() { # NAME STATUS PATTERN ARGUMENT...
	local name=$1 status=$2 pattern=$3
	shift 3
	: >"$dir/err"
	"$run" "$@" >"$dir/out" 2>&1
	[ $? = "$status" ] && grep -q -e "$pattern" "$dir/out"
	report $? "$name"
}

executable() { # NAME CONTENT: a file in $dir
	printf '%b' "$2" >"$dir/$1"
	chmod +x "$dir/$1"
}

cp /bin/true "$dir/setuid" && chmod u+s "$dir/setuid"
cp /bin/true "$dir/setgid" && chmod g+s "$dir/setgid"
cp /bin/true "$dir/not-executable" && chmod a-x "$dir/not-executable"
# An ELF header is enough to tell the architecture: 64-bit, machine 183, AArch64.
{
	printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000'
	printf '\002\000\267\000\001\000\000\000'
	head -c 40 /dev/zero
} >"$dir/arm"
printf '\177ELF\001\001\001\000%044d' 0 | tr 0 '\000' >"$dir/elf32"
chmod +x "$dir/arm" "$dir/elf32"
# The build may lie in a folder that no first line can name.
cp "$static" "$dir/static"
executable static-script "#!$dir/static\n"
executable setuid-script "#! $dir/setuid -x\n"
executable orphan-script '#!/no/such/interpreter\n'
executable script '#!/bin/sh\nenv\n'
executable nothing 'neither a program nor a script\n'

refuses "a static binary" "statically linked.*link libexmap-emu into it" -- "$static"
refuses "a static binary, position-independent" "statically linked" -- "$static_pie"
if command -v musl-gcc >/dev/null; then
	echo 'int main(void) { return 0; }' >"$dir/musl.c"
	musl-gcc -o "$dir/musl" "$dir/musl.c"
	refuses "a program of musl" "link it with glibc" -- "$dir/musl"
else
	skip "a program of musl" "no musl-gcc here"
fi
refuses "a script of a static interpreter" "statically linked" -- "$dir/static-script"
refuses "a setuid binary" "setuid" -- "$dir/setuid"
refuses "a setgid binary" "setuid" -- "$dir/setgid"
refuses "a script of a setuid interpreter" "setuid" -- "$dir/setuid-script"
refuses "a missing file" "No such file" -- "$dir/missing"
refuses "a name that PATH does not find" "No such file" -- exmap-no-such-program
refuses "a file that is not executable" "Permission denied" -- "$dir/not-executable"
refuses "a directory" "directory" -- "$dir"
refuses "another architecture" "not a program for" -- "$dir/arm"
refuses "a 32-bit program" "not a program for" -- "$dir/elf32"
refuses "a script without its interpreter" "/no/such/interpreter: No such file" \
	-- "$dir/orphan-script"
refuses "a file that is no program" "Exec format error" -- "$dir/nothing"
refuses "no client at all" "no client" --stats
refuses "nothing after --" "no client" --
refuses "an unknown strategy" "no 'magic'" --strategy=magic -- true
refuses "an unknown dialect" "no 'magic'" --dialect=magic -- true
refuses "an unknown backend" "no 'magic'" --backend=magic -- true

name="a binary with file capabilities"
cp /bin/true "$dir/capable"
if setcap cap_net_raw+ep "$dir/capable" 2>/dev/null; then
	refuses "$name" "capabilities" -- "$dir/capable"
else
	skip "$name" "setcap is refused here"
fi
name="the module where there is none"
if [ -e /dev/exmap ]; then
	skip "$name" "there is one"
else
	refuses "$name" "no /dev/exmap" --backend=module -- true
fi

# Copies of the launcher, away from its shim.
mkdir -p "$dir/alone/bin" "$dir/$folder" "$dir/bin"
cp "$run" "$dir/alone/bin" && cp "$run" "$dir/bin"
built=$run
shim=$(dirname "$run")/../lib/libexmap-shim.so
name="without the shim"
if [ -e "$prefix/$folder/libexmap-shim.so" ]; then
	skip "$name" "one is installed"
else
	run=$dir/alone/bin/exmap-run
	refuses "$name" "no libexmap-shim.so" -- true
fi
cp "$shim" "$dir/$folder"
# shellcheck disable=SC2016 # the loader would expand it
for place in 'a b' 'a:b' 'a$LIB'; do
	mkdir -p "$dir/$place/bin" "$dir/$place/lib"
	cp "$built" "$dir/$place/bin" && cp "$shim" "$dir/$place/lib"
	run=$dir/$place/bin/exmap-run
	# Only the shim lets a program see the device.
	says "a client runs beside '$place'" 0 "^/dev/exmap$" -- \
		sh -c 'cd / && stat -c %n /dev/exmap && env ls /dev/exmap'
	says "again" 0 "^/dev/exmap$" -- stat -c %n /dev/exmap
done
name="a link in a folder that another user made is not taken"
other=54321
if [ "$(id -u)" = 0 ] && [ ! -e /tmp/exmap-run-$other ]; then
	chmod 755 "$dir" && mkdir /tmp/exmap-run-$other
	setpriv --reuid=$other --regid=$other --clear-groups "$run" -- env >"$dir/out" 2>"$dir/err"
	grep -q "^LD_PRELOAD=.*/var/tmp/exmap-run-$other/" "$dir/out"
	report $? "$name"
	rm -rf {/tmp,/var/tmp}/exmap-run-$other
else
	skip "$name" "needs root"
fi
run=$dir/bin/exmap-run
sets "the shim where it is installed" "^LD_PRELOAD=.*$dir/$folder/libexmap-shim.so$"
run=$built

says "an unknown option" 2 "^exmap-run: .*frobnicate" --frobnicate -- true
says "--version" 0 '^exmap-run [0-9]' --version
for option in strategy dialect backend stats option verbose help version; do
	says "--help tells of --$option" 0 "--$option" --help
done

sets "LD_PRELOAD names the shim" '^LD_PRELOAD=.*/libexmap-shim.so$'
sets "--strategy" '^EXMAP_OPTIONS=strategy=mprotect$' --strategy=mprotect
sets "--stats and --strategy" '^EXMAP_OPTIONS=stats=1:strategy=copy$' --stats --strategy=copy
sets "--backend" '^EXMAP_OPTIONS=backend=emu$' --backend=emu
sets "--option" '^EXMAP_OPTIONS=junk=1$' --option junk=1
sets "the last flag counts" '^EXMAP_OPTIONS=strategy=copy$' --strategy=auto --strategy=copy
EXMAP_OPTIONS=junk=1:strategy=copy sets "flags go before the environment" \
	'^EXMAP_OPTIONS=junk=1:strategy=mprotect$' --strategy=mprotect
EXMAP_OPTIONS=:strategyx=1:stats:strategy= sets "a key is the whole word before =" \
	'^EXMAP_OPTIONS=strategyx=1:strategy=copy:stats=1$' --strategy=copy --stats
sets "--inject" '^EXMAP_OPTIONS=inject=alloc,enomem,every=1000$' --inject=alloc:enomem:every=1000
EXMAP_OPTIONS='inject=free,delay=1s' sets "--inject, several times, goes before the environment" \
	'^EXMAP_OPTIONS=inject=setup,enomem;read,eio,p=0.1$' --inject=setup:enomem --inject=read:eio:p=0.1
refuses "--inject of nothing that there is" "no 'aloc'; there is alloc:enomem, read:eio" \
	--inject=aloc:enomem -- true
refuses "--inject of what cannot fail so" "no 'eio' for alloc; there is" --inject=alloc:eio -- true
nine=$(printf -- '--inject=read:eio %.0s' 1 2 3 4 5 6 7 8 9)
# shellcheck disable=SC2086
refuses "--inject, too often" "more than 8 rules" $nine -- true
EXMAP_OPTIONS='inject=aloc,enomem;read,eio' says "inject= of nothing that there is, through the environment" 0 \
	"^exmap: EXMAP_OPTIONS: inject=aloc,enomem: no 'aloc'; ignored.*there is alloc:enomem" "$hello"
refuses "--option of nothing that there is" "nottes=1: no such option; --option help" -o nottes=1 -- true
refuses "--option of no value that there is" "no such value; there is auto|move|" -o strategy=guards -- true
refuses "--option that wants a value" "no such value; there is FILE" -o trace -- true
refuses "--option with a rule that is none" "no 'aloc'; there is alloc:enomem" \
	-o 'inject=read,eio;aloc,enomem' -- true
refuses "--option, several" "seed=x: no such value; there is N" -o junk=1:seed=x -- true
sets "--option, several" '^EXMAP_OPTIONS=junk=1:inject=read,eio$' -o 'junk=1:inject=read,eio'
EXMAP_OPTIONS=nottes=1:stats says "EXMAP_OPTIONS of nothing that there is" 0 \
	"^exmap: EXMAP_OPTIONS: unknown option 'nottes' ignored" "$hello"
EXMAP_OPTIONS=yield=2:seed=x:steal=never says "yield= is a probability" 0 "'2' is no value for yield" "$hello"
EXMAP_OPTIONS=junk=1 sets "without flags, options stay" '^EXMAP_OPTIONS=junk=1$'
LD_PRELOAD=libm.so.6 sets "an older LD_PRELOAD stays" 'libexmap-shim.so:libm.so.6$'
says "--verbose" 0 '^exmap-run: LD_PRELOAD=.*/libexmap-shim.so EXMAP_OPTIONS=.* /.*/true$' \
	--verbose -- true
says "a script, without --" 0 'libexmap-shim.so' "$dir/script"
PATH=$dir:$PATH says "a script that PATH finds" 0 'libexmap-shim.so' script
says "the client's exit status" 7 '' sh -c 'echo; exit 7'
says "the client's own options" 0 '^--stats -x$' echo --stats -x

name="a sanitizer's runtime goes first"
if [ -n "$asan" ]; then
	says "$name" 0 'LD_PRELOAD=libasan.so.[0-9]*:/.*/libexmap-shim.so ' --verbose -- "$asan"
else
	skip "$name" "needs gcc, and a build without sanitizers"
fi

# What the shim says in a program that executes others: once, and of clients only.
name="a static client that is started by"
told="^exmap: .*$(basename "$static_client"): statically linked.*; link it dynamically"
says "$name a shell" 3 "$told" -- sh -c "\"$static_client\" || exit 3"
says "$name a shell that becomes it" 1 "$told" -- sh -c "exec \"$static_client\""
says "$name a program that looks in PATH" 1 "$told" -- \
	env PATH="$(dirname "$static_client"):$PATH" "$(basename "$static_client")"
says "$name posix_spawn" 0 "$told" -- python3 -c '
import os, sys
os.waitpid(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)' "$static_client"
[ "$(grep -c ^exmap: "$dir/out")" = 1 ]
report $? "it is said once"
"$run" -- sh -c "\"$static\" && \"$dir/setuid\"" >"$dir/out" 2>&1 && [ ! -s "$dir/out" ]
report $? "nothing is said of programs that are no clients"
EXMAP_OPTIONS=backend=module "$run" -- sh -c "\"$static_client\"; exit" >"$dir/out" 2>&1
! grep ^exmap: "$dir/out"
report $? "nor where the module serves the device"

sets "--trap=on" "^EXMAP_OPTIONS=.*trap=on" --trap=on
sets "--trap=off" "^EXMAP_OPTIONS=.*trap=off" --trap=off
says "--trap=auto finds a program's own calls" 0 "trap=on: .*exmap-run makes" --verbose -- \
	env "$run" --version
"$run" --verbose -- env true >"$dir/out" 2>&1 && ! grep -q trap=on "$dir/out"
report $? "--trap=auto finds nothing in programs that go by libc"
says "a --trap that there is not" 2 "no 'maybe'" --trap=maybe -- /bin/true
refuses "--doctor with a client" "leave out ./client" --doctor -- ./client
says "--option help needs no client" 0 "^exmap:   strategy  *auto|move|" --option help
[ "$("$run" -o help=1 2>&1)" = "$("$run" -o help "$hello" 2>&1 >"$dir/out")" ]
report $? "it lists what a client lists"
for arguments in --doctor --help; do
	"$run" $arguments >/dev/full 2>"$dir/err"
	[ $? = 1 ] && grep -q "^exmap-run: stdout cannot be written: No space left" "$dir/err"
	report $? "$arguments says that its output cannot be written"
done
"$run" --doctor >"$dir/out" 2>"$dir/err" &&
	[ "$(sed '/^$/d; /^Linux /d; /^strategy: /d; /^ALLOC/d; /^for /d' "$dir/out" | grep -vc '^.\{36\} [^ ]')" = 0 ]
report $? "--doctor has its findings in one column"
says "--doctor names a strategy" 0 "^strategy: [a-z]" --doctor
says "--doctor obeys --strategy" 0 "^strategy: mprotect$" --strategy=mprotect --doctor
says "it tells the version" 0 "^exmap-run  *$("$run" --version | sed 's/.* //')$" --doctor
says "the emulator's library" 0 "^the emulator, libexmap-shim.so  */.*/libexmap-shim.so$" --doctor
says "the library to link" 0 "^libexmap-emu, to link  */.*/libexmap-emu.so" --doctor
says "the other tools" 0 " exmap-bench exmap-calls exmap-symbols exmap-top exmap-trace$" --doctor
says "the strategies" 0 "^strategies that work here  .* mprotect$" --doctor
says "what a client gets" 0 "^a client gets, by exmap-run  *the emulator, strategy mprotect$" \
	--strategy=mprotect --doctor
if [ -e "$prefix/$folder/libexmap-shim.so" ]; then
	skip "--doctor without the shim" "one is installed"
else
	run=$dir/alone/bin/exmap-run
	says "--doctor without the shim" 1 "^a client gets, by exmap-run  *no exmap$" --doctor
	says "without the other tools" 1 "^tools beside exmap-run  *none$" --doctor
	run=$built
fi

name="--doctor: what to do for a faster strategy"
refuse=$(dirname "$run")/refuse
if [ -x "$refuse" ]; then
	# As in a container, where nothing but mprotect is left.
	"$refuse" userfaultfd=EPERM new-userfaultfd=EPERM guard=EINVAL -- "$run" --doctor \
		>"$dir/out" 2>"$dir/err" && grep -q "^strategies that work here  *mprotect$" "$dir/out" &&
		grep -q "^for much faster pages.*: permit userfaultfd" "$dir/out"
	report $? "$name"
else
	skip "$name" "needs libseccomp, and a build without sanitizers"
fi

# A machine with or without the module, as files tell it: bwrap lays these over the real ones.
release=$(uname -r)
printf 'updates/dkms/exmap.ko.xz: kernel/x.ko\n' >"$dir/modules.dep"
echo 1.2.3 >"$dir/version"
machine=(bwrap --bind / / --dev /dev --bind "$dir" "$dir" --tmpfs /sys/module --tmpfs /lib/modules
	--tmpfs /run/udev/rules.d)
# on NAME PATTERN [BWRAP-OPTION...]: what --doctor says there
on() {
	local name=$1 pattern=$2

	shift 2
	"${machine[@]}" "$@" "$run" --doctor >"$dir/out" 2>"$dir/err" && grep -q "$pattern" "$dir/out"
	report $? "--doctor: $name"
}
if "${machine[@]}" true 2>/dev/null; then
	on "no module" "^kernel module  *not installed$"
	on "no device" "^a client gets, without  *no exmap$"
	on "what to do for the module" "^for the kernel module: .*install-kmod.*modprobe exmap$"
	installed=(--ro-bind "$dir/modules.dep" "/lib/modules/$release/modules.dep")
	on "a module that is not loaded" "^kernel module  *installed, not loaded$" "${installed[@]}"
	on "what to do for that" "^for the kernel module: sudo modprobe exmap$" "${installed[@]}"
	loaded=(--ro-bind "$dir/version" /sys/module/exmap/version --dev-bind /dev/null /dev/exmap
		--ro-bind "$dir/version" /run/udev/rules.d/60-exmap.rules)
	on "a loaded module" "^kernel module  *loaded, version 1.2.3$" "${loaded[@]}"
	on "its udev rule" "^its udev rule  */run/udev/rules.d/60-exmap.rules$" "${loaded[@]}"
	on "its device" "^a client gets, without  *the kernel module$" "${loaded[@]}"
	! grep "^for the kernel module" "$dir/out"
	report $? "--doctor: nothing to do for it"
else
	skip "--doctor: with and without the module" "bwrap is refused here"
fi

echo "1..$number"
echo "$((number - failed - skipped)) passed, $failed failed, $skipped skipped"
exit $((failed > 0))

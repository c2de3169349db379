#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The conformance suite where userfaultfd and other things are refused, as root and as an
# ordinary user. Usage: sandbox.sh BUILD-DIR REFUSE
# With EXMAP_TEST_LONG in the environment each refusal alone, too.
set -euo pipefail

build=$1
refuse=$2
long=${EXMAP_TEST_LONG:-}
passed=0
failed=0
skipped=0

# What an ordinary user may read, wherever the build is.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir -p "$place/bin" "$place/lib" "$place/files"
cp "$build"/bin/{exmap-run,conformance,property,differential,hello-exmap,minicache,blobs} "$refuse" "$place/bin"
cp -r "$build"/bin/clients "$place/bin"
cp "$(dirname "$0")/../clients/all.sh" "$place/bin"
cp "$build"/lib/libexmap-shim.so "$place/lib"
chmod 755 "$place/bin" "$place/lib"
# Clients make files in the folder that they are started in.
chmod 1777 "$place" "$place/files"
export EXMAP_TEST_DIR=$place/files
cd "$place"

docker="userfaultfd=EPERM new-userfaultfd=EPERM io_uring_setup=EPERM io_uring_enter=EPERM io_uring_register=EPERM"
gvisor="userfaultfd=ENOSYS new-userfaultfd=ENOSYS process_madvise=ENOSYS io_uring_setup=ENOSYS pidfd_open=ENOSYS guard=EINVAL"
user=()
[ "$(id -u)" != 0 ] || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# suite NAME STRATEGY COMMAND...: conformance, after COMMAND, by STRATEGY
suite() {
	local name=$1 strategy=$2
	shift 2
	local status=0 strategies

	"$@" bin/exmap-run --verbose -- bin/conformance >out 2>&1 || status=$?
	strategies=$(sed -n 's/.*surface of .*strategy=\([a-z]*\),.*/\1/p' out | sort -u | xargs)
	if [ "$status" = 0 ] && [ "$strategies" = "$strategy" ]; then
		echo "ok - $name ($strategies: $(tail -n 1 out))"
		passed=$((passed + 1))
	else
		echo "not ok - $name: status $status, strategies: $strategies, not $strategy"
		sed -n '/^#\|^not ok\|passed,/s/^/# /p' out
		failed=$((failed + 1))
	fi
}

skip() {
	echo "ok - $1 # SKIP $2"
	skipped=$((skipped + 1))
}

# What the machine itself allows an ordinary user.
free=$("${user[@]}" bin/exmap-run --doctor | sed -n 's/^strategy: \([a-z]*\).*/\1/p')
# What is the best strategy without userfaultfd.
best=mprotect
! bin/exmap-run --doctor | grep -q '^guard regions .*yes$' || best=guard
# shellcheck disable=SC2086 # lists of words
{
	suite "Docker's and Podman's profile, as an ordinary user" "$best" "${user[@]}" \
		bin/refuse $docker --
	suite "a kernel that knows no userfaultfd, guards and pidfd" mprotect "${user[@]}" \
		bin/refuse $gvisor --
	if [ -n "$long" ]; then
		suite "as an ordinary user" "$free" "${user[@]}"
		suite "Docker's and Podman's profile" "$best" bin/refuse $docker --
		suite "Docker's and Podman's profile, without process_madvise" "$best" "${user[@]}" \
			bin/refuse $docker process_madvise=EPERM --
		suite "without vectored advice" "$free" "${user[@]}" bin/refuse process_madvise=EPERM --
		suite "without io_uring" "$free" "${user[@]}" bin/refuse io_uring_setup=EPERM --
		suite "without Syscall User Dispatch or seccomp" "$free" "${user[@]}" \
			bin/refuse prctl=EPERM --
	else
		suite "an ordinary user without vectored advice, io_uring, Syscall User Dispatch and seccomp" \
			"$free" "${user[@]}" \
			bin/refuse process_madvise=EPERM io_uring_setup=EPERM prctl=EPERM --
	fi
}

# told OK TEXT: counts a check, and shows what it printed if OK is not 0
told() {
	if [ "$1" = 0 ]; then
		echo "ok - $2"
		passed=$((passed + 1))
	else
		echo "not ok - $2"
		sed 's/^/# /' out
		failed=$((failed + 1))
	fi
}

# manager NAME COMMAND...: a buffer manager whose pool has more pages than a process has mappings
manager() {
	local name=$1 status=0
	shift
	{
		"$@" bin/exmap-run -- bin/minicache --frames=262144 --pages=400000 --bench=1 >out 2>&1 &&
			grep -q ' wrong: 0)' out &&
			"$@" bin/exmap-run -- bin/minicache --frames=262144 --text=1024 >>out 2>&1 &&
			grep -q verified out
	} || status=1
	told "$status" "$name: $(grep -o '[0-9]* look-ups/s' out)"
}

# whole NAME COMMAND...: the random tests and the clients, after COMMAND
whole() {
	local name=$1 status=0
	shift
	{
		"$@" bin/exmap-run -- bin/property --ops 20000 &&
			"$@" bin/exmap-run -- bin/differential --ops 20000 &&
			sh bin/all.sh clients "$@" bin/exmap-run --
	} >out 2>&1 || status=1
	told "$status" "$name: clients: $(tail -n 1 out)"
}

# shellcheck disable=SC2086 # lists of words
{
	whole "random operations and clients under Docker's and Podman's profile" "${user[@]}" \
		bin/refuse $docker --
	[ -z "$long" ] ||
		whole "random operations and clients, without process_madvise" "${user[@]}" \
			bin/refuse $docker process_madvise=EPERM --
}

# asked_for_guard: exmap-run must refuse, with one line
asked_for_guard() {
	local status=0

	bin/refuse guard=EINVAL -- bin/exmap-run --strategy=guard -- true >out 2>&1 || status=$?
	[ "$status" = 2 ] && [ "$(wc -l <out)" = 1 ] && grep -q 'Linux 6.13' out
}
refused=0
asked_for_guard || refused=1
told "$refused" "strategy=guard on a kernel without guards"

many="a pool of 262144 frames"
# shellcheck disable=SC2086 # lists of words
if [ "$best" = guard ]; then
	manager "$many under Docker's and Podman's profile" "${user[@]}" bin/refuse $docker --
	[ -z "$long" ] || manager "$many, without process_madvise" "${user[@]}" \
		bin/refuse $docker process_madvise=EPERM --
else
	skip "$many under Docker's and Podman's profile" "this kernel has no guard regions"
fi

bubble=(bwrap --ro-bind / / --bind "$place" "$place" --dev /dev --proc /proc)
if "${bubble[@]}" true 2>err; then
	suite "a container's /dev" "$free" "${bubble[@]}"
else
	skip "a container's /dev" "no bubblewrap here: $(head -n 1 err)"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]

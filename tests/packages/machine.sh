#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Boots a root that has exmap-dkms installed, with its own kernel: the module loads, serves clients, and
# stays while it is in use and its package is purged. TAP.
# Usage: machine.sh ROOT CLIENTS-DIR
set -euo pipefail

root=$1
clients=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$root"/{clients,proc,sys,dev}
cp "$clients/hello-exmap" "$root/clients/"
cat >"$root/init" <<'INIT'
#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
ulimit -l unlimited

check() {
	local name=$1 said

	shift
	if said=$("$@" 2>&1); then
		echo "ok - $name"
	else
		echo "not ok - $name"
		echo "$said" | sed 's/^/# /'
	fi
}
serves() {
	exmap-run --backend=module -- /clients/hello-exmap | grep -x 'page 1000 is gone: SIGSEGV'
}
tells() {
	local said

	said=$(exmap-run --doctor)
	echo "$said"
	grep -E '^kernel module +loaded, version [0-9.]+$' <<<"$said" &&
		grep -E '^its udev rule +/.*/60-exmap.rules$' <<<"$said" &&
		grep -E '^a client gets, without +the kernel module$' <<<"$said" &&
		! grep '^for the kernel module:' <<<"$said"
}
purges() {
	dpkg --purge exmap-dkms && [ -z "$(find /lib/modules/ -name 'exmap.ko*')" ]
}
stays() {
	[ -c /dev/exmap ] && [ -d /sys/module/exmap ] && ! rmmod exmap
}
says_nothing() {
	! dmesg | grep -E 'BUG|WARNING|Oops|Call Trace'
}
dmesg -c >/dev/null
echo
check "modprobe finds the module" modprobe exmap
check "a client runs on it" serves
check "exmap-run --doctor tells of it" tells
exec 9<>/dev/exmap
check "the package is purged while the device is open" purges
check "the module stays" stays
check "and serves" serves
exec 9>&-
check "it is unloaded when nobody uses it" rmmod exmap
check "the device is gone" test ! -e /dev/exmap
check "the kernel has nothing to say" says_nothing
echo "machine: end"
echo o >/proc/sysrq-trigger
sleep 100
INIT
chmod +x "$root/init"
(cd "$root" && find . -path ./boot -prune -o -print | cpio -o -H newc --quiet) >"$work/initramfs"
timeout "${EXMAP_VM_TIMEOUT:-900}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 3G -nographic -no-reboot \
	-kernel "$root"/boot/vmlinuz-* -initrd "$work/initramfs" \
	-append "console=ttyS0 quiet loglevel=3 panic=-1" </dev/null >"$work/console" 2>&1 || true
tr -d '\r' <"$work/console" | grep -aE '^(ok|not ok|#|machine:)' || true
grep -aq '^machine: end' "$work/console" || {
	echo "not ok - the machine comes to its end"
	tail -n 20 "$work/console" | sed 's/^/# /'
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every client of bin/clients and the examples, or of bin/languages, in a virtual machine:
# scripts/vm --add tests/clients/all.sh -- sh all.sh clients|languages [COMMAND...]
# COMMAND...: what to run each with, such as bin/exmap-run --strategy=copy --
kind=$1
shift
passed=0
failed=0
skipped=0
number=0

# client NAME COMMAND...
client() {
	number=$((number + 1))
	name=$1
	shift
	"$@" >/tmp/client.out 2>&1
	status=$?
	case $status in
	0)
		passed=$((passed + 1))
		echo "ok $number - client $name"
		;;
	77)
		skipped=$((skipped + 1))
		echo "ok $number - client $name # SKIP $(sed -n 's/^skipped: //p' /tmp/client.out | tail -n 1)"
		;;
	*)
		failed=$((failed + 1))
		sed 's/^/# /' /tmp/client.out
		echo "not ok $number - client $name (status $status)"
		;;
	esac
}

for path in bin/"$kind"/*; do
	name=${path##*/}
	case $name in
	# Not a program; programs with bugs on purpose; one for a machine without the device; one that
	# looks for what --debug says.
	*.so | use_after_free | *-asan | tool_marks* | never_opens | efault_reports) ;;
	# The emulator fences what it maps; what the kernel maps has any neighbours.
	stray_store) [ $# = 0 ] || client "$name" "$@" "$path" ;;
	*) client "$name" "$@" "$path" ;;
	esac
done
if [ "$kind" = clients ]; then
	client hello-exmap "$@" bin/hello-exmap
	client blobs "$@" bin/blobs --size=8 --file="$EXMAP_TEST_DIR/blobs" bin lib
	client minicache "$@" bin/minicache --bench=2 --pages=4096 --file="$EXMAP_TEST_DIR/minicache"
fi
echo "1..$number"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/release: what it refuses, and that its archive is the same wherever it is made.
# Usage: release.sh SOURCE-DIR
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../tools/check.sh
. "$(dirname "$0")/../tools/check.sh"

source=$1
git -C "$source" rev-parse -q --verify HEAD >/dev/null 2>&1 || {
	echo "ok 1 - scripts/release # SKIP not in a clone with git"
	echo "0 passed, 0 failed, 1 skipped"
	exit 77
}
version=$(cat "$source/VERSION")
archive=build/release/exmap-emu-$version.tar.gz
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost

# The tree as it stands, as a commit of a repository of its own.
mkdir "$work/first"
(cd "$source" && git ls-files | tar -c -T -) | tar -x -C "$work/first"
cd "$work/first"
git init -q
git add -A
git commit -qm first

same_bytes() {
	(umask 077 && TZ=Asia/Tokyo git clone -q "$work/first" "$work/second")
	git -C "$work/second" config tar.umask 0077
	scripts/release --source
	sleep 1
	(cd "$work/second" && umask 077 && TZ=Asia/Tokyo LC_ALL=C scripts/release --source)
	cmp "$archive" "$work/second/$archive"
	(cd build/release && sha256sum -c "${archive##*/}.sha256")
}

holds_what_git_tracks() {
	tar -tzf "$archive" | grep -v '/$' | sed 's/^[^/]*\///' | sort >"$work/archived"
	git ls-files | sort | diff - "$work/archived"
}

# refuses WORDS
refuses() {
	! scripts/release --source 2>"$work/err" || return 1
	grep "^scripts/release: .*$1" "$work/err"
}

refuses_changes() {
	echo >new
	refuses "changed or new"
	rm new
}

refuses_a_version_without_changes() {
	echo 99.0.0 >VERSION
	git commit -qam next
	refuses "not everything says 99.0.0"
	git reset -q --hard HEAD~1
}

tags() {
	scripts/release --source --tag
	[ "$(git cat-file -t "v$version")" = tag ]
	# Again, for the same commit.
	scripts/release --source --tag
	git commit -q --allow-empty -m more
	refuses "v$version is another commit"
	git reset -q --hard HEAD~1
}

check "two archives are the same bytes" same_bytes
check "the archive has all that git tracks" holds_what_git_tracks
check "a changed tree is refused" refuses_changes
check "a version that CHANGELOG.md does not know is refused" refuses_a_version_without_changes
check "--tag makes an annotated tag, once" tags

checked

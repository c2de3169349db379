#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds this tree's packages, and those of the same tree as an older version, to be upgraded from; looks at
# the former with lintian. What is printed on the way goes to stderr, an archive of both to stdout.
# Usage: build.sh   (in a clone, by scripts/on)
set -euo pipefail
cd "$(dirname "$0")/../.."

{
	scripts/package --check /tmp/packages/new
	sed -i "1s/(.*)/(0.0.1-1)/" debian/changelog
	echo 0.0.1 >VERSION
	DEB_BUILD_OPTIONS='nocheck noautodbgsym' scripts/package /tmp/packages/old
} >&2
tar -c -C /tmp/packages .

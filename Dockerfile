# SPDX-License-Identifier: MIT
# exmap-run and what clients are built with, to run the tests of a client's project in:
#
#	docker build -t exmap-emu .
#	docker run --rm -v "$PWD:/src" -w /src exmap-emu make check    # in the client's folder
#
ARG SUITE=trixie
FROM debian:${SUITE}-slim AS packages
COPY . /src
RUN DEB_BUILD_OPTIONS=nocheck /src/scripts/package /packages

FROM debian:${SUITE}-slim
COPY --from=packages /packages /packages
RUN apt-get update && \
	apt-get install -y --no-install-recommends gcc g++ make cmake meson ninja-build pkgconf \
		/packages/exmap-emu_*.deb /packages/libexmap-emu0_*.deb /packages/libexmap-emu-dev_*.deb && \
	rm -rf /packages /var/lib/apt/lists/*

# SPDX-License-Identifier: MIT
# exmap-emu::exmap, the header for clients of /dev/exmap; exmap-emu::exmap-emu, the emulator as a library.
include(${CMAKE_CURRENT_LIST_DIR}/exmap-emu-targets.cmake)

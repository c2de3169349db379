# SPDX-License-Identifier: MIT
# musl-gcc, which builds for musl on a machine of glibc, with what scripts/musl-root makes.
set(CMAKE_C_COMPILER musl-gcc)

execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/musl-root OUTPUT_VARIABLE root
	OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(ENV{PKG_CONFIG_LIBDIR} ${root}/lib/pkgconfig)
set(CMAKE_C_FLAGS_INIT "-idirafter ${root}/include")
# By it the unwinder finds the frames of a stack; the compiler's own specs ask for it.
foreach(kind EXE SHARED MODULE)
	set(CMAKE_${kind}_LINKER_FLAGS_INIT "-Wl,--eh-frame-hdr")
endforeach()

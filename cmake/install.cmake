# SPDX-License-Identifier: MIT
# What is installed beside programs and libraries, which say so where they are built.
include(CMakePackageConfigHelpers)

install(FILES include/exmap.h include/exmap_client.h include/exmap-emu.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES include/linux/exmap.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/linux)

# For pkg-config and CMake.
file(RELATIVE_PATH prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
foreach(pc exmap exmap-emu)
	configure_file(cmake/${pc}.pc.in ${PROJECT_BINARY_DIR}/${pc}.pc @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/exmap-emu)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/exmap-emu-config-version.cmake
	COMPATIBILITY SameMajorVersion)
install(FILES cmake/exmap-emu-config.cmake ${PROJECT_BINARY_DIR}/exmap-emu-config-version.cmake
	DESTINATION ${config})
install(EXPORT exmap-emu FILE exmap-emu-targets.cmake NAMESPACE exmap-emu:: DESTINATION ${config})

# Manual pages and completion.
file(GLOB pages CONFIGURE_DEPENDS man/*.[0-9])
foreach(page ${pages})
	string(REGEX MATCH "[0-9]$" section ${page})
	install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
set(EXMAP_ZSH_COMPLETION_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
	"Folder for zsh's completion")
file(GLOB completion CONFIGURE_DEPENDS completion/bash/*)
install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
file(GLOB completion CONFIGURE_DEPENDS completion/zsh/*)
install(FILES ${completion} DESTINATION ${EXMAP_ZSH_COMPLETION_DIR})

# The module's sources as DKMS wants them, and what udev and modprobe read.
file(GLOB sources CONFIGURE_DEPENDS kmod/* core/*.[ch] include/exmap.h)
set(tree ${PROJECT_BINARY_DIR}/kmod-source)
add_custom_command(OUTPUT ${tree}/dkms.conf
	COMMAND ${CMAKE_COMMAND} -E rm -rf ${tree}
	COMMAND ${PROJECT_SOURCE_DIR}/scripts/kmod-tree copy ${tree}
	DEPENDS ${sources} VERSION scripts/kmod-tree VERBATIM)
add_custom_target(exmap-kmod-source ALL DEPENDS ${tree}/dkms.conf)
install(DIRECTORY ${tree}/ DESTINATION src/exmap-${PROJECT_VERSION})
install(FILES kmod/60-exmap.rules DESTINATION lib/udev/rules.d)
install(FILES kmod/exmap.conf DESTINATION ${CMAKE_INSTALL_DOCDIR}/modprobe.d)

install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN data.json EXCLUDE)
# But for what builds them here.
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} REGEX "/examples/CMakeLists.txt$" EXCLUDE)

add_custom_target(uninstall
	COMMAND ${CMAKE_COMMAND} -D MANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt
		-P ${PROJECT_SOURCE_DIR}/cmake/uninstall.cmake
	VERBATIM)

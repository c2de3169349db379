# SPDX-License-Identifier: MIT
# Removes what the latest installation has installed, and folders of ours that are empty then.
# Usage: cmake -D MANIFEST=BUILD-DIR/install_manifest.txt -P uninstall.cmake
if(NOT EXISTS ${MANIFEST})
	message(FATAL_ERROR "nothing is known to be installed from here: no ${MANIFEST}")
endif()
file(STRINGS ${MANIFEST} files)
foreach(file ${files})
	set(file $ENV{DESTDIR}${file})
	file(REMOVE ${file})
	if(EXISTS ${file} OR IS_SYMLINK ${file})
		message(FATAL_ERROR "cannot remove ${file}")
	endif()
	get_filename_component(folder ${file} DIRECTORY)
	# rmdir refuses a folder in which something is left.
	set(refused 0)
	while(NOT refused AND folder MATCHES "/(exmap[^/]*|linux)(/|$)")
		execute_process(COMMAND rmdir ${folder} RESULT_VARIABLE refused ERROR_QUIET)
		get_filename_component(folder ${folder} DIRECTORY)
	endwhile()
endforeach()
file(REMOVE ${MANIFEST})

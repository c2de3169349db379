# SPDX-License-Identifier: MIT
# Target without-tests: libraries, tools and examples. That is what is installed, and what the documents show.

# exmap_targets_below(RESULT FOLDER): the targets of all folders in a folder, but for the tests
function(exmap_targets_below result folder)
	get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
	set(all)
	foreach(sub ${folders})
		string(FIND "${sub}" "${PROJECT_SOURCE_DIR}/tests" at)
		if(at EQUAL 0)
			continue()
		endif()
		get_property(targets DIRECTORY ${sub} PROPERTY BUILDSYSTEM_TARGETS)
		exmap_targets_below(below ${sub})
		list(APPEND all ${targets} ${below})
	endforeach()
	set(${result} ${all} PARENT_SCOPE)
endfunction()

exmap_targets_below(targets ${PROJECT_SOURCE_DIR})
add_custom_target(without-tests DEPENDS ${targets} exmap-kmod-source)

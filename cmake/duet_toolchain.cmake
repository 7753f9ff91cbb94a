# What holds for every target of this project when it is the top-level one: build type, ccache,
# and a warning about compilers that miscompile coroutines. A project that includes duet by
# add_subdirectory decides these itself.

set(CMAKE_CXX_EXTENSIONS OFF)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
  find_program(DUET_CCACHE ccache)
  mark_as_advanced(DUET_CCACHE)
  if(DUET_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${DUET_CCACHE})
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "duet: g++ ${CMAKE_CXX_COMPILER_VERSION} has no <expected>; "
                      "use g++ 12 or newer, or clang 19")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(WARNING "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles some coroutine patterns. "
                  "duet's own sources avoid them; yours must, too: docs/coroutines.md names them, "
                  "and ./dev check-coroutines FILE... finds them.")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(WARNING "clang ${CMAKE_CXX_COMPILER_VERSION} is older than the oldest one duet is "
                  "tested with (19); std::expected may be missing")
endif()

# Functions that the folders' CMakeLists.txt share.

# duet_missing(WHAT PACKAGE): one line on what is left out and which Debian package cures it.
function(duet_missing what package)
  message(STATUS "duet: leaving out ${what}; to have it: apt-get install ${package}")
endfunction()

# Sets DUET_HAVE_URING; with it, the target PkgConfig::duet_uring.
macro(duet_find_uring)
  set(DUET_HAVE_URING OFF)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(duet_uring QUIET IMPORTED_TARGET GLOBAL liburing)
  endif()
  if(duet_uring_FOUND)
    set(DUET_HAVE_URING ON)
  elseif(PkgConfig_FOUND)
    duet_missing("the engine uring (liburing)" liburing-dev)
  else()
    duet_missing("the engine uring (liburing, found by pkg-config)" "pkgconf liburing-dev")
  endif()
endmacro()

# Sets DUET_HAVE_FIBERS; with it, the target Boost::context.
macro(duet_find_fibers)
  set(Boost_USE_STATIC_LIBS ON)
  find_package(Boost QUIET GLOBAL COMPONENTS context)
  set(DUET_HAVE_FIBERS ${Boost_FOUND})
  if(NOT DUET_HAVE_FIBERS)
    duet_missing("fibers (Boost.Context)" libboost-context-dev)
  endif()
endmacro()

# Warnings and sanitizers for a target of this project. Warnings stay out of other people's builds.
function(duet_own_target target)
  if(PROJECT_IS_TOP_LEVEL)
    # A designated initialiser leaves fields out on purpose.
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                             -Wno-missing-field-initializers)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      target_compile_options(${target} PRIVATE -Wno-sign-conversion)  # as g++ understands -Wconversion
    elseif(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      target_compile_options(${target} PRIVATE -Wno-restrict)  # wrong about std::string: GCC PR 105329
    endif()
  endif()
  if(DUET_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  duet_sanitize_target(${target})
endfunction()

function(duet_sanitize_target target)
  if(DUET_SANITIZE STREQUAL "")
    return()
  elseif(DUET_SANITIZE STREQUAL "address")
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=all)
  elseif(DUET_SANITIZE STREQUAL "thread")
    set(flags -fsanitize=thread)
  else()
    message(FATAL_ERROR "duet: DUET_SANITIZE is '${DUET_SANITIZE}'; it may be address or thread")
  endif()
  target_compile_options(${target} PRIVATE ${flags} -fno-omit-frame-pointer)
  target_link_options(${target} PUBLIC ${flags})
endfunction()

# One executable NAME per file, in the build folder's FOLDER, as target FOLDER_NAME.
function(duet_add_program folder file)
  cmake_path(GET file STEM name)
  set(target ${folder}_${name})
  add_executable(${target} ${file})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${folder})
  target_compile_features(${target} PRIVATE cxx_std_23)
  duet_own_target(${target})
  set(program_target ${target} PARENT_SCOPE)
endfunction()

# cmake --install: the library, its headers, a package for find_package(duet), and the program.

include(CMakePackageConfigHelpers)
set(duet_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/duet)

install(TARGETS duet EXPORT duet_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/duet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT duet_targets NAMESPACE duet:: DESTINATION ${duet_package_dir})
if(TARGET duet_app)
  install(TARGETS duet_app RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/duet-config.cmake.in
  ${PROJECT_BINARY_DIR}/duet-config.cmake INSTALL_DESTINATION ${duet_package_dir})
# Before 1.0 a minor version may break users, so only the same minor version is compatible.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/duet-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/duet-config.cmake
              ${PROJECT_BINARY_DIR}/duet-config-version.cmake
        DESTINATION ${duet_package_dir})

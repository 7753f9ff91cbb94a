#pragma once
// Changes to names below a directory. A name is what stands last in a path; the folder before it is
// opened beneath the directory (openat2(2)), so that neither links nor ".." lead outside of it, and
// the name itself is no path: a link is renamed or removed, not followed. Each returns a result or
// a negated errno.

#include <fcntl.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "duet/sys/file_facts.hpp"
#include "sys/call.hpp"

namespace duet::sys {

// False if the kernel would take a part of the path for all of it: to it a NUL byte is the end.
constexpr bool is_whole_path(std::string_view path) noexcept {
  return path.find('\0') == std::string_view::npos;
}

// All of PathChange that concern one path.
std::int64_t change_path(int directory, const char* path, PathChange change);

std::int64_t rename_path(int from_directory, const char* from, int to_directory, const char* to);

// Gives a file a name, in place of what had it: at no time is there none, or half a file. What the
// file system cannot link, since it has lost its last name, is copied.
std::int64_t name_file(int file, int directory, const char* path);

// Calls make(name) with names by chance until it returns anything but EEXIST.
template <class Make>
std::int64_t with_unique_name(Make make) {
  constexpr int attempts = 100;
  std::int64_t result = -EEXIST;
  for (int i = 0; i < attempts && result == -EEXIST; ++i) {
    std::uint64_t chance = 0;
    retried([&] { return ::getrandom(&chance, sizeof chance, 0); });
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), ".duet-%016llx",
                  static_cast<unsigned long long>(chance));
    result = make(name.data());
  }
  return result;
}

}  // namespace duet::sys

#pragma once
// The extension of a file's name, as tables of media types are asked for it. A pure function.

#include <algorithm>
#include <span>
#include <string_view>

#include "http/characters.hpp"

namespace duet::http {

// What follows the last dot of the name, in lower case, in `place`: nothing for ".profile", whose
// dot only hides it, and nothing for what does not fit, which no table has.
inline std::string_view lowered_extension(std::string_view path, std::span<char> place) noexcept {
  std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  std::string_view extension = name.substr(dot + 1);
  if (extension.size() > place.size()) return {};
  std::ranges::transform(extension, place.begin(), lower);
  return {place.data(), extension.size()};
}

}  // namespace duet::http

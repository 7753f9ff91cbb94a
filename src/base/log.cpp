#include "duet/base/log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "duet/base/character.hpp"

namespace duet {

Log::Level Log::parse_level(std::string_view name) {
  constexpr std::array<std::string_view, 5> names = {"debug", "info", "warning", "error", "off"};
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    throw std::invalid_argument(
        fmt::format("'{}' is no log level; there are debug, info, warning, error and off", name));
  return static_cast<Level>(found - names.begin());
}

void Log::write(Level level, std::string_view text) {
  std::string line = "duet: ";
  if (level == Level::warning) line += "warning: ";
  if (level == Level::error) line += "error: ";
  while (!text.empty()) {
    Character character = first_character(text);
    std::string_view bytes = text.substr(0, character.size_bytes);
    text.remove_prefix(bytes.size());
    if (character.is_valid && character.code != '\\' && is_visible(character.code))
      line += bytes;
    else
      for (char byte : bytes) line += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace duet

#include "duet/base/log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

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
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      line += fmt::format("\\x{:02x}", byte);
    else
      line += c;
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace duet

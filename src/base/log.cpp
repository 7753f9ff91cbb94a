#include "duet/base/log.hpp"

#include <cstdio>
#include <string>

namespace duet {

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

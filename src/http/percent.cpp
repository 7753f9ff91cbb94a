#include "http/percent.hpp"

#include <fmt/format.h>

#include "http/characters.hpp"

namespace duet::http {

std::string percent_encoded(std::string_view path) {
  constexpr std::string_view plain = "-._~/!$&'()*+,;=:@";
  std::string text;
  for (char c : path) {
    char letter = lower(c);
    if (is_digit(c) || (letter >= 'a' && letter <= 'z') || plain.contains(c))
      text += c;
    else
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return std::nullopt;
      c = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

}  // namespace duet::http

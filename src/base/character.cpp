#include "duet/base/character.hpp"

#include <algorithm>
#include <array>

namespace duet {
namespace {

// Beyond ASCII: the categories Cc, Cf, Zl and Zp of Unicode 15, with the gaps between them that
// later versions may fill.
constexpr std::array<std::array<char32_t, 2>, 19> hidden_ranges = {{
    {0x80, 0x9f},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},
    {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0xfeff, 0xfeff},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
}};

}  // namespace

Character first_character(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const Character byte{lead, 1, lead < 0x80};
  const unsigned size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
  if (size == 1 || text.size() < size) return byte;
  char32_t code = lead & (0x7fu >> size);
  for (unsigned i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return byte;
    code = code << 6 | (next & 0x3fu);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < least[size] || code > 0x10ffff || is_surrogate) return byte;
  return {code, size, true};
}

bool is_visible(char32_t code) noexcept {
  if (code < 0x80) return code >= 0x20 && code != 0x7f;
  if (code >= 0xe0000 && code <= 0xe0fff) return false;  // tags and variation selectors
  return std::ranges::none_of(
      hidden_ranges, [code](const auto& range) { return code >= range[0] && code <= range[1]; });
}

}  // namespace duet

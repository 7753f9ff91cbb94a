#pragma once
// The characters of a text from outside that is to be shown in a line of a log or on a terminal: it
// is UTF-8, or claims to be. Pure functions.

#include <string_view>

namespace duet {

struct Character {
  char32_t code;
  unsigned size_bytes;
  bool is_valid;
};

// The first character, or the first byte if it does not begin a well-formed one (Unicode §3.9,
// table 3-7).
Character first_character(std::string_view text) noexcept;

// Whether it shows, and changes nothing of what stands around it: no control character, none that
// turns the direction of writing or hides another.
bool is_visible(char32_t code) noexcept;

}  // namespace duet

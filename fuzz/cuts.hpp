#pragma once
// Inputs that say how they are to be cut: the last byte is not part of the text, but chooses the
// pieces in which it is handed over. So a corpus stays readable.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace duet::http {

struct CutInput {
  std::string_view text;
  std::uint8_t choice = 0;
};

inline CutInput cut_input(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return {};
  return {{reinterpret_cast<const char*>(data), size - 1}, data[size - 1]};
}

// Calls `take` with pieces of `input.text` of 1 to 8 or 1 to 64 bytes, or with each byte.
template <typename Take>
void for_each_piece(CutInput input, Take take) {
  std::uint32_t state = input.choice;
  const std::uint32_t sizes = input.choice % 4 == 0 ? 1 : input.choice % 4 == 1 ? 64 : 8;
  while (!input.text.empty()) {
    state = state * 1664525 + 1013904223;  // Numerical Recipes
    std::string_view piece = input.text.substr(0, 1 + (state >> 16) % sizes);
    input.text.remove_prefix(piece.size());
    take(piece);
  }
}

// Ends the run as a finding.
[[noreturn]] inline void fail(const char* what, std::string_view detail = {}) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace duet::http

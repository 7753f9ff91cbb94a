#pragma once
// Character classes of HTTP and URIs as one table of bits, and the search for control characters,
// which is the hottest loop of the codec. Pure functions: any thread, no errors.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace duet::http {

inline constexpr unsigned char token_class = 1;   // tchar, RFC 9110 §5.6.2
inline constexpr unsigned char target_class = 2;  // visible ASCII but '#', see is_target
inline constexpr unsigned char host_class = 4;    // reg-name but ',' and '%', RFC 3986 §3.2.2
inline constexpr unsigned char digit_class = 8;
inline constexpr unsigned char hex_class = 16;

consteval std::array<unsigned char, 256> make_character_classes() {
  std::array<unsigned char, 256> classes{};
  auto add = [&classes](std::string_view characters, unsigned char which) {
    for (char c : characters) classes[static_cast<unsigned char>(c)] |= which;
  };
  constexpr std::string_view digits = "0123456789";
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  add(digits, token_class | host_class | digit_class | hex_class);
  add(letters, token_class | host_class);
  add("abcdefABCDEF", hex_class);
  add("!#$%&'*+-.^_`|~", token_class);
  add("-._~!$&'()*+;=", host_class);
  for (char c = '!'; c <= '~'; ++c)
    if (c != '#') classes[static_cast<unsigned char>(c)] |= target_class;
  return classes;
}

inline constexpr std::array<unsigned char, 256> character_classes = make_character_classes();

constexpr bool has_class(char c, unsigned char which) noexcept {
  return (character_classes[static_cast<unsigned char>(c)] & which) != 0;
}

constexpr bool is_token(char c) noexcept { return has_class(c, token_class); }
constexpr bool is_digit(char c) noexcept { return has_class(c, digit_class); }
constexpr bool is_hex(char c) noexcept { return has_class(c, hex_class); }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// Wider than RFC 3986 by the characters that browsers leave as they are in a query: "<>\^`{|}
constexpr bool is_target(char c) noexcept { return has_class(c, target_class); }

// Neither tab nor a byte of 0x80 or more.
constexpr bool is_control(char c) noexcept {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// `c` must be a hexadecimal digit.
constexpr int hex_value(char c) noexcept { return is_digit(c) ? c - '0' : lower(c) - 'a' + 10; }

constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// A bit for each of eight bytes that is below 0x20 or 0x7f, of which the lowest is right: a borrow
// can set a false one only above a true one. "Less than n" is from Anderson's Bit Twiddling Hacks.
inline std::uint64_t mark_controls(const char* at) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  if constexpr (std::endian::native == std::endian::big) bytes = std::byteswap(bytes);
  std::uint64_t deleted = bytes ^ (ones * 0x7f);
  std::uint64_t low = (bytes - ones * 0x20) & ~bytes;
  std::uint64_t zero = (deleted - ones) & ~deleted;
  return (low | zero) & (ones * 0x80);
}

// Where the first control character other than tab is, at `from` or later; else text.size().
inline std::size_t find_control(std::string_view text, std::size_t from) noexcept {
  std::size_t at = from;
  while (text.size() - at >= 8) {
    std::uint64_t marks = mark_controls(&text[at]);
    at += marks == 0 ? 8 : static_cast<std::size_t>(std::countr_zero(marks)) / 8;
    if (marks == 0) continue;
    if (is_control(text[at])) return at;
    ++at;  // a tab
  }
  while (at < text.size() && !is_control(text[at])) ++at;
  return at;
}

}  // namespace duet::http

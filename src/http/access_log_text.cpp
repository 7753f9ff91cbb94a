#include "http/access_log_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "duet/base/assert.hpp"
#include "duet/base/character.hpp"

namespace duet::http {
namespace {

constexpr std::string_view cut_mark = "...";

constexpr auto is_plain = [] {
  std::array<bool, 256> plain{};
  for (unsigned c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

std::size_t plain_size(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && is_plain[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

using Ip6Words = std::array<unsigned, 8>;

Ip6Words words_of(const Address& address) noexcept {
  Ip6Words words{};
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = unsigned{address.bytes[2 * i]} << 8 | address.bytes[2 * i + 1];
  return words;
}

struct Zeros {
  std::size_t begin;
  std::size_t size;
};

// The first of the longest runs of two or more; else one that begins nowhere.
Zeros longest_zeros(const Ip6Words& words) noexcept {
  Zeros longest{words.size() + 1, 1};
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t end = i;
    while (end < words.size() && words[end] == 0) ++end;
    if (end - i > longest.size) longest = {i, end - i};
  }
  return longest;
}

std::size_t escape_size(const Character& character, Escapes escapes) noexcept {
  if (escapes == Escapes::bytes) return std::size_t{4} * character.size_bytes;
  return character.code > 0xffff ? 12 : 6;
}

}  // namespace

void LineText::put(std::string_view text) noexcept {
  DUET_ASSERT(text.size() <= static_cast<std::size_t>(end_ - at_));
  std::memcpy(at_, text.data(), text.size());
  at_ += text.size();
}

void LineText::put_number(std::uint64_t value, int base) noexcept {
  auto [end, error] = std::to_chars(at_, end_, value, base);
  DUET_ASSERT(error == std::errc());
  at_ = end;
}

void LineText::put_digits(unsigned value, int digits) noexcept {
  DUET_ASSERT(digits <= end_ - at_);
  for (int i = digits; i-- > 0; value /= 10) at_[i] = static_cast<char>('0' + value % 10);
  at_ += digits;
}

void LineText::put_hex(std::uint64_t value, int digits) noexcept {
  DUET_ASSERT(digits <= end_ - at_);
  for (int i = digits; i-- > 0; value >>= 4) at_[i] = "0123456789abcdef"[value & 0xf];
  at_ += digits;
}

void LineText::put_escape(std::string_view bytes, char32_t code, Escapes escapes) noexcept {
  if (escapes == Escapes::bytes) {
    for (char byte : bytes) {
      put("\\x");
      put_hex(static_cast<unsigned char>(byte), 2);
    }
    return;
  }
  if (code > 0xffff) {  // two surrogates, RFC 8259 §7
    const char32_t beyond = code - 0x10000;
    put("\\u");
    put_hex(0xd800 + (beyond >> 10), 4);
    code = 0xdc00 + (beyond & 0x3ff);
  }
  put("\\u");
  put_hex(code, 4);
}

void LineText::put_escaped(std::string_view text, std::size_t size_max, Escapes escapes) noexcept {
  const char* const limit = at_ + (size_max - cut_mark.size());
  while (!text.empty()) {
    const auto room = static_cast<std::size_t>(limit - at_);
    const std::size_t plain = plain_size(text.substr(0, room + 1));
    put(text.substr(0, std::min(plain, room)));
    if (plain > room) return put(cut_mark);
    text.remove_prefix(plain);
    if (text.empty()) return;

    const Character character = first_character(text);
    const bool stays = character.code >= 0x80 && character.is_valid && is_visible(character.code);
    const std::size_t size = stays ? character.size_bytes : escape_size(character, escapes);
    if (size > static_cast<std::size_t>(limit - at_)) return put(cut_mark);
    const std::string_view bytes = text.substr(0, character.size_bytes);
    if (stays)
      put(bytes);
    else
      put_escape(bytes, character.code, escapes);
    text.remove_prefix(bytes.size());
  }
}

void LineText::put_ip4(const Address& address) noexcept {
  put_dotted(std::span(address.bytes).first<4>());
}

void LineText::put_dotted(std::span<const std::uint8_t, 4> bytes) noexcept {
  put_number(bytes[0]);
  for (std::uint8_t byte : bytes.subspan<1>()) {
    put(".");
    put_number(byte);
  }
}

void LineText::put_ip6(const Address& address) noexcept {
  const Ip6Words words = words_of(address);
  const Zeros zeros = longest_zeros(words);
  const bool is_mapped = zeros.begin == 0 && zeros.size == 5 && words[5] == 0xffff;
  const bool ends_dotted = is_mapped || (zeros.begin == 0 && zeros.size == 6);
  const std::size_t hex_words = ends_dotted ? 6 : 8;
  for (std::size_t i = 0; i < hex_words;) {
    if (i == zeros.begin) {
      put("::");
      i += zeros.size;
      continue;
    }
    if (i > 0 && i != zeros.begin + zeros.size) put(":");
    put_number(words[i++], 16);
  }
  if (is_mapped) put(":");
  if (ends_dotted) put_dotted(std::span(address.bytes).last<4>());
  if (address.scope == 0) return;
  put("%");
  put_number(address.scope);
}

}  // namespace duet::http

#pragma once
// Text put together in memory of a fixed size, with what comes from outside escaped and cut. The
// caller has made sure that all limits together fit. Used by one thread, no errors.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "duet/sys/address.hpp"

namespace duet::http {

// How a character is escaped that may not stand in a line as it is: a control character, '"', '\',
// one that is invisible or changes the direction of writing, and a byte that is not UTF-8.
enum class Escapes : bool {
  bytes,  // each of its bytes as \xHH
  json,   // its number as \uHHHH, beyond U+FFFF as a surrogate pair; a byte that is not UTF-8:
          // \u00HH
};

class LineText {
 public:
  explicit LineText(std::span<char> memory) noexcept
      : begin_(memory.data()), at_(begin_), end_(begin_ + memory.size()) {}

  void put(std::string_view text) noexcept;
  void put_number(std::uint64_t value, int base = 10) noexcept;
  void put_digits(unsigned value, int digits) noexcept;  // with leading zeros
  void put_ip4(const Address& address) noexcept;
  void put_ip6(const Address& address) noexcept;  // as RFC 5952 wants it

  // At most `size_max` bytes; what does not fit ends in "...", between two characters.
  void put_escaped(std::string_view text, std::size_t size_max, Escapes escapes) noexcept;

  std::string_view text() const noexcept { return {begin_, at_}; }

 private:
  void put_dotted(std::span<const std::uint8_t, 4> bytes) noexcept;
  void put_hex(std::uint64_t value, int digits) noexcept;
  void put_escape(std::string_view bytes, char32_t code, Escapes escapes) noexcept;

  char* const begin_;
  char* at_;
  char* const end_;
};

}  // namespace duet::http

#pragma once
// Which bytes a Range asks for (RFC 9110 §14.1.2 and §14.2). A pure function: any thread, no
// allocation, no errors.
//
// A server may always answer with the whole instead. Here it does when the value is malformed or
// of another unit than bytes, when there are more ranges than `Ranges::cap`, and when two of them
// overlap: nobody needs that, and answering it multiplies the bytes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace duet::http {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive, and below the size of the whole

  std::uint64_t size() const noexcept { return last - first + 1; }
};

struct Ranges {
  static constexpr std::size_t cap = 16;

  enum class Verdict : unsigned char {
    ignored,        // answer 200 with the whole
    satisfiable,    // answer 206 with `parts`
    unsatisfiable,  // answer 416 with "Content-Range: bytes */SIZE"
  };

  Verdict verdict = Verdict::ignored;
  std::size_t count = 0;  // at least 1 if satisfiable
  std::array<ByteRange, cap> all{};

  // In the order they were asked for; those beyond the end are left out.
  std::span<const ByteRange> parts() const noexcept { return std::span(all).first(count); }
};

// `value` is that of Range; `size` is the whole's. A number beyond 64 bits counts as the greatest.
Ranges parse_ranges(std::string_view value, std::uint64_t size) noexcept;

}  // namespace duet::http

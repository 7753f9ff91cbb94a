#include "duet/http/ranges.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "duet/http/message_head.hpp"
#include "http/characters.hpp"

namespace duet::http {
namespace {

// All digits; a number beyond 64 bits is as good as the greatest, since no size is greater.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
  constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (!is_digit(c)) return std::nullopt;
    auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (greatest - digit) / 10 ? greatest : value * 10 + digit;
  }
  return value;
}

// What one member of the list asks for.
struct Asked {
  enum class Kind : unsigned char { malformed, part, beyond_end, all_of_nothing };

  Kind kind = Kind::malformed;
  ByteRange range = {};
};

Asked parse_suffix(std::string_view digits, std::uint64_t size) noexcept {
  std::optional<std::uint64_t> length = parse_position(digits);
  if (!length) return {};
  if (*length == 0) return {Asked::Kind::beyond_end};
  if (size == 0) return {Asked::Kind::all_of_nothing};
  return {Asked::Kind::part, {.first = size - std::min(*length, size), .last = size - 1}};
}

Asked parse_range(std::string_view text, std::uint64_t size) noexcept {
  std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  std::string_view digits_of_last = text.substr(dash + 1);
  if (dash == 0) return parse_suffix(digits_of_last, size);
  std::optional<std::uint64_t> first = parse_position(text.substr(0, dash));
  std::optional<std::uint64_t> last = parse_position(digits_of_last);
  if (digits_of_last.empty()) last = std::numeric_limits<std::uint64_t>::max();
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {Asked::Kind::beyond_end};
  return {Asked::Kind::part, {.first = *first, .last = std::min(*last, size - 1)}};
}

// False if the whole has to be sent because of it.
bool add(Asked asked, Ranges& ranges) noexcept {
  if (asked.kind == Asked::Kind::beyond_end) return true;
  if (asked.kind != Asked::Kind::part) return false;
  for (ByteRange other : ranges.parts())
    if (asked.range.first <= other.last && other.first <= asked.range.last) return false;
  ranges.all[ranges.count++] = asked.range;
  return true;
}

}  // namespace

Ranges parse_ranges(std::string_view value, std::uint64_t size) noexcept {
  constexpr std::string_view unit = "bytes=";
  constexpr Ranges ignored;
  if (!equals_ignoring_case(value.substr(0, unit.size()), unit)) return ignored;
  Ranges ranges;
  std::size_t asked_for = 0;
  for (std::string_view list = value.substr(unit.size()); !list.empty();) {
    std::size_t member_size = std::min(list.find(','), list.size());
    std::string_view member = trim(list.substr(0, member_size));
    list.remove_prefix(std::min(member_size + 1, list.size()));
    if (member.empty()) continue;
    if (++asked_for > Ranges::cap) return ignored;
    if (!add(parse_range(member, size), ranges)) return ignored;
  }
  if (asked_for == 0) return ignored;
  bool is_any = ranges.count > 0;
  ranges.verdict = is_any ? Ranges::Verdict::satisfiable : Ranges::Verdict::unsatisfiable;
  return ranges;
}

}  // namespace duet::http

// parse_ranges on a value of Range, of a whole whose size the first eight bytes say: what it gives
// lies within the whole, in order and apart, and is what a slow reading of the value gives.

#include "duet/http/ranges.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cuts.hpp"

namespace duet::http {
namespace {

using Wide = unsigned __int128;
using Verdict = Ranges::Verdict;

// Beyond 64 bits all numbers count as the greatest, since no size is there.
std::optional<Wide> number(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  Wide value = 0;
  for (char c : text) value = std::min<Wide>(value * 10 + (c - '0'), UINT64_MAX);
  return value;
}

struct Reference {
  Verdict verdict = Verdict::ignored;
  std::vector<std::pair<Wide, Wide>> parts;  // first, behind the last
};

std::string trimmed(std::string text) {
  constexpr const char* blanks = " \t";
  text.erase(0, std::min(text.find_first_not_of(blanks), text.size()));
  text.erase(text.find_last_not_of(blanks) + 1);
  return text;
}

// False if the range is malformed, or is of a suffix of nothing.
bool add_range(const std::string& text, Wide size, Reference& reference) {
  std::size_t dash = text.find('-');
  if (dash == text.npos) return false;
  std::optional<Wide> first = number(text.substr(0, dash));
  std::optional<Wide> last = number(text.substr(dash + 1));
  bool is_open = dash + 1 == text.size();
  if (dash == 0) {
    if (!last || (*last > 0 && size == 0)) return false;
    if (*last > 0) reference.parts.emplace_back(size - std::min(*last, size), size);
    return true;
  }
  if (!first || (!last && !is_open) || (last && *last < *first)) return false;
  Wide behind = is_open ? size : std::min(*last + 1, size);
  if (*first < size) reference.parts.emplace_back(*first, behind);
  return true;
}

Reference parse_slowly(std::string value, Wide size) {
  std::string unit = value.substr(0, 6);
  std::ranges::transform(unit, unit.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (unit != "bytes=") return {};
  value += ',';
  Reference reference;
  std::size_t count = 0;
  for (std::size_t begin = 6; begin < value.size(); begin = value.find(',', begin) + 1) {
    std::string member = trimmed(value.substr(begin, value.find(',', begin) - begin));
    if (member.empty()) continue;
    if (!add_range(member, size, reference) || ++count > Ranges::cap) return {};
  }
  auto sorted = reference.parts;
  std::ranges::sort(sorted);
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].first < sorted[i - 1].second) return {};
  if (count == 0) return {};
  reference.verdict = sorted.empty() ? Verdict::unsatisfiable : Verdict::satisfiable;
  return reference;
}

}  // namespace
}  // namespace duet::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duet::http;
  std::uint64_t whole = 0;
  if (size < sizeof whole) return 0;
  std::memcpy(&whole, data, sizeof whole);
  if (whole % 4 != 0) whole %= 1000;  // small ones are more telling
  const std::string value(reinterpret_cast<const char*>(data) + sizeof whole, size - sizeof whole);

  const Ranges ranges = parse_ranges(value, whole);
  const Reference reference = parse_slowly(value, whole);
  if (ranges.verdict != reference.verdict) fail("another verdict", value);
  if (ranges.verdict != Verdict::satisfiable) return 0;
  if (ranges.parts().size() != reference.parts.size()) fail("another number of ranges", value);
  for (std::size_t i = 0; i < ranges.count; ++i) {
    ByteRange range = ranges.parts()[i];
    if (range.first > range.last || range.last >= whole) fail("a range beyond the whole", value);
    if (range.first != reference.parts[i].first || range.last + 1 != reference.parts[i].second)
      fail("another range", value);
  }
  return 0;
}

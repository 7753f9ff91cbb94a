#include "duet/http/message_head.hpp"

#include "http/characters.hpp"

namespace duet::http {

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::optional<std::string_view> MessageHead::field(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < field_count_; ++i)
    if (equals_ignoring_case(view(fields_[i].name), name)) return view(fields_[i].value);
  return std::nullopt;
}

}  // namespace duet::http

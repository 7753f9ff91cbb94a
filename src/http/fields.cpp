#include "http/fields.hpp"

#include "http/characters.hpp"

namespace duet::http {

Rejection bad_field_name(std::size_t name_size, char next) noexcept {
  if (next == '\r') return {400, "field without colon"};
  if (name_size == 0 && is_blank(next)) return {400, "folded field"};
  if (name_size == 0 && next == ':') return {400, "empty field name"};
  if (is_blank(next)) return {400, "space in or after a field name"};
  return {400, "invalid character in a field name"};
}

FieldCount count_fields(const MessageHead& head, std::string_view name) noexcept {
  FieldCount found;
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    Field field = head.field_at(i);
    if (!equals_ignoring_case(field.name, name)) continue;
    found.value = field.value;
    ++found.count;
  }
  return found;
}

}  // namespace duet::http

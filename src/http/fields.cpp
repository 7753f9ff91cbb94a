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

}  // namespace duet::http

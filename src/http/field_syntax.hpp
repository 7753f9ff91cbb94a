#pragma once
// What a field that we send may look like (RFC 9110 §5.1, §5.5).

#include <initializer_list>
#include <string_view>

#include "http/fields.hpp"

namespace duet::http {

inline bool is_field_name(std::string_view text) noexcept { return is_token_text(text); }

inline bool is_field_value(std::string_view text) noexcept {
  if (text.empty()) return true;
  return !is_blank(text.front()) && !is_blank(text.back()) && find_control(text, 0) == text.size();
}

// Throws std::invalid_argument for fields that the connection writes by itself.
void refuse_framing(std::string_view name);

void refuse_fields(std::string_view name, std::initializer_list<std::string_view> reserved);

}  // namespace duet::http

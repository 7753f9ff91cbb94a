#pragma once
// The syntax of field lines (RFC 9112 §5) and lists (RFC 9110 §5.6.1), for whoever reads fields: of
// a request, of a response, of a chunked body's trailers. Pure functions.

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "duet/http/message_parser.hpp"
#include "http/characters.hpp"

namespace duet::http {

// Why a line is refused whose first `name_size` bytes are a token and whose next byte is neither
// one of a token nor the colon behind a name; `next` is CR for the line's end.
Rejection bad_field_name(std::size_t name_size, char next) noexcept;

inline bool is_token_text(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_token);
}

struct FieldCount {
  std::size_t count = 0;
  std::string_view value = {};  // of the last
};

// How many fields of that name there are: of one that is no list only a single one means anything.
FieldCount count_fields(const MessageHead& head, std::string_view name) noexcept;

// Calls `visit` with each member of a comma-separated list, trimmed, empty ones included.
template <typename Visit>
void for_each_member(std::string_view list, Visit visit) {
  for (;;) {
    std::size_t comma = list.find(',');
    visit(trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace duet::http

// The fields of a head: their syntax (RFC 9112 §5) and the three that decide, in requests and
// responses alike, where a body ends and whether the connection goes on. Whatever makes two readers
// disagree about that is refused.

#include <limits>

#include "duet/http/message_parser.hpp"
#include "http/characters.hpp"
#include "http/fields.hpp"

namespace duet::http {
namespace {

// A list of tokens, more than one, of which the last and no other is "chunked": valid, but with
// more codings than duet undoes.
bool is_chunked_over_others(std::string_view list) noexcept {
  std::size_t members = 0;
  std::size_t chunked = 0;
  bool is_valid = true;
  bool ends_chunked = false;
  for_each_member(list, [&](std::string_view coding) {
    ++members;
    is_valid = is_valid && is_token_text(coding);
    ends_chunked = equals_ignoring_case(coding, "chunked");
    chunked += ends_chunked ? 1 : 0;
  });
  return is_valid && ends_chunked && chunked == 1 && members > 1;
}

// Fields to leave out: who maps '_' to '-' further on, as CGI does, would take them for the real
// ones.
bool is_framing_with_underscore(std::string_view name) noexcept {
  if (name.size() == 14) return equals_ignoring_case(name, "content_length");
  return name.size() == 17 && equals_ignoring_case(name, "transfer_encoding");
}

}  // namespace

Rejection MessageParser::accept_field(std::string_view line, MessageHead& head,
                                      FieldLine& out) noexcept {
  if (++lines_ > limits_.fields_max) return {431, "too many fields"};
  std::size_t name_size = 0;
  while (name_size < line.size() && is_token(line[name_size])) ++name_size;
  char next = name_size == line.size() ? '\r' : line[name_size];
  if (name_size == 0 || next != ':') return bad_field_name(name_size, next);
  std::string_view name = line.substr(0, name_size);
  std::string_view raw_value = line.substr(name_size + 1);
  if (is_framing_with_underscore(name)) return {};
  out = {.field = {.name = name, .value = trim(raw_value)}, .raw_value = raw_value};
  head.fields_[head.field_count_++] = {.name = head.slice(name),
                                       .value = head.slice(out.field.value)};
  return {};
}

Rejection MessageParser::accept_framing(const FieldLine& line, MessageHead& head) noexcept {
  const auto& [name, value] = line.field;
  switch (name.size()) {
    case 10:
      if (equals_ignoring_case(name, "connection")) accept_connection_options(value);
      break;
    case 14:
      if (equals_ignoring_case(name, "content-length")) return accept_content_length(value, head);
      break;
    case 17:
      if (equals_ignoring_case(name, "transfer-encoding"))
        return accept_transfer_encoding(line.raw_value, head);
      break;
    default: break;
  }
  return {};
}

// Digits alone: a sign, a list, even of equal numbers, or a space inside is refused.
Rejection MessageParser::accept_content_length(std::string_view value, MessageHead& head) noexcept {
  if (has_content_length_) return {400, "more than one Content-Length"};
  has_content_length_ = true;
  constexpr std::uint64_t length_max = std::numeric_limits<std::int64_t>::max();
  std::uint64_t length = 0;
  for (char c : value) {
    if (!is_digit(c)) return {400, "malformed Content-Length"};
    auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (length_max - digit) / 10) return {400, "Content-Length is too large"};
    length = length * 10 + digit;
  }
  if (value.empty()) return {400, "malformed Content-Length"};
  head.content_length_ = length;
  head.framing_ = Framing::length;
  return {};
}

// Only the usual spelling, at most one space before it: odd white space here has no honest sender.
Rejection MessageParser::accept_transfer_encoding(std::string_view raw_value,
                                                  MessageHead& head) noexcept {
  if (has_transfer_encoding_) return {400, "more than one Transfer-Encoding"};
  has_transfer_encoding_ = true;
  if (raw_value.starts_with(' ')) raw_value.remove_prefix(1);
  if (equals_ignoring_case(raw_value, "chunked")) {
    head.framing_ = Framing::chunked;
    return {};
  }
  if (is_chunked_over_others(raw_value)) return {501, "transfer coding is not supported"};
  return {400, "malformed Transfer-Encoding"};
}

// Only these two options: no field is removed because Connection names it.
void MessageParser::accept_connection_options(std::string_view value) noexcept {
  for_each_member(value, [this](std::string_view option) {
    if (equals_ignoring_case(option, "close")) says_close_ = true;
    if (equals_ignoring_case(option, "keep-alive")) says_keep_alive_ = true;
  });
}

// What can only be judged when all fields are known.
Rejection MessageParser::finish(MessageHead& head) noexcept {
  bool is_old = head.version_minor_ == 0;
  if (has_transfer_encoding_ && has_content_length_)
    return {400, "both Transfer-Encoding and Content-Length"};
  if (has_transfer_encoding_ && is_old) return {400, "Transfer-Encoding in HTTP/1.0"};
  head.keep_alive_ = !says_close_ && (!is_old || says_keep_alive_);
  return {};
}

}  // namespace duet::http

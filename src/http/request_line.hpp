#pragma once
// The request line (RFC 9112 §3) and the authority of a target or Host (RFC 3986 §3.2). Pure
// functions on one line: the views they give point into it.

#include <cstdint>
#include <string_view>

#include "duet/http/message_parser.hpp"
#include "duet/http/request_head.hpp"

namespace duet::http {

struct RequestLine {
  Method method = Method::other;
  TargetForm form = TargetForm::origin;
  std::uint8_t version_minor = 1;
  std::string_view target;
  std::string_view authority;
  std::string_view path_and_query;
};

// The first `method_size` bytes of `line` are known to be a token, and a space follows.
Rejection parse_request_line(std::string_view line, std::size_t method_size,
                             RequestLine& out) noexcept;

enum class Port : unsigned char { optional, required };

// host [":" port], without user information. A name is refused that holds a comma, which RFC 3986
// allows but which also joins two Host fields into one.
bool is_authority(std::string_view text, Port port) noexcept;

// Method::other for a name that is none of the table's.
Method method_of(std::string_view token) noexcept;

}  // namespace duet::http

#pragma once
// What a RequestParser makes of bytes, as text.

#include <string>

#include <fmt/format.h>

#include "duet/http/request_parser.hpp"
#include "http/feeding.hpp"

namespace duet::http {

inline std::string describe(const RequestHead& head) {
  std::string framing = head.framing() == Framing::chunked ? "chunked"
                        : head.framing() == Framing::length
                            ? fmt::format("length {}", head.content_length())
                            : "no body";
  return fmt::format("{} {} of {}, 1.{}, {}, {}{}", head.method_token(), head.path_and_query(),
                     head.authority(), head.version_minor(), head.keep_alive() ? "keep" : "close",
                     framing, head.expects_continue() ? ", continue" : "");
}

// "incomplete", "400" or the like, or the head.
inline std::string outcome(const ParseResult& result, const RequestParser& parser) {
  if (result.state == ParseResult::State::incomplete) return "incomplete";
  if (result.state == ParseResult::State::rejected)
    return fmt::format("{}", result.rejection.status);
  return describe(parser.head());
}

// The outcome with everything that could differ between two ways of feeding.
inline std::string whole_outcome(const ParseResult& result, const RequestParser& parser) {
  std::string text = fmt::format("{} | {} | {}", outcome(result, parser), result.consumed,
                                 result.rejection.reason);
  if (result.state != ParseResult::State::complete) return text;
  const RequestHead& head = parser.head();
  text += fmt::format(" | {} | {} | {} | {}", head.request_line(), head.target(),
                      static_cast<int>(head.method()), static_cast<int>(head.target_form()));
  for (std::size_t i = 0; i < head.field_count(); ++i)
    text += fmt::format(" | {}: {}", head.field_at(i).name, head.field_at(i).value);
  return text;
}

}  // namespace duet::http

#pragma once
// Ways to hand bytes to a RequestParser, and its outcome as text. Every call gets a copy of exactly
// the bytes that have come, at another address, so that a sanitizer sees a read beyond them and a
// view kept from an earlier call.

#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "duet/http/request_parser.hpp"

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

class Feeder {
 public:
  explicit Feeder(std::string_view bytes, Limits limits = {}) : bytes_(bytes), parser_(limits) {}

  // Hands over the first `size` bytes.
  ParseResult feed(std::size_t size) {
    auto copy = std::make_unique<char[]>(size);
    bytes_.copy(copy.get(), size);
    ParseResult result = parser_.parse({copy.get(), size});
    copy_ = std::move(copy);
    return result;
  }

  std::string feed_split(std::size_t at) {
    feed(at);
    return whole_outcome(feed(bytes_.size()), parser_);
  }

  // Hands over one byte more each time; of long rows, see split_after, some more.
  std::string feed_in_steps() {
    for (std::size_t size = 0;; size = split_after(size)) {
      ParseResult result = feed(size);
      if (result.state != ParseResult::State::incomplete || size == bytes_.size())
        return whole_outcome(result, parser_);
    }
  }

  // The point to split at after `at`: the next byte, but in the middle of long rows, far from where
  // the limits are, a later one.
  std::size_t split_after(std::size_t at) const {
    bool is_far = bytes_.size() > 4096 && at > 64 && at + 128 < bytes_.size();
    return at + (is_far ? 61 : 1);
  }

  const RequestParser& parser() const { return parser_; }

 private:
  std::string_view bytes_;
  RequestParser parser_;
  std::unique_ptr<char[]> copy_;
};

}  // namespace duet::http

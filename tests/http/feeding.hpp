#pragma once
// Ways to hand bytes to a parser of heads. Every call gets a copy of exactly the bytes that have
// come, at another address, so that a sanitizer sees a read beyond them and a view kept from an
// earlier call.

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "duet/http/message_parser.hpp"

namespace duet::http {

// Needs whole_outcome(ParseResult, const Parser&).
template <typename Parser>
class Feeder {
 public:
  explicit Feeder(std::string_view bytes, Parser parser = Parser())
      : bytes_(bytes), parser_(parser) {}

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

  const Parser& parser() const { return parser_; }

 private:
  std::string_view bytes_;
  Parser parser_;
  std::unique_ptr<char[]> copy_;
};

// That the outcome of `bytes` is the same whole, byte by byte and split at every point.
template <typename Parser>
void expect_the_same_however_split(const std::string& bytes, const Parser& parser = Parser()) {
  Feeder<Parser> feeder(bytes, parser);
  const std::string whole = whole_outcome(feeder.feed(bytes.size()), feeder.parser());
  EXPECT_EQ(Feeder<Parser>(bytes, parser).feed_in_steps(), whole);
  for (std::size_t at = 0; at < bytes.size(); at = feeder.split_after(at))
    ASSERT_EQ(Feeder<Parser>(bytes, parser).feed_split(at), whole) << "split at " << at;
}

}  // namespace duet::http

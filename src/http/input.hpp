#pragma once
// The bytes of a connection that have come and are not used up, in one piece for the parser. While
// a request is handled its head is held where it is, and the body passes behind it:
//
//   | used up | head, held | body, taken | body or next requests | room |

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "duet/base/assert.hpp"

namespace duet::http {

// Begins small, since most heads are, and grows up to `head_bytes_max` and a piece of a body.
class Input {
 public:
  explicit Input(std::size_t head_bytes_max) : bytes_max_(head_bytes_max + body_room) {
    grow(first_bytes);
  }

  // From the beginning of the request that is being read.
  std::string_view text() const noexcept { return {data_.get() + begin_, end_ - begin_}; }

  // Where the next bytes go; never empty while what is there is shorter than a head may be, or all
  // of the body has been taken.
  std::span<std::byte> room() {
    if (end_ == size_ && at_ > held_) move(at_, held_);
    if (end_ == size_ && held_ == begin_ && begin_ > 0) move(begin_, 0);
    if (end_ == size_) grow(std::min(size_ * 2, bytes_max_));
    return std::as_writable_bytes(std::span(data_.get() + end_, size_ - end_));
  }
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  // The first bytes of the text are a head, which stays in place until it is dropped; what follows
  // is body. With `has_more` there will be room for it.
  void hold(std::size_t head_bytes, bool has_more) {
    at_ = held_ = begin_ + head_bytes;
    if (has_more && size_ - held_ < body_room) grow(held_ + body_room);
  }
  std::string_view body() const noexcept { return {data_.get() + at_, end_ - at_}; }
  void take(std::size_t bytes) noexcept {
    at_ += bytes;
    if (at_ == end_) at_ = end_ = held_;
  }
  void drop_head() noexcept {
    begin_ = held_ = at_;
    if (begin_ == end_) begin_ = held_ = at_ = end_ = 0;
  }

 private:
  static constexpr std::size_t first_bytes = 4096;
  static constexpr std::size_t body_room = 4096;

  // Moves what begins at `from` down to `to`, and the marks with it.
  void move(std::size_t from, std::size_t to) noexcept {
    std::memmove(data_.get() + to, data_.get() + from, end_ - from);
    at_ -= from - to;
    end_ -= from - to;
    if (to < held_) begin_ = held_ = to;
  }

  void grow(std::size_t bytes) {
    DUET_ASSERT(bytes > size_);
    auto larger = std::make_unique_for_overwrite<char[]>(bytes);
    if (end_ > 0) std::memcpy(larger.get(), data_.get(), end_);
    data_ = std::move(larger);
    size_ = bytes;
  }

  const std::size_t bytes_max_;
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t held_ = 0;  // the end of the head
  std::size_t at_ = 0;    // the beginning of what has not been taken
  std::size_t end_ = 0;
};

}  // namespace duet::http

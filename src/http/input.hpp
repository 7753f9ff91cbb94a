#pragma once
// The bytes of a connection that have come and are not used up, in one piece for the parser.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace duet::http {

// Begins small, since most heads are, and grows up to `bytes_max`, which must have room for a whole
// head.
class Input {
 public:
  explicit Input(std::size_t bytes_max) : bytes_max_(bytes_max) { grow(first_bytes); }

  std::string_view text() const noexcept { return {data_.get() + begin_, end_ - begin_}; }

  // Where the next bytes go; never empty while what is there is shorter than a head may be.
  std::span<std::byte> room() {
    if (end_ == size_ && begin_ > 0) move_to_front();
    if (end_ == size_) grow(std::min(size_ * 2, bytes_max_ + 1));
    return std::as_writable_bytes(std::span(data_.get() + end_, size_ - end_));
  }
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  void consume(std::size_t bytes) noexcept {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }

 private:
  static constexpr std::size_t first_bytes = 4096;

  void move_to_front() noexcept {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }

  void grow(std::size_t bytes) {
    auto larger = std::make_unique_for_overwrite<char[]>(bytes);
    if (end_ > 0) std::memcpy(larger.get(), data_.get(), end_);
    data_ = std::move(larger);
    size_ = bytes;
  }

  const std::size_t bytes_max_;
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace duet::http

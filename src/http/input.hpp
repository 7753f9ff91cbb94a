#pragma once
// The bytes of a connection that have come and are not used up, in one piece for the parser. While
// a request is handled its head is held where it is, and the body passes behind it:
//
//   | used up | head, held | body, taken | body or next requests | room |
//
// The memory is one of the loop's buffers: at first the one that the bytes were received into,
// which may be the kernel's and is not kept while more has to be waited for. An empty Input needs
// none.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "duet/base/assert.hpp"
#include "duet/io/buffer_pool.hpp"

namespace duet::http {

// Grows up to `head_bytes_max` and a piece of a body.
class Input {
 public:
  Input(BufferPool& buffers, std::size_t head_bytes_max)
      : buffers_(buffers), bytes_max_(head_bytes_max + body_room) {}

  bool is_empty() const noexcept { return begin_ == end_; }

  // From the beginning of the request that is being read.
  std::string_view text() const noexcept { return {data_ + begin_, end_ - begin_}; }

  // Takes what was received. Only when empty.
  void put(Lease received) noexcept {
    DUET_ASSERT(is_empty());
    lease_ = std::move(received);
    is_received_ = true;
    use(lease_.memory().data(), lease_.bytes().size());
    begin_ = held_ = at_ = 0;
    end_ = size_;
  }

  // Gives the memory back when nothing is in it.
  void rest() noexcept {
    if (!is_empty()) return;
    lease_ = Lease();
    large_.reset();
    is_received_ = false;
    use(nullptr, 0);
    begin_ = held_ = at_ = end_ = 0;
  }

  // Where the next bytes go; never empty while what is there is shorter than a head may be, or all
  // of the body has been taken. What is in the input may be moved, unless it is held.
  std::span<std::byte> room() {
    if (end_ == size_ && at_ > held_) move(at_, held_);
    if (end_ == size_ && held_ == begin_ && begin_ > 0) move(begin_, 0);
    if (is_received_ || data_ == nullptr) keep(end_ + 1);
    if (end_ == size_) keep(std::min(size_ * 2, bytes_max_));
    return std::as_writable_bytes(std::span(data_ + end_, size_ - end_));
  }
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  // The first bytes of the text are a head, which stays in place until it is dropped; what follows
  // is body. With `has_more` there will be room for it. True if the head was moved for that.
  bool hold(std::size_t head_bytes, bool has_more) {
    at_ = held_ = begin_ + head_bytes;
    if (!has_more || (!is_received_ && size_ - held_ >= body_room)) return false;
    keep(std::max(held_ + body_room, end_));
    return true;
  }
  std::string_view body() const noexcept { return {data_ + at_, end_ - at_}; }
  void take(std::size_t bytes) noexcept {
    at_ += bytes;
    if (at_ == end_) at_ = end_ = held_;
  }
  void drop_head() noexcept {
    begin_ = held_ = at_;
    if (begin_ == end_) begin_ = held_ = at_ = end_ = 0;
  }

 private:
  static constexpr std::size_t body_room = 4096;

  void use(std::byte* memory, std::size_t bytes) noexcept {
    data_ = reinterpret_cast<char*>(memory);
    size_ = bytes;
  }

  // Moves what begins at `from` down to `to`, and the marks with it.
  void move(std::size_t from, std::size_t to) noexcept {
    std::memmove(data_ + to, data_ + from, end_ - from);
    at_ -= from - to;
    end_ -= from - to;
    if (to < held_) begin_ = held_ = to;
  }

  // Goes on in memory that may be kept, with room for that many bytes at least.
  void keep(std::size_t bytes) {
    Lease lease;
    std::unique_ptr<std::byte[]> large;
    std::span<std::byte> memory;
    if (bytes <= BufferPool::buffer_bytes) {
      lease = buffers_.lease();
      memory = lease.memory();
    } else {
      large = std::make_unique_for_overwrite<std::byte[]>(bytes);
      memory = {large.get(), bytes};
    }
    if (end_ > 0) std::memcpy(memory.data(), data_, end_);
    lease_ = std::move(lease);
    large_ = std::move(large);
    is_received_ = false;
    use(memory.data(), memory.size());
  }

  BufferPool& buffers_;
  const std::size_t bytes_max_;
  Lease lease_;
  std::unique_ptr<std::byte[]> large_;  // beyond one buffer
  bool is_received_ = false;            // the lease is of a receive
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t held_ = 0;  // the end of the head
  std::size_t at_ = 0;    // the beginning of what has not been taken
  std::size_t end_ = 0;
};

}  // namespace duet::http

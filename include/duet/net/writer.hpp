#pragma once
// A Writer collects what is to be sent in a buffer of fixed size, so that many small pieces become
// one system call. Nothing is sent, and nothing reported, before flush(). The buffer is one of the
// loop's, taken by the first that writes and given back by rest(). A writer belongs to the task
// that writes to the stream, which outlives it.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "duet/net/stream.hpp"

namespace duet {

class Writer {
 public:
  static constexpr std::size_t default_bytes = BufferPool::buffer_bytes;

  // `buffer_bytes` is at most the default. `flush_time` is what the peer has for taking a buffer's
  // worth: then Errc::timed_out.
  explicit Writer(Stream& to, std::size_t buffer_bytes = default_bytes,
                  Delay flush_time = Duration::max())
      : stream_(to), flush_time_(flush_time), size_bytes_(std::min(buffer_bytes, default_bytes)) {}

  // Where the next bytes go; commit says how many were put there. Throws std::bad_alloc.
  std::span<std::byte> room() {
    if (!buffer_) buffer_ = stream_.loop().buffers().lease();
    return buffer_.memory().first(size_bytes_).subspan(used_bytes_);
  }
  void commit(std::size_t bytes) noexcept {
    DUET_ASSERT(bytes <= size_bytes_ - used_bytes_);
    used_bytes_ += bytes;
  }

  // Where the next byte goes, counted from the first one that was ever collected.
  std::uint64_t position() const noexcept { return passed_on_bytes_ + used_bytes_; }

  // Forgets what was collected behind the position; false if part of that is on its way.
  bool take_back(std::uint64_t position) noexcept {
    if (position < passed_on_bytes_) return false;
    used_bytes_ = static_cast<std::size_t>(position - passed_on_bytes_);
    return true;
  }

  bool is_empty() const noexcept { return used_bytes_ == 0; }

  // Copies the bytes, as long as there is room; more are sent from where they are.
  Task<> write(std::span<const std::byte> bytes);

  // Completes when the kernel has everything that was collected. To be awaited at once: the buffer
  // is in use until then. Fails like Stream::write_all, and then what was collected is gone.
  Wait<io::Send> flush() noexcept { return stream_.write_all(pass_on()).within(flush_time_); }

  // Gives the buffer back when nothing is in it: before waiting for what may take long.
  void rest() noexcept {
    if (is_empty()) buffer_ = Lease();
  }

 private:
  std::span<const std::byte> pass_on() noexcept {
    passed_on_bytes_ += used_bytes_;
    return buffer_.memory().first(std::exchange(used_bytes_, 0));
  }

  Stream& stream_;
  const Duration flush_time_;
  Lease buffer_;
  const std::size_t size_bytes_;
  std::size_t used_bytes_ = 0;
  std::uint64_t passed_on_bytes_ = 0;
};

}  // namespace duet

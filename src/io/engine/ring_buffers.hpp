#pragma once
// Buffers that the kernel takes from a ring shared with it when a receive completes
// (IORING_REGISTER_PBUF_RING, Linux 5.19), so that a receive in flight needs none. One loop's
// thread. Must be destroyed after the ring that it is registered with.

#include <array>
#include <cstdint>

#include "duet/io/buffer_pool.hpp"
#include "sys/ring.hpp"

namespace duet::io {

class RingBuffers final : public BufferOwner {
 public:
  static constexpr unsigned group = 0;
  static constexpr unsigned count = 64;  // a power of two

  // Buffers with bytes that nobody has taken yet, in the order in which they came.
  struct Queue {
    static constexpr std::uint8_t nothing = UINT8_MAX;
    std::uint8_t first = nothing;
    std::uint8_t last = nothing;

    bool is_empty() const noexcept { return first == nothing; }
    bool has_several() const noexcept { return first != last; }
  };

  // `leased` counts those that are out; it outlives this.
  RingBuffers(sys::Ring& ring, std::size_t& leased);
  RingBuffers(const RingBuffers&) = delete;
  RingBuffers& operator=(const RingBuffers&) = delete;
  ~RingBuffers();

  // Whether the kernel knows such buffers.
  bool is_usable() const noexcept { return is_usable_; }

  // The buffer that a completion names, with what was received; none if it names none, or one
  // without bytes.
  Lease named_by(const io_uring_cqe& completion) noexcept;

  void put(Queue& queue, const io_uring_cqe& completion) noexcept;
  Lease take(Queue& queue) noexcept;
  std::size_t copy(Queue& queue, std::span<std::byte> into) noexcept;  // and drops the bytes

  void give_back(std::byte* buffer) noexcept override;

 private:
  // What a buffer in a queue has: the bytes from `begin` to `end`.
  struct Arrival {
    std::uint16_t begin = 0;
    std::uint16_t end = 0;
    std::uint8_t next = Queue::nothing;
  };

  std::byte* buffer(unsigned number) const noexcept {
    return buffers_ + number * BufferPool::buffer_bytes;
  }
  std::uint8_t drop_first(Queue& queue) noexcept;
  void add(unsigned number) noexcept;

  io_uring_buf_ring* ring_ = nullptr;  // page-aligned, and the buffers behind it
  std::byte* buffers_ = nullptr;
  bool is_usable_ = false;
  std::size_t& leased_;
  std::array<Arrival, count> arrivals_{};  // by the buffer's number
};

static_assert(RingBuffers::count < RingBuffers::Queue::nothing);
static_assert(BufferPool::buffer_bytes <= UINT16_MAX);

}  // namespace duet::io

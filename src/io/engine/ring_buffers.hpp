#pragma once
// Buffers that the kernel takes from a ring shared with it when a receive completes
// (IORING_REGISTER_PBUF_RING, Linux 5.19), so that a receive in flight needs none. One loop's
// thread. Must be destroyed after the ring that it is registered with.

#include "duet/io/buffer_pool.hpp"
#include "sys/ring.hpp"

namespace duet::io {

class RingBuffers final : public BufferOwner {
 public:
  static constexpr unsigned group = 0;
  static constexpr unsigned count = 64;  // a power of two

  explicit RingBuffers(sys::Ring& ring);
  RingBuffers(const RingBuffers&) = delete;
  RingBuffers& operator=(const RingBuffers&) = delete;
  ~RingBuffers();

  // Whether the kernel knows such buffers.
  bool is_usable() const noexcept { return is_usable_; }

  // The buffer that a completion names, if it names one.
  std::byte* named_by(const io_uring_cqe& completion) noexcept;

  void give_back(std::byte* buffer) noexcept override;
  std::size_t leased() const noexcept { return leased_; }

 private:
  void add(unsigned number) noexcept;

  io_uring_buf_ring* ring_ = nullptr;  // page-aligned, and the buffers behind it
  std::byte* buffers_ = nullptr;
  bool is_usable_ = false;
  std::size_t leased_ = 0;
};

}  // namespace duet::io

// A ring of buffers from which the kernel takes one for each piece that it receives: IORING_OP_RECV
// with IOSQE_BUFFER_SELECT and group 0, io_uring_register_buf_ring(3). One thread, the ring's.
//
// 256 buffers of 16 KiB cost no more than 1024 of 2 KiB for short messages, and a quarter for
// messages of 16 KiB; with 64 of them, 1000 connections run out of buffers all the time.
#pragma once

#include <liburing.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "server.hpp"

namespace duet::bench {

class ProvidedBuffers {
 public:
  static constexpr unsigned count = 256;  // a power of two

  // Returns 0 or a negative errno.
  int register_with(io_uring& ring) {
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(ring_);
    registration.ring_entries = count;
    const int result = io_uring_register_buf_ring(&ring, &registration, 0);
    if (result < 0) return result;
    io_uring_buf_ring_init(ring_);
    for (unsigned id = 0; id < count; ++id) release(id);
    return 0;
  }

  const char* data(unsigned id) const { return data_[id].data(); }

  // Says that the kernel has filled one.
  void take() { --free_; }

  void release(unsigned id) {
    io_uring_buf_ring_add(ring_, data_[id].data(), buffer_bytes, static_cast<unsigned short>(id),
                          count - 1, released_++);
  }

  // Shows the kernel what was released since the last call; returns whether it has any buffer.
  bool give_back() {
    io_uring_buf_ring_advance(ring_, released_);
    free_ += std::exchange(released_, 0);
    return free_ > 0;
  }

 private:
  io_uring_buf_ring* const ring_ =
      static_cast<io_uring_buf_ring*>(std::aligned_alloc(4096, count * sizeof(io_uring_buf)));
  std::array<std::array<char, buffer_bytes>, count> data_{};
  int released_ = 0;
  int free_ = 0;
};

}  // namespace duet::bench

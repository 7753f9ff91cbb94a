#pragma once
// What a receive that stays armed (IORING_RECV_MULTISHOT, Linux 6.0) brings: the kernel's buffers,
// in the order in which they came, and behind them how the stream ended, until the handler asks.
// A part of the ring engine's slot, eight bytes of each idle connection.
//
// Armed, nothing else may receive from the stream, or bytes would change their order: what waits to
// read has no entry of its own in the ring and takes what arrives.

#include "duet/io/operation.hpp"
#include "io/engine/ring_buffers.hpp"

namespace duet::io {

struct Arrivals {
  RingBuffers::Queue queue;
  std::uint8_t leases = 0;  // asked for in a row, without another way of reading between them
  bool is_armed : 1 = false;
  bool is_told_to_end : 1 = false;
  bool has_end : 1 = false;
  std::int32_t end = 0;  // 0, or a negated errno

  bool has_news() const noexcept { return !queue.is_empty() || has_end; }

  // Of the armed receive.
  void note(RingBuffers& buffers, const io_uring_cqe& completion);

  // Finishes what reads, if that has come, and enough of it.
  bool serve(RingBuffers& buffers, Operation& operation);

  void drop(RingBuffers& buffers);

 private:
  bool serve(RingBuffers& buffers, Receive& operation);
  bool serve(RingBuffers& buffers, ReceiveLease& operation);
  bool tell_end(Operation& operation, std::size_t transferred);
};

}  // namespace duet::io

#include "io/engine/arrivals.hpp"

#include <cerrno>

namespace duet::io {
namespace {

// What ends the receive and not the stream: told to, out of buffers, or (Linux before 6.0) unknown.
bool ends_receive_only(std::int32_t result) {
  switch (-result) {
    case ECANCELED:
    case EINTR:
    case EAGAIN:
    case ENOBUFS:
    case EINVAL: return true;
    default: return false;
  }
}

}  // namespace

void Arrivals::note(RingBuffers& buffers, const io_uring_cqe& completion) {
  if (completion.res > 0) {
    buffers.put(queue, completion);
  } else {
    buffers.named_by(completion);  // and goes back
    has_end = !ends_receive_only(completion.res);
    end = completion.res;
  }
  if ((completion.flags & IORING_CQE_F_MORE) != 0) return;
  is_armed = is_told_to_end = false;
  leases = 0;
}

bool Arrivals::serve(RingBuffers& buffers, Operation& operation) {
  if (!has_news()) return false;
  switch (operation.kind) {
    case Kind::receive: return serve(buffers, static_cast<Receive&>(operation));
    case Kind::receive_lease: return serve(buffers, static_cast<ReceiveLease&>(operation));
    case Kind::await_readable: operation.finish(0); return true;
    default: return false;
  }
}

bool Arrivals::serve(RingBuffers& buffers, Receive& operation) {
  std::span<std::byte> room = operation.buffer.subspan(operation.transferred);
  while (!queue.is_empty() && !room.empty()) {
    std::size_t count = buffers.copy(queue, room);
    operation.transferred += count;
    room = room.subspan(count);
  }
  if (room.empty() || (operation.transferred > 0 && !operation.whole)) {
    operation.finish(static_cast<std::int64_t>(operation.transferred));
    return true;
  }
  return has_end && tell_end(operation, operation.transferred);
}

bool Arrivals::serve(RingBuffers& buffers, ReceiveLease& operation) {
  if (queue.is_empty()) return tell_end(operation, 0);
  operation.lease = buffers.take(queue);
  operation.finish(static_cast<std::int64_t>(operation.lease.bytes().size()));
  return true;
}

// Once, as the kernel does with an error; whoever asks again asks the kernel.
bool Arrivals::tell_end(Operation& operation, std::size_t transferred) {
  has_end = false;
  operation.finish(end < 0 ? end : static_cast<std::int64_t>(transferred));
  return true;
}

void Arrivals::drop(RingBuffers& buffers) {
  while (!queue.is_empty()) buffers.take(queue);
}

}  // namespace duet::io

#include "io/engine/ring_buffers.hpp"

#include <new>

#include "duet/base/assert.hpp"

namespace duet::io {
namespace {

constexpr std::align_val_t page{4096};

}  // namespace

RingBuffers::RingBuffers(sys::Ring& ring) {
  constexpr std::size_t ring_bytes = count * sizeof(io_uring_buf);
  ring_ = static_cast<io_uring_buf_ring*>(::operator new(ring_bytes, page));
  io_uring_buf_ring_init(ring_);
  is_usable_ = ring.register_buffers(*ring_, count, group);
  if (!is_usable_) return;
  buffers_ = static_cast<std::byte*>(::operator new(count * BufferPool::buffer_bytes, page));
  for (unsigned number = 0; number < count; ++number) add(number);
}

RingBuffers::~RingBuffers() {
  DUET_ASSERT(leased_ == 0);
  if (buffers_ != nullptr) ::operator delete(buffers_, page);
  ::operator delete(ring_, page);
}

std::byte* RingBuffers::named_by(const io_uring_cqe& completion) noexcept {
  if ((completion.flags & IORING_CQE_F_BUFFER) == 0) return nullptr;
  ++leased_;
  return buffers_ + (completion.flags >> IORING_CQE_BUFFER_SHIFT) * BufferPool::buffer_bytes;
}

void RingBuffers::give_back(std::byte* buffer) noexcept {
  --leased_;
  add(static_cast<unsigned>(static_cast<std::size_t>(buffer - buffers_) /
                            BufferPool::buffer_bytes));
}

void RingBuffers::add(unsigned number) noexcept {
  io_uring_buf_ring_add(ring_, buffers_ + number * BufferPool::buffer_bytes,
                        BufferPool::buffer_bytes, static_cast<unsigned short>(number),
                        io_uring_buf_ring_mask(count), 0);
  io_uring_buf_ring_advance(ring_, 1);
}

}  // namespace duet::io

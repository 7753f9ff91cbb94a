#include "io/engine/ring_buffers.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "duet/base/assert.hpp"

namespace duet::io {
namespace {

constexpr std::align_val_t page{4096};

}  // namespace

RingBuffers::RingBuffers(sys::Ring& ring, std::size_t& leased) : leased_(leased) {
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

Lease RingBuffers::named_by(const io_uring_cqe& completion) noexcept {
  if ((completion.flags & IORING_CQE_F_BUFFER) == 0) return {};
  ++leased_;
  Lease lease(*this, buffer(completion.flags >> IORING_CQE_BUFFER_SHIFT),
              static_cast<std::size_t>(std::max(completion.res, 0)));
  if (completion.res <= 0) return {};
  return lease;
}

void RingBuffers::put(Queue& queue, const io_uring_cqe& completion) noexcept {
  ++leased_;
  auto number = static_cast<std::uint8_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
  arrivals_[number] = {0, static_cast<std::uint16_t>(completion.res), Queue::nothing};
  (queue.is_empty() ? queue.first : arrivals_[queue.last].next) = number;
  queue.last = number;
}

Lease RingBuffers::take(Queue& queue) noexcept {
  auto [begin, end, next] = arrivals_[queue.first];
  std::byte* taken = buffer(drop_first(queue));
  std::size_t bytes = std::size_t{end} - begin;
  if (begin > 0) std::memmove(taken, taken + begin, bytes);
  return {*this, taken, bytes};
}

std::size_t RingBuffers::copy(Queue& queue, std::span<std::byte> into) noexcept {
  Arrival& arrival = arrivals_[queue.first];
  std::size_t bytes = std::min(std::size_t{arrival.end} - arrival.begin, into.size());
  std::copy_n(buffer(queue.first) + arrival.begin, bytes, into.begin());
  arrival.begin = static_cast<std::uint16_t>(arrival.begin + bytes);
  if (arrival.begin == arrival.end) give_back(buffer(drop_first(queue)));
  return bytes;
}

std::uint8_t RingBuffers::drop_first(Queue& queue) noexcept {
  std::uint8_t number = queue.first;
  queue.first = arrivals_[number].next;
  if (queue.is_empty()) queue.last = Queue::nothing;
  return number;
}

void RingBuffers::give_back(std::byte* buffer) noexcept {
  --leased_;
  add(static_cast<unsigned>(static_cast<std::size_t>(buffer - buffers_) /
                            BufferPool::buffer_bytes));
}

void RingBuffers::add(unsigned number) noexcept {
  io_uring_buf_ring_add(ring_, buffer(number), BufferPool::buffer_bytes,
                        static_cast<unsigned short>(number), io_uring_buf_ring_mask(count), 0);
  io_uring_buf_ring_advance(ring_, 1);
}

}  // namespace duet::io

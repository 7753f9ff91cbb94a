#include "duet/io/buffer_pool.hpp"

#include <new>

#include "duet/base/assert.hpp"

namespace duet {

BufferPool::~BufferPool() {
  DUET_ASSERT(leased_ == 0);
  free_unused();
}

void BufferPool::free_unused() noexcept {
  for (std::byte* buffer : kept_) ::operator delete(buffer);
  kept_.clear();
}

std::byte* BufferPool::take() {
  std::byte* buffer = try_take();
  if (buffer == nullptr) throw std::bad_alloc();
  return buffer;
}

std::byte* BufferPool::try_take() noexcept {
  if (leased_ >= leased_max) return nullptr;
  std::byte* buffer = nullptr;
  if (kept_.empty()) {
    buffer = static_cast<std::byte*>(::operator new(buffer_bytes, std::nothrow));
  } else {
    buffer = kept_.back();
    kept_.pop_back();
  }
  if (buffer != nullptr) ++leased_;
  return buffer;
}

void BufferPool::give_back(std::byte* buffer) noexcept {
  --leased_;
  if (kept_.size() == kept_max) return ::operator delete(buffer);
  if (kept_.capacity() == 0) kept_.reserve(kept_max);
  kept_.push_back(buffer);
}

}  // namespace duet

#include "duet/loop/semaphore.hpp"

namespace duet {

std::optional<Semaphore::Permit> Semaphore::try_acquire() {
  std::lock_guard lock(mutex_);
  if (!take()) return std::nullopt;
  return Permit(*this);
}

void Semaphore::release(std::size_t count) noexcept {
  std::lock_guard lock(mutex_);
  for (; count > 0 && !waiters_.empty(); --count) waiters_.pop().wake();
  permits_ += count;
}

std::size_t Semaphore::available() const noexcept {
  std::lock_guard lock(mutex_);
  return permits_;
}

}  // namespace duet

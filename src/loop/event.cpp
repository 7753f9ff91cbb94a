#include "duet/loop/event.hpp"

namespace duet {

void Event::set() noexcept {
  std::lock_guard lock(mutex_);
  is_set_ = true;
  while (!waiters_.empty()) waiters_.pop().wake();
}

void Event::clear() noexcept {
  std::lock_guard lock(mutex_);
  is_set_ = false;
}

bool Event::is_set() const noexcept {
  std::lock_guard lock(mutex_);
  return is_set_;
}

}  // namespace duet

#include "duet/loop/waiter.hpp"

#include "loop/held_mutex.hpp"

namespace duet {

void Waiter::stay(PromiseBase& waiter) {
  waiter_ = &waiter;
  loop_ = &Loop::current();
  queue_.push(*this);
  if (scope_ != nullptr) scope_->add(*this);
}

// The waiter is still there although it may have been woken: this thread resumes it, and later.
void Waiter::report() const { report_held_mutexes(loop_->log(), "for another task"); }

void Waiter::sleep(std::unique_lock<std::mutex>& lock) {
  std::condition_variable woken;
  woken_ = &woken;
  queue_.push(*this);
  woken.wait(lock, [this] { return is_woken_; });
}

void Waiter::wake() noexcept {
  if (loop_ == nullptr) {
    is_woken_ = true;
    woken_->notify_one();
  } else if (loop_ == Loop::current_or_null()) {
    loop_->make_ready(*waiter_);
  } else {
    loop_->post(*waiter_);
  }
}

void Waiter::notify(CancelNode& node, Notice notice) {
  if (notice != Notice::cancel) return;
  auto& waiter = static_cast<Waiter&>(node);
  std::lock_guard lock(waiter.lock_);
  QueuedWaiter& queued = waiter;
  if (!queued.is_linked()) return;  // it has been given what it waits for
  queued.unlink();
  waiter.is_cancelled_ = true;
  waiter.wake();
}

}  // namespace duet

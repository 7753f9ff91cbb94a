#pragma once
// An Event: tasks and threads wait until it is set. Setting it wakes all of them; it stays set
// until cleared. Used from any loop and any thread. Nobody may wait any more when it is destroyed.

#include "duet/loop/waiter.hpp"

namespace duet {

class Event {
 public:
  Event() noexcept = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() {
    std::lock_guard lock(mutex_);  // see Waiter::wake
    DUET_ASSERT(waiters_.empty());
  }

  void set() noexcept;
  void clear() noexcept;
  bool is_set() const noexcept;

  // co_await, or wait(…): completes when the event is set. Throws Cancelled.
  class Wait;
  Wait wait() noexcept;

 private:
  mutable std::mutex mutex_;
  bool is_set_ = false;
  WaitQueue waiters_;
};

class [[nodiscard]] Event::Wait : private Waiter {
 public:
  explicit Wait(Event& event) noexcept : Waiter(event.mutex_, event.waiters_), event_(event) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise(), [this] { return event_.is_set_; });
  }
  void await_resume() const { throw_if_cancelled(); }
  void on_thread() {
    block([this] { return event_.is_set_; });
  }

 private:
  Event& event_;
};

inline Event::Wait Event::wait() noexcept { return Wait(*this); }

}  // namespace duet

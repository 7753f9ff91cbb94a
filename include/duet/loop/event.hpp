#pragma once
// An Event of one loop: tasks wait until it is set. Setting it wakes all of them; it stays set
// until cleared. Used by the loop's thread only; a wait that is cancelled throws Cancelled.

#include "duet/loop/loop.hpp"

namespace duet {

class Event {
 public:
  Event() noexcept = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set() noexcept;
  void clear() noexcept { is_set_ = false; }
  bool is_set() const noexcept { return is_set_; }

  class Wait;
  Wait wait() noexcept;

 private:
  struct Queued : ListNode {};

  bool is_set_ = false;
  List<Queued> waits_;
};

class [[nodiscard]] Event::Wait : private Event::Queued, private CancelNode {
 public:
  explicit Wait(Event& event) noexcept : CancelNode(notify), event_(event) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) noexcept {
    return begin(waiter.promise());
  }
  void await_resume() const {
    if (is_cancelled_) throw Cancelled{scope_->reason()};
  }

 private:
  friend class Event;
  static void notify(CancelNode& node, Notice notice);
  bool begin(PromiseBase& waiter) noexcept;
  void end() noexcept;

  Event& event_;
  PromiseBase* waiter_ = nullptr;
  CancelScope* scope_ = nullptr;
  bool is_cancelled_ = false;
};

inline Event::Wait Event::wait() noexcept { return Wait(*this); }

}  // namespace duet

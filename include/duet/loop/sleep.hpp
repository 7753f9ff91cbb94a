#pragma once
// Waiting for time to pass, and giving way to other tasks.

#include "duet/base/error.hpp"
#include "duet/loop/loop.hpp"

namespace duet {

// co_await sleep_for(10ms): at least that long; throws Cancelled when the scope is cancelled.
class [[nodiscard]] Sleep : private Timer, private CancelNode {
 public:
  explicit Sleep(Delay delay) noexcept : Timer(fire), CancelNode(notify), delay_(delay) {}
  Sleep(Sleep&& other) noexcept : Sleep(other.delay_) {}  // before it has begun
  Sleep& operator=(const Sleep&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise());
  }
  void await_resume() const {
    if (is_cancelled_) throw Cancelled{scope_->reason()};
  }

 private:
  static void fire(Timer& timer);
  static void notify(CancelNode& node, Notice notice);
  bool begin(PromiseBase& waiter);

  const Duration delay_;
  PromiseBase* waiter_ = nullptr;
  CancelScope* scope_ = nullptr;
  bool is_cancelled_ = false;
};

inline Sleep sleep_for(Delay delay) noexcept { return Sleep(delay); }

// co_await yield(): lets everything else that is ready run first; throws Cancelled when the scope
// is cancelled, so that a task that computes can be ended, too.
class [[nodiscard]] Yield {
 public:
  Yield() noexcept = default;
  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiter) {
    begin(waiter.promise());
  }
  void await_resume() const {
    const CancelScope* scope = waiter_->scope();
    if (scope != nullptr && scope->is_cancelled()) throw Cancelled{scope->reason()};
  }

 private:
  void begin(PromiseBase& waiter);

  PromiseBase* waiter_ = nullptr;
};

inline Yield yield() noexcept { return Yield(); }

}  // namespace duet

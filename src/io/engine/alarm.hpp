#pragma once
// Interrupts a thread that is blocked in a system call, at a time or on request. It is a kernel
// timer that sends the reserved signal to that one thread, and goes on sending it every 2 ms until
// the thread acknowledges: a signal that comes between the thread's last check and its call is lost
// (check-then-block is a real race), the next one is not. Deadlines and other threads use the same
// timer, so there is no second thread, and none is needed after fork either.
//
// Made and used by the interrupted thread; `ring` is for any thread and for signal handlers.

#include <atomic>

#include "duet/base/time.hpp"
#include "sys/thread_timer.hpp"

namespace duet::io {

class Alarm {
 public:
  // Sets the time of the next interruption. An alarm that is set for an earlier time stays as it
  // is, and the early interruption does no harm: an idle deadline that moves on with each message
  // costs no system call.
  void set(TimePoint deadline) {
    if (deadline >= set_for_) return;
    set_for_ = deadline;
    timer_.start(deadline, repeat);
  }

  void ring() noexcept {
    is_rung_.store(true);
    timer_.start(past, repeat);
  }

  // True once after each ring. Called between `set` and the blocking call.
  bool take_ring() noexcept {
    if (!is_rung_.load()) return false;
    acknowledge();
    return true;
  }

  // Ends the interruptions and forgets all rings so far: the loop looks at its timers and posts
  // next. In this order, since a ring in between may be forgotten but its signals may not.
  void acknowledge() noexcept {
    timer_.start(never, repeat);
    set_for_ = never;
    is_rung_.store(false);
  }

 private:
  static constexpr Duration repeat = std::chrono::milliseconds(2);

  sys::ThreadTimer timer_;
  TimePoint set_for_ = never;
  std::atomic<bool> is_rung_ = false;
};

}  // namespace duet::io

#pragma once
// A timer that sends the interrupt signal to the thread that made it, timer_create(2) with
// SIGEV_THREAD_ID.

#include <ctime>

#include "duet/base/time.hpp"

namespace duet::sys {

class ThreadTimer {
 public:
  ThreadTimer();
  ~ThreadTimer();
  ThreadTimer(const ThreadTimer&) = delete;
  ThreadTimer& operator=(const ThreadTimer&) = delete;

  // First at `deadline`, then every `repeat`, until started again; `never` stops it. Any thread,
  // and signal handlers.
  void start(TimePoint deadline, Duration repeat) noexcept;

 private:
  timer_t timer_{};
};

}  // namespace duet::sys

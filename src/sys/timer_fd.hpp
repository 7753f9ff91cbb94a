#pragma once
// A clock that makes its descriptor readable at a time, timerfd_create(2).

#include <sys/timerfd.h>

#include <algorithm>
#include <chrono>

#include "duet/base/time.hpp"
#include "sys/call.hpp"
#include "sys/fd.hpp"

namespace duet::sys {

class TimerFd {
 public:
  TimerFd()
      : fd_(static_cast<int>(checked(interruptible([] {
                                       return ::timerfd_create(CLOCK_MONOTONIC,
                                                               TFD_CLOEXEC | TFD_NONBLOCK);
                                     }),
                                     "timerfd_create"))) {}

  int get() const noexcept { return fd_.get(); }

  // `never` stops it.
  void set(TimePoint at) noexcept {
    itimerspec times{};
    if (at != never) {
      // std::chrono::steady_clock is CLOCK_MONOTONIC; zero would stop it.
      Duration since = std::max(at.time_since_epoch(), Duration(1));
      auto seconds = std::chrono::floor<std::chrono::seconds>(since);
      times.it_value = {.tv_sec = seconds.count(), .tv_nsec = Duration(since - seconds).count()};
    }
    ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &times, nullptr);
  }

 private:
  Fd fd_;
};

}  // namespace duet::sys

#include "sys/thread_timer.hpp"

#include <unistd.h>

#include <algorithm>

#include "sys/call.hpp"
#include "sys/signal.hpp"

namespace duet::sys {
namespace {

timespec to_timespec(Duration time) noexcept {
  auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(time - seconds).count()};
}

}  // namespace

ThreadTimer::ThreadTimer() {
  install_interrupt_handler();
  accept_interrupts();
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = interrupt_signal();
  event._sigev_un._tid = ::gettid();  // glibc 2.36 has no other name for it
  std::int64_t result =
      interruptible([&] { return ::timer_create(CLOCK_MONOTONIC, &event, &timer_); });
  if (result == -EAGAIN)
    throw IoError(error_code(result), "timer_create", [] { return "within ulimit -i"; });
  checked(result, "timer_create");
}

ThreadTimer::~ThreadTimer() { ::timer_delete(timer_); }

void ThreadTimer::start(TimePoint deadline, Duration repeat) noexcept {
  itimerspec times{};  // zero: stopped
  if (deadline != never) {
    // std::chrono::steady_clock is CLOCK_MONOTONIC.
    times.it_value = to_timespec(std::max(deadline.time_since_epoch(), Duration(1)));
    times.it_interval = to_timespec(repeat);
  }
  int saved = errno;
  ::timer_settime(timer_, TIMER_ABSTIME, &times, nullptr);
  errno = saved;
}

}  // namespace duet::sys

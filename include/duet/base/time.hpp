#pragma once
// Time in duet is monotonic: a step of the wall clock moves no deadline. `never` is a deadline that
// does not come, `past` one that has always been reached; how long it is until then can be counted
// for both, `deadline - Clock::now()`.

#include <chrono>
#include <type_traits>

namespace duet {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

inline constexpr TimePoint never = TimePoint::max();
inline constexpr TimePoint past = TimePoint();  // min() minus any other overflows

// `from + delay` without overflow: a huge delay is `never`.
constexpr TimePoint after(TimePoint from, Duration delay) noexcept {
  return delay > never - from ? never : from + delay;
}

// How long something may take, in any unit: what a Duration cannot count, about 292 years, is its
// greatest or least value. A plain conversion of seconds::max(), a word for "no limit", would be a
// time that has passed.
class Delay {
 public:
  template <class Rep, class Period>
  constexpr Delay(std::chrono::duration<Rep, Period> time) noexcept : value_(counted(time)) {}
  constexpr operator Duration() const noexcept { return value_; }

 private:
  template <class Rep, class Period>
  static constexpr Duration counted(std::chrono::duration<Rep, Period> time) noexcept {
    if constexpr (std::is_same_v<decltype(time), Duration>) {
      return time;
    } else {
      using Exact = std::chrono::duration<long double, Period>;
      if (!(Exact(time) < Exact(Duration::max()))) return Duration::max();
      if (Exact(time) <= Exact(Duration::min())) return Duration::min();
      return std::chrono::duration_cast<Duration>(time);
    }
  }

  Duration value_;
};

}  // namespace duet

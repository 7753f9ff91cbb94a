#pragma once
// Time in duet is monotonic: a step of the wall clock moves no deadline. `never` is a deadline that
// does not come, `past` one that has always been reached.

#include <chrono>

namespace duet {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

inline constexpr TimePoint never = TimePoint::max();
inline constexpr TimePoint past = TimePoint::min();

// `from + delay` without overflow: a huge delay is `never`.
constexpr TimePoint after(TimePoint from, Duration delay) noexcept {
  return delay > never - from ? never : from + delay;
}

}  // namespace duet

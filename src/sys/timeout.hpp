#pragma once
// A deadline as the kernel's relative timeout, rounded up so that no wait ends early.

#include <ctime>

#include "duet/base/time.hpp"

namespace duet::sys {

class Timeout {
 public:
  explicit Timeout(TimePoint deadline) noexcept : is_endless_(deadline == never) {
    if (is_endless_ || deadline == past) return;
    Duration rest = deadline - Clock::now();
    if (rest <= Duration::zero()) return;
    constexpr Duration longest = std::chrono::hours(24 * 365);  // far from time_t's limits
    if (rest > longest) rest = longest;
    auto seconds = std::chrono::floor<std::chrono::seconds>(rest);
    rest_.tv_sec = seconds.count();
    rest_.tv_nsec = std::chrono::nanoseconds(rest - seconds).count();
  }

  const timespec* get() const noexcept { return is_endless_ ? nullptr : &rest_; }

 private:
  bool is_endless_;
  timespec rest_{};
};

}  // namespace duet::sys

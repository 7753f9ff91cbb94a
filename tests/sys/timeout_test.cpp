#include "sys/timeout.hpp"

#include <gtest/gtest.h>

namespace duet::sys {
namespace {

Duration rest_until(TimePoint deadline) {
  Timeout timeout(deadline);
  return std::chrono::seconds(timeout.get()->tv_sec) +
         std::chrono::nanoseconds(timeout.get()->tv_nsec);
}

TEST(Timeout, is_none_at_all_for_never) { EXPECT_EQ(Timeout(never).get(), nullptr); }

TEST(Timeout, is_zero_for_a_deadline_that_has_passed) {
  EXPECT_EQ(rest_until(past), Duration::zero());
  EXPECT_EQ(rest_until(Clock::now() - std::chrono::seconds(1)), Duration::zero());
}

TEST(Timeout, is_what_remains_to_the_nanosecond) {
  TimePoint before = Clock::now();
  Duration rest = rest_until(before + std::chrono::milliseconds(1500));
  EXPECT_LE(rest, std::chrono::milliseconds(1500));
  EXPECT_GE(before + rest, before + std::chrono::milliseconds(1500) - (Clock::now() - before));
}

TEST(Timeout, keeps_far_from_the_limits_of_the_kernel) {
  EXPECT_LE(rest_until(never - Duration(1)), std::chrono::hours(24 * 366));
  EXPECT_GE(rest_until(never - Duration(1)), std::chrono::hours(24));
}

}  // namespace
}  // namespace duet::sys

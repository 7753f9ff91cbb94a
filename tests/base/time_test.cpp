#include "duet/base/time.hpp"

#include <gtest/gtest.h>

namespace duet {
namespace {

TEST(After, adds_a_delay) {
  TimePoint now = Clock::now();
  EXPECT_EQ(after(now, std::chrono::seconds(1)) - now, std::chrono::seconds(1));
}

TEST(After, is_never_when_the_delay_is_huge) {
  EXPECT_EQ(after(Clock::now(), Duration::max()), never);
  EXPECT_EQ(after(never, Duration(1)), never);
}

TEST(After, accepts_a_delay_that_is_negative) {
  TimePoint now = Clock::now();
  EXPECT_LT(after(now, Duration(-1)), now);
  EXPECT_LT(after(now, Duration::min()), now);
}

}  // namespace
}  // namespace duet

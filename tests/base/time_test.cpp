#include "duet/base/time.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace duet {
namespace {

// As who waits in a loop of somebody else's does: for a rest that overflowed he would wait for
// ever.
TEST(Deadline, has_a_rest_that_can_be_counted) {
  EXPECT_LT(past - Clock::now(), Duration::zero());
  EXPECT_GT(never - Clock::now(), std::chrono::hours(24 * 365));
  EXPECT_LE(past, Clock::now());
}

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

TEST(Delay, counts_in_any_unit) {
  EXPECT_EQ(Duration(Delay(std::chrono::milliseconds(3))), std::chrono::milliseconds(3));
  EXPECT_EQ(Duration(Delay(std::chrono::duration<double>(0.25))), std::chrono::milliseconds(250));
  EXPECT_EQ(Duration(Delay(std::chrono::duration<long, std::pico>(5000))), Duration(5));
  EXPECT_EQ(Duration(Delay(Duration::min())), Duration::min());
}

TEST(Delay, is_the_greatest_or_the_least_when_it_cannot_be_counted) {
  using Seconds = std::chrono::duration<double>;
  for (Delay huge :
       {Delay(std::chrono::seconds::max()), Delay(std::chrono::hours::max()),
        Delay(std::chrono::milliseconds::max()), Delay(std::chrono::years(1000)),
        Delay(Seconds(1e300)), Delay(Seconds(std::numeric_limits<double>::infinity()))})
    EXPECT_EQ(Duration(huge), Duration::max());
  for (Delay least : {Delay(std::chrono::seconds::min()), Delay(std::chrono::years(-1000))})
    EXPECT_EQ(Duration(least), Duration::min());
}

}  // namespace
}  // namespace duet

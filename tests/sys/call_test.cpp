// EINTR ends in the wrappers of calls that may be repeated.

#include "sys/call.hpp"

#include <gtest/gtest.h>

namespace duet::sys {
namespace {

TEST(Call, that_is_interrupted_is_made_again_until_it_has_a_result) {
  int calls = 0;
  EXPECT_EQ(retried([&] {
              errno = EINTR;
              return ++calls < 3 ? -1 : 5;
            }),
            5);
  EXPECT_EQ(calls, 3);
}

TEST(Call, that_fails_is_not_made_again) {
  int calls = 0;
  EXPECT_EQ(retried([&] {
              ++calls;
              errno = EIO;
              return -1;
            }),
            -EIO);
  EXPECT_EQ(calls, 1);
}

TEST(Call, that_is_interruptible_says_so) {
  EXPECT_EQ(interruptible([] {
              errno = EINTR;
              return -1;
            }),
            -EINTR);
}

}  // namespace
}  // namespace duet::sys

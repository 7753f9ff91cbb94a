// Deadlines of tasks: within.

#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::number_after;
using WithinTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, WithinTest, ::testing::Values("blocking", "epoll", "uring"),
                         test::engine_name);

TEST_P(WithinTest, gives_the_value_that_came_in_time) {
  run([]() -> Task<> {
    int value = co_await within(hours(1), number_after(milliseconds(1), 5));
    EXPECT_EQ(value, 5);
  });
}

TEST_P(WithinTest, cancels_and_throws_timed_out) {
  run([&]() -> Task<> {
    TimePoint before = Clock::now();
    Task<> task = within(milliseconds(3), wait_for_cancel(reason_));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(reason_, CancelReason::deadline);
    EXPECT_GE(Clock::now(), before + milliseconds(3));
  });
}

TEST_P(WithinTest, passes_on_what_the_task_throws) {
  run([&]() -> Task<> {
    Task<> task = within(hours(1), fail_with("inner"));
    co_await expect_outcome(std::move(task), "inner");
  });
}

TEST_P(WithinTest, does_not_take_an_outer_cancellation_for_its_own) {
  auto body = [&]() -> Task<> {
    Task<> task = within(hours(1), wait_for_cancel(reason_));
    co_await expect_outcome(std::move(task), "cancelled");
  };
  run([&]() -> Task<> {
    Task<> waiting = test::owned(body);
    Task<> task = all(std::move(waiting), fail_with("outside"));
    co_await expect_outcome(std::move(task), "outside");
  });
}

// The outer deadline reaches the inner scope as a deadline, too; it is still the outer one's.
TEST_P(WithinTest, of_two_nested_deadlines_the_one_that_passed_is_reported) {
  bool has_inner_timed_out = false;
  auto body = [&](Duration inner) -> Task<> {
    try {
      co_await within(inner, wait_for_cancel(reason_));
    } catch (const TimedOut&) {
      has_inner_timed_out = true;
    }
  };
  run([&]() -> Task<> {
    Task<> outer_first = test::owned(body, hours(1));
    Task<> task = within(milliseconds(2), std::move(outer_first));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_FALSE(has_inner_timed_out);
    Task<> inner_first = test::owned(body, milliseconds(2));
    Task<> other = within(hours(1), std::move(inner_first));
    co_await expect_outcome(std::move(other), "done");
    EXPECT_TRUE(has_inner_timed_out);
  });
}

TEST_P(WithinTest, keeps_the_value_of_a_task_that_finished_all_the_same) {
  auto stubborn = []() -> Task<int> {
    try {
      co_await sleep_for(hours(1));
    } catch (const Cancelled&) {
    }
    co_return 3;
  };
  run([&]() -> Task<> {
    Task<int> task = stubborn();
    int value = co_await within(milliseconds(1), std::move(task));
    EXPECT_EQ(value, 3);
  });
}

TEST_P(WithinTest, of_no_time_still_takes_a_task_that_need_not_wait) {
  run([]() -> Task<> {
    auto ready = []() -> Task<int> { co_return 1; };
    Task<int> task = ready();
    int value = co_await within(Duration::zero(), std::move(task));
    EXPECT_EQ(value, 1);
  });
}

}  // namespace
}  // namespace duet

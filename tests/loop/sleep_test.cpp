#include "duet/loop/sleep.hpp"

#include <stdexcept>
#include <vector>

#include "duet/loop/all.hpp"
#include "duet/loop/scope.hpp"
#include "loop/loop_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class SleepTest : public test::LoopTest {};

INSTANTIATE_TEST_SUITE_P(engines, SleepTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(SleepTest, lasts_at_least_as_long_as_asked_for) {
  run([]() -> Task<> {
    for (int i = 0; i < 5; ++i) {
      TimePoint before = Loop::current().now();
      co_await sleep_for(std::chrono::microseconds(1300 * i));
      EXPECT_GE(Clock::now(), before + std::chrono::microseconds(1300 * i));
    }
  });
}

TEST_P(SleepTest, of_no_time_or_less_ends_soon) {
  run([]() -> Task<> {
    co_await sleep_for(Duration::zero());
    co_await sleep_for(-hours(1));
    co_await sleep_for(Duration::min());
  });
}

TEST_P(SleepTest, of_no_time_lets_others_run_first) {
  std::string order;
  auto sleeper = [&]() -> Task<> {
    co_await sleep_for(Duration::zero());
    order += "sleeper";
  };
  auto other = [&]() -> Task<> {
    order += "other, ";
    co_return;
  };
  run([&]() -> Task<> {
    Task<> first = test::owned(sleeper);
    Task<> second = test::owned(other);
    co_await all(std::move(first), std::move(second));
  });
  EXPECT_EQ(order, "other, sleeper");
}

// Each ends in a turn of its own, not inside of the one before: the stack stays flat.
TEST_P(SleepTest, of_no_time_may_follow_each_other_without_end) {
  int count = test::rounds(100'000);
  TimePoint start = Clock::now();
  run([count]() -> Task<> {
    for (int i = 0; i < count; ++i) co_await sleep_for(Duration::zero());
  });
  EXPECT_LT(Clock::now() - start, count * milliseconds(1) / 2) << "a turn each, not a tick";
}

TEST_P(SleepTest, of_equal_times_end_in_the_order_of_their_start) {
  std::string order;
  auto sleeper = [&](char name) -> Task<> {
    co_await sleep_for(milliseconds(2));
    order += name;
  };
  run([&]() -> Task<> {
    Scope scope(&Loop::current().scope());
    for (char name : std::string("abcdefgh")) scope.spawn(test::owned(sleeper, name));
    co_await scope.join();
  });
  EXPECT_EQ(order, "abcdefgh");
}

// A step of the wall clock moves no deadline.
TEST(Sleep, is_measured_by_a_monotonic_clock) { static_assert(Clock::is_steady); }

TEST_P(SleepTest, many_end_in_the_order_of_their_deadlines) {
  std::vector<int> order;
  auto sleeper = [&](int number) -> Task<> {
    co_await sleep_for(milliseconds(number));
    order.push_back(number);
  };
  run([&]() -> Task<> {
    Task<> c = test::owned(sleeper, 9);
    Task<> a = test::owned(sleeper, 1);
    Task<> b = test::owned(sleeper, 4);
    co_await all(std::move(c), std::move(a), std::move(b));
  });
  EXPECT_EQ(order, (std::vector{1, 4, 9}));
}

TEST_P(SleepTest, is_cut_short_by_cancellation) {
  CancelReason reason = CancelReason::none;
  auto sleeper = [&]() -> Task<> {
    try {
      co_await sleep_for(Duration::max());
    } catch (const Cancelled& cancelled) {
      reason = cancelled.reason;
      throw;
    }
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(test::owned(sleeper));
    co_await yield();
    scope.cancel(CancelReason::requested);
  };
  run([&]() -> Task<> {
    try {
      co_await scoped(body);
    } catch (const Cancelled&) {
    }
  });
  EXPECT_EQ(reason, CancelReason::requested);
}

TEST_P(SleepTest, does_not_begin_in_a_cancelled_scope) {
  run([&]() -> Task<> {
    CancelScope cancelled(nullptr);
    cancelled.cancel(CancelReason::drain);
    auto sleeper = []() -> Task<> { co_await sleep_for(hours(1)); };
    Task<> task = sleeper();
    bool is_cancelled = false;
    try {
      co_await std::move(task).in(cancelled);
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
    EXPECT_TRUE(is_cancelled);
  });
}

// The timer fires and the scope is cancelled in the same turn: the waiter is resumed once.
TEST_P(SleepTest, that_ends_in_the_turn_of_the_cancel_resumes_once) {
  int resumed = 0;
  auto sleeper = [&](Duration delay) -> Task<> {
    try {
      co_await sleep_for(delay);
    } catch (const Cancelled&) {
    }
    ++resumed;
  };
  auto body = [&](Scope& scope) -> Task<> {
    for (int i = 0; i < 8; ++i) scope.spawn(test::owned(sleeper, milliseconds(2)));
    co_await sleep_for(milliseconds(2));
    scope.cancel();
  };
  for (int i = 0; i < 20; ++i) {
    resumed = 0;
    run([&]() -> Task<> { co_await scoped(body); });
    EXPECT_EQ(resumed, 8);
  }
}

}  // namespace
}  // namespace duet

// wait(x) outside of fibers: on a thread whose loop does not run, and on one that has none.

#include "duet/loop/plain_wait.hpp"

#include <thread>

#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::number_after;
using PlainWaitTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, PlainWaitTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(PlainWaitTest, runs_the_threads_loop_until_a_task_has_ended) {
  EXPECT_EQ(wait(number_after(milliseconds(1), 7)), 7);
  EXPECT_THROW(wait(fail_with("later")), std::runtime_error);
  EXPECT_THROW(wait(within(milliseconds(1), wait_for_cancel(reason_))), TimedOut);
}

TEST_P(PlainWaitTest, runs_the_threads_loop_for_what_is_no_task) {
  TimePoint before = Clock::now();
  wait(sleep_for(milliseconds(2)));
  EXPECT_GE(Clock::now(), before + milliseconds(2));
}

TEST_P(PlainWaitTest, on_a_loop_is_ended_by_another_thread) {
  Event event;
  std::jthread thread([&] { event.set(); });
  wait(event.wait());
  EXPECT_TRUE(event.is_set());
}

TEST_P(PlainWaitTest, runs_the_loop_that_was_made_last) {
  Loop later(test::engine_factory("poll"), log_);
  auto seen = []() -> Task<Loop*> { co_return &Loop::current(); };
  EXPECT_EQ(wait(seen()), &later);
}

TEST_P(PlainWaitTest, runs_the_earlier_loop_when_a_later_one_is_gone) {
  auto first = std::make_unique<Loop>(test::engine_factory("poll"), log_);
  auto second = std::make_unique<Loop>(test::engine_factory("poll"), log_);
  first.reset();  // in no order
  second.reset();
  auto seen = []() -> Task<Loop*> { co_return &Loop::current(); };
  EXPECT_EQ(wait(seen()), loop_.get());
}

TEST(PlainWaitDeathTest, for_a_task_on_a_thread_without_a_loop_is_refused_by_name) {
  EXPECT_DEATH(wait(number_after(milliseconds(1), 7)), "make a Loop");
}

TEST(PlainWaitWithoutLoop, blocks_the_thread) {
  Event asked, answered;
  std::jthread thread([&] {
    wait(asked.wait());
    answered.set();
  });
  asked.set();
  wait(answered.wait());
}

}  // namespace
}  // namespace duet

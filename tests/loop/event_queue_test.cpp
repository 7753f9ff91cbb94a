// An event queue: order, bound, who handles, and how it ends.

#include "duet/loop/event_queue.hpp"

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "loop/scope_fixture.hpp"
#include "support/skip_reason.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using EventQueueTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, EventQueueTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EventQueueTest, handles_events_in_the_order_of_their_acceptance) {
  EventQueue events(100);
  std::vector<int> handled;
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(events.offer([&handled, i] { handled.push_back(i); }), Offered::accepted);
  events.close();
  loop_->run(events.handle());
  EXPECT_EQ(handled.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(handled));
}

TEST_P(EventQueueTest, refuses_what_it_has_no_room_for_and_leaves_it_to_the_caller) {
  EventQueue events(2);
  int handled = 0;
  auto count = [&] { ++handled; };
  EventQueue::Event third = count;
  EXPECT_EQ(events.offer(count), Offered::accepted);
  EXPECT_EQ(events.offer(count), Offered::accepted);
  EXPECT_EQ(events.offer(std::move(third)), Offered::full);
  EXPECT_EQ(events.size(), 2U);
  third();  // it is still there
  events.close();
  loop_->run(events.handle());
  EXPECT_EQ(handled, 3);
}

TEST(EventQueueDeathTest, an_event_without_a_handler_is_refused_where_it_is_offered) {
  EventQueue events(1);
  EXPECT_DEATH(events.offer(nullptr), "event_queue.cpp.*event != nullptr");
}

TEST(EventQueueAtItsEnd, destroys_what_nobody_has_handled) {
  auto handled = std::make_shared<int>(0);
  {
    EventQueue events(2);
    events.offer([handled] { ++*handled; });
  }
  EXPECT_EQ(*handled, 0);
  EXPECT_EQ(handled.use_count(), 1);
}

TEST_P(EventQueueTest, refuses_events_when_it_is_closed_and_handles_those_before) {
  EventQueue events(2);
  int handled = 0;
  events.offer([&] { ++handled; });
  events.close();
  EXPECT_EQ(events.offer([&] { ++handled; }), Offered::closed);
  loop_->run(events.handle());
  EXPECT_EQ(handled, 1);
}

TEST_P(EventQueueTest, handled_by_nobody_is_refused_and_keeps_its_events) {
  EventQueue events(1);
  events.offer([] {});
  events.close();
  EXPECT_THROW(loop_->run(events.handle_by(Work::compute, 0)), std::invalid_argument);
  EXPECT_EQ(events.size(), 1U);
}

TEST_P(EventQueueTest, takes_events_of_any_thread_and_keeps_the_order_of_each) {
  EventQueue events(1000);
  std::vector<std::vector<int>> handled(4);
  std::vector<std::jthread> sources;
  std::atomic<int> running = 4;
  for (std::vector<int>& of_source : handled)
    sources.emplace_back([&] {
      for (int k = 0; k < 250; ++k)
        EXPECT_EQ(events.offer([&of_source, k] { of_source.push_back(k); }), Offered::accepted);
      if (--running == 0) events.close();
    });
  loop_->run(events.handle());
  for (const std::vector<int>& of_source : handled) {
    EXPECT_EQ(of_source.size(), 250U);
    EXPECT_TRUE(std::ranges::is_sorted(of_source));
  }
}

TEST_P(EventQueueTest, takes_events_that_handlers_offer) {
  EventQueue events(1);
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds == 100) return events.close();
    EXPECT_EQ(events.offer(again), Offered::accepted);
  };
  events.offer(again);
  loop_->run(events.handle());
  EXPECT_EQ(rounds, 100);
}

TEST_P(EventQueueTest, handles_by_several_threads_at_once) {
  if (GetParam() == "blocking")
    GTEST_SKIP() << test::refused("work blocks the loop's thread: nothing happens beside it",
                                  "OffloadTest.gives_the_result_back_on_the_loops_thread");
  EventQueue events(8);
  constexpr Work handlers("handlers of events", 2, 2);
  std::latch both(2);  // opens only when two events are being handled
  for (int i = 0; i < 2; ++i) events.offer([&] { both.arrive_and_wait(); });
  events.close();
  loop_->run(events.handle_by(handlers, 2));
  EXPECT_TRUE(both.try_wait());
}

TEST_P(EventQueueTest, an_event_that_throws_ends_the_handling_and_those_behind_it_stay) {
  EventQueue events(8);
  int handled = 0;
  events.offer([] { throw std::runtime_error("in an event"); });
  events.offer([&] { ++handled; });
  EXPECT_THROW(loop_->run(events.handle()), std::runtime_error);
  EXPECT_EQ(events.size(), 1U);
  events.offer([] { throw std::runtime_error("in an event"); });
  EXPECT_THROW(loop_->run(events.handle_by(Work::compute, 1)), std::runtime_error);
  EXPECT_EQ(handled, 1);
}

TEST_P(EventQueueTest, handling_is_cancelled_like_any_task) {
  EventQueue events(8);
  run([&]() -> Task<> {
    Task<> task = within(milliseconds(1), events.handle());
    co_await expect_outcome(std::move(task), "timed out");
    Task<> by_threads = within(milliseconds(1), events.handle_by(Work::compute, 2));
    co_await expect_outcome(std::move(by_threads), "timed out");
  });
  EXPECT_EQ(events.offer([] {}), Offered::accepted);
}

TEST(EventQueueWithoutLoop, is_handled_by_threads_of_ones_own) {
  EventQueue events(8);
  std::mutex mutex;
  std::set<std::thread::id> by;
  std::latch both(2);
  for (int i = 0; i < 2; ++i)
    events.offer([&] {
      both.arrive_and_wait();
      std::lock_guard lock(mutex);
      by.insert(std::this_thread::get_id());
    });
  events.close();
  {
    std::jthread first([&] { events.handle_here(); });
    std::jthread second([&] { events.handle_here(); });
  }
  EXPECT_EQ(by.size(), 2U);
}

}  // namespace
}  // namespace duet

#include "duet/io/work_pool.hpp"

#include <atomic>
#include <deque>
#include <semaphore>
#include <thread>

#include <gtest/gtest.h>

#include "base/rounds.hpp"

namespace duet::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Work that begins, and then goes on until it is let go.
struct Held : WorkPool::Order {
  Held() : Order(carry_out, hand_over) {}
  static void carry_out(Order& order) noexcept {
    auto& self = static_cast<Held&>(order);
    self.thread = std::this_thread::get_id();
    self.begun.release();
    self.let_go.acquire();
  }
  static void hand_over(Order& order) noexcept { static_cast<Held&>(order).done.release(); }
  std::thread::id thread;
  std::binary_semaphore begun{0}, let_go{0}, done{0};
};

void finish(Held& held) {
  held.let_go.release();
  held.done.acquire();
}

Work work_with(unsigned threads, unsigned threads_max, Duration grow_after) {
  Work work("test", threads, threads_max, 3);
  work.grow_after = grow_after;
  return work;
}

TEST(WorkPool, without_work_has_no_thread) {
  WorkPool pool(Work("test", 8, 8));
  EXPECT_EQ(pool.threads(), 0U);
}

TEST(WorkPool, has_a_thread_per_processor_if_none_is_said) {
  WorkPool pool(Work::compute);
  EXPECT_EQ(pool.work().threads, std::max(1U, std::thread::hardware_concurrency()));
}

TEST(WorkPool, does_as_much_at_once_as_it_has_threads_for) {
  WorkPool pool(work_with(2, 2, hours(1)));
  Held one, two;
  ASSERT_TRUE(pool.give(one) && pool.give(two));
  one.begun.acquire();
  two.begun.acquire();
  EXPECT_EQ(pool.threads(), 2U);
  finish(one);
  finish(two);
}

TEST(WorkPool, lets_work_wait_its_turn_in_order) {
  WorkPool pool(work_with(1, 1, milliseconds(0)));
  Held held[3];
  for (Held& each : held) ASSERT_TRUE(pool.give(each));
  for (std::size_t i = 0; i < 3; ++i) {
    held[i].begun.acquire();
    EXPECT_EQ(pool.waiting(), 2 - i);
    EXPECT_EQ(held[i].thread, held[0].thread);
    finish(held[i]);
  }
}

TEST(WorkPool, grows_when_work_has_waited_for_too_long) {
  WorkPool pool(work_with(1, 3, milliseconds(1)));
  Held held[3];
  for (Held& each : held) ASSERT_TRUE(pool.give(each));
  for (Held& each : held) each.begun.acquire();
  EXPECT_EQ(pool.threads(), 3U);
  for (Held& each : held) finish(each);
}

TEST(WorkPool, does_not_grow_while_work_waits_for_a_short_time_only) {
  WorkPool pool(work_with(1, 3, hours(1)));
  Held one, two;
  ASSERT_TRUE(pool.give(one) && pool.give(two));
  one.begun.acquire();
  finish(one);
  two.begun.acquire();
  EXPECT_EQ(two.thread, one.thread);
  finish(two);
}

TEST(WorkPool, grows_to_its_maximum_and_no_further) {
  WorkPool pool(work_with(1, 2, milliseconds(0)));
  Held held[3];
  for (Held& each : held) ASSERT_TRUE(pool.give(each));
  held[0].begun.acquire();
  held[1].begun.acquire();
  EXPECT_EQ(pool.threads(), 2U);
  EXPECT_FALSE(held[2].begun.try_acquire());
  finish(held[0]);
  held[2].begun.acquire();
  EXPECT_EQ(held[2].thread, held[0].thread);
  finish(held[1]);
  finish(held[2]);
}

// Not for a time that the clock cannot count: that was one that had passed.
TEST(WorkPool, keeps_threads_that_may_be_idle_for_any_time) {
  for (Delay any : {Delay(std::chrono::seconds::max()), Delay(Duration::max())}) {
    Work work("test", 1, 1, 3);
    work.idle_time = any;
    WorkPool pool(work);
    Held held;
    ASSERT_TRUE(pool.give(held));
    held.begun.acquire();
    finish(held);
    std::this_thread::sleep_for(milliseconds(5));  // in which it would end
    EXPECT_EQ(pool.threads(), 1U);
  }
}

TEST(WorkPool, ends_threads_that_are_idle_for_too_long) {
  Work work = work_with(3, 3, hours(1));
  work.idle_time = milliseconds(1);
  WorkPool pool(work);
  for (int round = 0; round < 3; ++round) {
    Held held[3];
    for (Held& each : held) ASSERT_TRUE(pool.give(each));
    for (Held& each : held) each.begun.acquire();
    for (Held& each : held) finish(each);
    while (pool.threads() > 0) std::this_thread::yield();
  }
}

// Threads that take turns would all stay.
TEST(WorkPool, ends_the_threads_that_a_trickle_of_work_does_not_need) {
  Work work = work_with(3, 3, hours(1));
  work.idle_time = milliseconds(20);
  WorkPool pool(work);
  Held held[3];
  for (Held& each : held) ASSERT_TRUE(pool.give(each));
  for (Held& each : held) each.begun.acquire();
  for (Held& each : held) finish(each);
  while (pool.threads() == 3) {
    Held one;
    ASSERT_TRUE(pool.give(one));
    finish(one);
  }
}

TEST(WorkPool, takes_no_more_than_may_wait) {
  WorkPool pool(work_with(1, 1, hours(1)));
  Held running, waiting[3], refused;
  ASSERT_TRUE(pool.give(running));
  running.begun.acquire();
  for (Held& each : waiting) ASSERT_TRUE(pool.give(each));
  EXPECT_FALSE(pool.give(refused));
  finish(running);
  waiting[0].begun.acquire();
  EXPECT_TRUE(pool.give(refused));
  for (Held& each : waiting) finish(each);
  finish(refused);
}

// An idle pool refused everything.
TEST(WorkPool, that_lets_nothing_wait_takes_what_a_thread_can_begin) {
  WorkPool pool(Work("test", 1, 2, 0));
  for (int round = 0; round < 100; ++round) {
    Held one, two, refused;
    ASSERT_TRUE(pool.give(one) && pool.give(two)) << round;
    ASSERT_FALSE(pool.give(refused)) << round;
    one.begun.acquire();
    two.begun.acquire();
    ASSERT_FALSE(pool.give(refused)) << round;
    finish(one);
    finish(two);
  }
  EXPECT_EQ(pool.threads(), 2U);
}

// Work that a thread is on its way for does not wait.
TEST(WorkPool, takes_as_much_at_once_as_may_run_and_wait) {
  WorkPool pool(work_with(2, 2, hours(1)));
  Held held[2 + 3], refused;
  for (Held& each : held) ASSERT_TRUE(pool.give(each));
  EXPECT_FALSE(pool.give(refused));
  for (Held& each : held) each.let_go.release();
  for (Held& each : held) each.done.acquire();
}

TEST(WorkPool, gives_back_what_no_thread_has_begun) {
  WorkPool pool(work_with(1, 1, hours(1)));
  Held running, taken_back, kept;
  ASSERT_TRUE(pool.give(running) && pool.give(taken_back) && pool.give(kept));
  running.begun.acquire();
  EXPECT_FALSE(pool.take_back(running));
  EXPECT_TRUE(pool.take_back(taken_back));
  EXPECT_FALSE(pool.take_back(taken_back));
  finish(running);
  finish(kept);
  EXPECT_FALSE(pool.take_back(kept));
  EXPECT_FALSE(taken_back.begun.try_acquire());
}

TEST(WorkPools, give_each_class_its_own_pool) {
  WorkPools pools;
  WorkPool& one = pools.of(Work("one"));
  EXPECT_EQ(&pools.of(Work("one", 7)), &one);
  EXPECT_NE(&pools.of(Work("two")), &one);
}

// Every order is either run or taken back, whatever threads come and go.
TEST(WorkPool, loses_nothing_under_load) {
  struct Counted : WorkPool::Order {
    Counted() : Order(carry_out) {}
    static void carry_out(Order& order) noexcept { ++static_cast<Counted&>(order).runs; }
    std::atomic<int> runs = 0;
  };
  Work work("test", 1, 4, 64);
  work.grow_after = std::chrono::microseconds(10);
  work.idle_time = std::chrono::microseconds(50);
  std::deque<Counted> orders(static_cast<std::size_t>(test::rounds(20'000)));
  std::deque<std::atomic<int>> taken_back(orders.size());
  {
    WorkPool pool(work);
    auto give_part = [&](std::size_t from) {
      for (std::size_t i = from; i < orders.size(); i += 2) {
        while (!pool.give(orders[i])) std::this_thread::yield();
        if (i % 3 == 0 && pool.take_back(orders[i])) ++taken_back[i];
      }
    };
    std::thread other([&] { give_part(0); });
    give_part(1);
    other.join();
    while (pool.waiting() > 0) std::this_thread::yield();
  }
  for (std::size_t i = 0; i < orders.size(); ++i) ASSERT_EQ(orders[i].runs + taken_back[i], 1) << i;
}

}  // namespace
}  // namespace duet::io

#include "duet/loop/loop.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <vector>

#include "duet/loop/all.hpp"
#include "duet/loop/event.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "loop/loop_fixture.hpp"
#include "support/sanitizer.hpp"

namespace duet {
namespace {

using test::LoopTest;

INSTANTIATE_TEST_SUITE_P(engines, LoopTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(LoopTest, runs_a_task_to_its_end) {
  bool has_run = false;
  run([&]() -> Task<> {
    EXPECT_EQ(Loop::current_or_null(), loop_.get());
    has_run = true;
    co_return;
  });
  EXPECT_TRUE(has_run);
  EXPECT_EQ(Loop::current_or_null(), nullptr);
}

TEST_P(LoopTest, rethrows_what_leaves_the_task) {
  auto body = []() -> Task<> {
    co_await yield();
    throw std::runtime_error("lost");
  };
  EXPECT_THROW(run(body), std::runtime_error);
  bool has_run = false;
  run([&]() -> Task<> {
    has_run = true;
    co_return;
  });
  EXPECT_TRUE(has_run) << "the loop may run again";
}

TEST_P(LoopTest, now_stands_still_within_a_turn_and_moves_on_with_the_next) {
  run([&]() -> Task<> {
    TimePoint first = loop_->now();
    while (Clock::now() <= first) continue;
    EXPECT_EQ(loop_->now(), first);
    co_await yield();
    EXPECT_GT(loop_->now(), first);
  });
}

// The time of the turn in which the last run ended is no time to begin with: a sleep that was
// counted from there would be over at once.
TEST_P(LoopTest, knows_the_time_when_it_runs_again) {
  auto sleep = []() -> Task<> { co_await sleep_for(std::chrono::milliseconds(1)); };
  run(sleep);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  TimePoint before = Clock::now();
  run([]() -> Task<> { co_await sleep_for(std::chrono::milliseconds(10)); });
  EXPECT_GE(Clock::now(), before + std::chrono::milliseconds(10));
}

TEST_P(LoopTest, calls_what_was_posted_before_it_ran) {
  Event posted;
  loop_->post([&] { posted.set(); });
  run([&]() -> Task<> { co_await posted.wait(); });
}

TEST_P(LoopTest, calls_what_it_posts_to_itself) {
  Event posted;
  run([&]() -> Task<> {
    loop_->post([&] { posted.set(); });
    co_await posted.wait();
  });
}

TEST_P(LoopTest, calls_every_post_of_many_threads_on_its_own_thread_in_order) {
  const int threads = 4;
  const int posts = test::rounds(100'000) / threads;
  Event all_came;
  std::vector<int> last(threads, -1);
  int total = 0;
  std::thread::id owner = std::this_thread::get_id();
  auto post_all = [&](int thread) {
    for (int i = 0; i < posts; ++i) {
      loop_->post([&, thread, i] {
        if (std::this_thread::get_id() != owner) std::abort();
        int& before = last[static_cast<std::size_t>(thread)];
        EXPECT_EQ(before, i - 1);
        before = i;
        if (++total == threads * posts) all_came.set();
      });
    }
  };
  std::vector<std::thread> posters;
  run([&]() -> Task<> {
    for (int i = 0; i < threads; ++i) posters.emplace_back(post_all, i);
    co_await all_came.wait();
  });
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(total, threads * posts);
}

// Each post wakes a loop that waits, whatever instant of its turn it hits.
TEST_P(LoopTest, loses_no_wake_when_each_post_waits_for_the_one_before) {
  const int rounds = test::rounds(5'000);
  Event done;
  std::atomic<int> answered = 0;
  std::thread poster([&] {
    for (int i = 1; i <= rounds; ++i) {
      loop_->post([&, i] {
        answered.store(i);
        if (i == rounds) done.set();
      });
      while (answered.load() < i) std::this_thread::yield();
    }
  });
  run([&]() -> Task<> { co_await done.wait(); });
  poster.join();
  EXPECT_EQ(answered.load(), rounds);
}

// The one who posts may be still on its way out of post() when the loop ends.
TEST_P(LoopTest, may_end_while_the_last_post_returns) {
  loop_.reset();  // of some engines, a thread has one at a time
  for (int round = 0; round < test::rounds(200); ++round) {
    auto loop = std::make_unique<Loop>(test::engine_factory(GetParam()), log_);
    Event posted;
    std::thread poster([&loop, &posted] { loop->post([&posted] { posted.set(); }); });
    auto body = [](Event& event) -> Task<> { co_await event.wait(); };
    loop->run(body(posted));
    loop.reset();
    poster.join();
  }
}

Loop* interrupted_loop = nullptr;
void interrupt_loop(int) { interrupted_loop->interrupt(1); }

TEST_P(LoopTest, is_interrupted_by_a_signal_handler) {
  if (test::has_thread_sanitizer) GTEST_SKIP() << "ThreadSanitizer calls handlers late";
  interrupted_loop = loop_.get();
  struct sigaction action{}, before{};
  action.sa_handler = interrupt_loop;
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  const int rounds = test::rounds(200);
  int interrupts = 0;
  std::atomic<int> answered = 0;
  Event done;
  loop_->on_interrupt([&](unsigned) {
    answered.store(++interrupts);
    if (interrupts >= rounds) done.set();
  });
  pthread_t loop_thread = ::pthread_self();
  std::thread signaller([&] {
    while (answered.load() < rounds) {
      int seen = answered.load();
      ::pthread_kill(loop_thread, SIGUSR1);
      while (answered.load() == seen) std::this_thread::yield();
    }
  });
  run([&]() -> Task<> { co_await done.wait(); });
  signaller.join();
  EXPECT_EQ(interrupts, rounds);
  ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

TEST_P(LoopTest, is_interrupted_before_it_runs) {
  Event interrupted;
  unsigned seen = 0;
  loop_->on_interrupt([&](unsigned bits) {
    seen = bits;
    interrupted.set();
  });
  loop_->interrupt(1);
  loop_->interrupt(4);
  run([&]() -> Task<> { co_await interrupted.wait(); });
  EXPECT_EQ(seen, 5U);
}

// A program may block all signals for all of its threads and take them in one.
TEST_P(LoopTest, keeps_time_and_takes_posts_on_a_thread_that_blocks_every_signal) {
  std::thread thread([this] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    Loop loop(test::engine_factory(GetParam()), log_);
    Event posted;
    std::thread poster([&] { loop.post([&] { posted.set(); }); });
    auto body = [](Event& event) -> Task<> {
      co_await event.wait();
      co_await sleep_for(std::chrono::milliseconds(2));
    };
    loop.run(body(posted));
    poster.join();
  });
  thread.join();
}

TEST_P(LoopTest, yield_lets_what_is_ready_run_first) {
  std::string order;
  auto letters = [&](char letter) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      order += letter;
      co_await yield();
    }
  };
  run([&]() -> Task<> {
    Task<> first = test::owned(letters, 'a');
    Task<> second = test::owned(letters, 'b');
    co_await all(std::move(first), std::move(second));
  });
  EXPECT_EQ(order, "ababab");
}

TEST_P(LoopTest, a_task_that_never_waits_does_not_starve_timers_and_posts) {
  bool has_posted = false, has_slept = false;
  auto busy = [&]() -> Task<> {
    while (!has_posted || !has_slept) co_await yield();
  };
  auto sleeper = [&]() -> Task<> {
    co_await sleep_for(std::chrono::milliseconds(1));
    has_slept = true;
  };
  std::thread poster([&] { loop_->post([&] { has_posted = true; }); });
  run([&]() -> Task<> {
    Task<> first = test::owned(busy);
    Task<> second = test::owned(sleeper);
    co_await all(std::move(first), std::move(second));
  });
  poster.join();
}

Task<int> ready_number(int value) { co_return value; }

TEST_P(LoopTest, a_task_whose_awaits_are_all_ready_gives_way_to_others) {
  bool is_over = false;
  long awaits = 0;
  auto greedy = [&]() -> Task<> {
    while (!is_over && awaits < 10'000'000) {
      int one = co_await ready_number(1);
      awaits += one;
    }
  };
  auto other = [&]() -> Task<> {
    co_await yield();
    is_over = true;
  };
  run([&]() -> Task<> {
    Task<> first = test::owned(greedy);
    Task<> second = test::owned(other);
    co_await all(std::move(first), std::move(second));
  });
  EXPECT_TRUE(is_over);
  EXPECT_LT(awaits, 10'000);
}

TEST_P(LoopTest, loops_of_several_threads_do_not_meet) {
  std::vector<std::thread> threads;
  std::atomic<int> turns = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Loop loop(test::engine_factory(GetParam()), log_);
      auto body = [](std::atomic<int>& count) -> Task<> {
        for (int turn = 0; turn < 1000; ++turn) {
          int one = co_await ready_number(1);
          co_await yield();
          count += one;
        }
      };
      loop.run(body(turns));
      EXPECT_EQ(loop.census(), LoopCensus());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turns.load(), 4000);
}

TEST_P(LoopTest, another_loop_may_run_inside_and_the_outer_one_is_current_again) {
  Loop outer(test::engine_factory("poll"), log_);
  auto inside = []() -> Task<> { co_await sleep_for(std::chrono::milliseconds(1)); };
  auto body = [&]() -> Task<> {
    loop_->run(inside());
    EXPECT_EQ(&Loop::current(), &outer);
    co_await yield();
  };
  outer.run(test::owned(body));
}

}  // namespace
}  // namespace duet

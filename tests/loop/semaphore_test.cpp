// Mutex and Semaphore: tasks of one loop, of several, and plain threads.

#include <thread>

#include "duet/loop/mutex.hpp"
#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using SemaphoreTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, SemaphoreTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(SemaphoreTest, lets_in_as_many_as_it_has_permits) {
  Semaphore semaphore(3);
  int inside = 0, most = 0;
  auto enter = [&]() -> Task<> {
    Semaphore::Permit permit = co_await semaphore.acquire();
    most = std::max(most, ++inside);
    co_await sleep_for(milliseconds(1));
    --inside;
  };
  run([&]() -> Task<> {
    std::vector<Task<>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(test::owned(enter));
    co_await all(std::move(tasks));
    EXPECT_EQ(most, 3);
    EXPECT_EQ(semaphore.available(), 3U);
  });
}

TEST_P(SemaphoreTest, serves_in_the_order_of_arrival) {
  Mutex mutex;
  std::string order;
  auto enter = [&](char name) -> Task<> {
    Mutex::Lock lock = co_await mutex.lock();
    co_await yield();
    order += name;
  };
  run([&]() -> Task<> {
    std::vector<Task<>> tasks;
    for (char name : {'a', 'b', 'c', 'd'}) tasks.push_back(test::owned(enter, name));
    co_await all(std::move(tasks));
    EXPECT_EQ(order, "abcd");
  });
}

TEST_P(SemaphoreTest, a_cancelled_wait_takes_nothing) {
  Mutex mutex;
  auto enter = [&]() -> Task<> { Mutex::Lock lock = co_await mutex.lock(); };
  run([&]() -> Task<> {
    std::optional<Mutex::Lock> held = mutex.try_lock();
    EXPECT_FALSE(mutex.try_lock());
    Task<> entering = test::owned(enter);
    Task<> task = within(milliseconds(1), std::move(entering));
    co_await expect_outcome(std::move(task), "timed out");
    held.reset();
    EXPECT_TRUE(mutex.try_lock());
  });
}

// What was given before the cancellation came is kept, not lost.
TEST_P(SemaphoreTest, a_permit_that_was_given_is_given_although_a_cancel_follows) {
  Semaphore semaphore(0);
  bool is_given = false;
  auto enter = [&]() -> Task<> {
    Semaphore::Permit permit = co_await semaphore.acquire();
    is_given = true;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(test::owned(enter));
    co_await yield();
    co_await yield();
    semaphore.release();
    scope.cancel();
  };
  run([&]() -> Task<> {
    co_await scoped(body);
    EXPECT_TRUE(is_given);
    EXPECT_EQ(semaphore.available(), 1U);
  });
}

TEST_P(SemaphoreTest, a_permit_that_is_kept_is_used_up) {
  Semaphore semaphore(2);
  run([&]() -> Task<> {
    Semaphore::Permit permit = co_await semaphore.acquire();
    permit.keep();
    EXPECT_EQ(semaphore.available(), 1U);
    semaphore.release();
    EXPECT_EQ(semaphore.available(), 2U);
  });
}

// Each thread has a loop of its own; none may see another inside.
TEST_P(SemaphoreTest, a_mutex_excludes_tasks_of_other_loops_and_threads) {
  Mutex mutex;
  long counter = 0;
  const int rounds = test::rounds(2000);
  auto count = [&]() -> Task<> {
    for (int i = 0; i < rounds; ++i) {
      Mutex::Lock lock = co_await mutex.lock();
      long seen = counter;
      if (i % 64 == 0) co_await yield();
      counter = seen + 1;
    }
  };
  auto run_a_loop = [&] {
    Loop loop(test::engine_factory(GetParam()), log_);
    loop.run(all(test::owned(count), test::owned(count)));
  };
  auto run_a_thread = [&] {
    for (int i = 0; i < rounds; ++i) {
      Mutex::Lock lock = wait(mutex.lock());
      ++counter;
    }
  };
  std::thread first(run_a_loop), second(run_a_loop), third(run_a_thread);
  first.join();
  second.join();
  third.join();
  EXPECT_EQ(counter, 5L * rounds);
}

// Cancelled by its loop while another thread gives: the permit is in one place afterwards.
TEST_P(SemaphoreTest, cancelling_against_a_release_of_another_thread_loses_no_permit) {
  Semaphore semaphore(0);
  const int rounds = test::rounds(2000);
  long taken = 0;
  auto enter = [&]() -> Task<> {
    Semaphore::Permit permit = co_await semaphore.acquire();
    permit.keep();
    ++taken;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(test::owned(enter));
    co_await yield();
    co_await yield();
    scope.cancel();
  };
  std::thread releasing([&] {
    for (int i = 0; i < rounds; ++i) semaphore.release();
  });
  run([&]() -> Task<> {
    for (int i = 0; i < rounds; ++i) co_await scoped(body);
  });
  releasing.join();
  EXPECT_EQ(taken + static_cast<long>(semaphore.available()), rounds);
}

}  // namespace
}  // namespace duet

#include "sys/thread_timer.hpp"

#include <pthread.h>
#include <time.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "sys/signal.hpp"

namespace duet::sys {
namespace {

// Ends early, with EINTR, when a signal is taken.
int sleep_interruptibly(Duration longest) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(longest);
  timespec rest{.tv_sec = seconds.count(), .tv_nsec = (longest - seconds).count()};
  return ::clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, nullptr);
}

constexpr Duration long_time = std::chrono::seconds(20);
constexpr Duration repeat = std::chrono::milliseconds(2);

TEST(ThreadTimer, interrupts_its_thread_at_the_deadline_and_not_before) {
  ThreadTimer timer;
  TimePoint deadline = Clock::now() + std::chrono::milliseconds(5);
  timer.start(deadline, repeat);
  EXPECT_EQ(sleep_interruptibly(long_time), EINTR);
  EXPECT_GE(Clock::now(), deadline);
}

TEST(ThreadTimer, interrupts_again_until_it_is_stopped) {
  ThreadTimer timer;
  timer.start(past, repeat);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sleep_interruptibly(long_time), EINTR);
  timer.start(never, repeat);
  EXPECT_EQ(sleep_interruptibly(std::chrono::milliseconds(10)), 0);
}

TEST(ThreadTimer, is_started_by_another_thread) {
  ThreadTimer timer;
  std::thread other([&timer] { timer.start(past, repeat); });
  EXPECT_EQ(sleep_interruptibly(long_time), EINTR);
  other.join();
}

// A program that takes its signals in one thread blocks them all in the others: a loop made there
// would never be woken.
TEST(ThreadTimer, interrupts_a_thread_that_had_blocked_every_signal) {
  std::thread thread([] {
    BlockedSignals blocked;
    ThreadTimer timer;
    timer.start(past, repeat);
    EXPECT_EQ(sleep_interruptibly(std::chrono::seconds(5)), EINTR);
  });
  thread.join();
}

}  // namespace
}  // namespace duet::sys

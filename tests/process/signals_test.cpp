// Signals that are awaited, on each engine.

#include "duet/process/signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <barrier>
#include <latch>
#include <thread>

#include "duet/loop/all.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/loop/within.hpp"
#include "loop/loop_fixture.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

bool is_blocked(int signal) {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, signal) == 1;
}

std::error_code refusal_of(std::initializer_list<Signal> taken) {
  try {
    Signals signals(taken);
  } catch (const IoError& error) {
    return error.code();
  }
  return {};
}

class SignalsTest : public LoopTest {};
INSTANTIATE_TEST_SUITE_P(Engines, SignalsTest, testing::ValuesIn(every_engine), engine_name);

TEST_P(SignalsTest, are_awaited) {
  Signals signals({Signal::user1, Signal::user2});
  run([&]() -> Task<> {
    SignalWatch watch(signals);
    ::kill(::getpid(), SIGUSR2);
    Signal signal = co_await watch.next();
    EXPECT_EQ(signal, Signal::user2);
  });
}

Task<> send_soon(int signal) {
  co_await sleep_for(5ms);
  ::kill(::getpid(), signal);
}

Task<> expect_next(SignalWatch& watch, Signal expected) {
  Signal signal = co_await watch.next();
  EXPECT_EQ(signal, expected);
}

TEST_P(SignalsTest, end_a_wait_that_is_under_way) {
  Signals signals({Signal::user1});
  run([&]() -> Task<> {
    SignalWatch watch(signals);
    co_await all(expect_next(watch, Signal::user1), send_soon(SIGUSR1));
  });
}

TEST_P(SignalsTest, that_were_pending_are_seen_by_the_first_watch) {
  Signals signals({Signal::user1});
  ::kill(::getpid(), SIGUSR1);
  run([&]() -> Task<> {
    SignalWatch watch(signals);
    co_await expect_next(watch, Signal::user1);
  });
}

TEST_P(SignalsTest, are_seen_by_each_watch_of_a_loop) {
  Signals signals({Signal::user1});
  run([&]() -> Task<> {
    SignalWatch first(signals);
    SignalWatch second(signals);
    ::kill(::getpid(), SIGUSR1);
    co_await expect_next(first, Signal::user1);
    co_await expect_next(second, Signal::user1);
  });
}

// Both loops watch before the signal is sent, and each round is over when both have seen it.
Task<> take_in_rounds(Signals& signals, std::barrier<>& round, int count, bool sends) {
  SignalWatch watch(signals);
  for (int i = 0; i < count; ++i) {
    round.arrive_and_wait();
    if (sends) ::kill(::getpid(), SIGUSR1);
    co_await expect_next(watch, Signal::user1);
  }
  round.arrive_and_wait();
}

TEST_P(SignalsTest, are_seen_on_two_loops) {
  Signals signals({Signal::user1});
  int count = rounds(1000);
  std::barrier<> round(2);
  std::thread other([&] {
    Loop loop(engine_factory(GetParam()), log_);
    loop.run(take_in_rounds(signals, round, count, false));
    EXPECT_EQ(loop.census(), LoopCensus());
  });
  loop_->run(take_in_rounds(signals, round, count, true));
  other.join();
}

TEST_P(SignalsTest, are_not_lost_when_the_wait_for_them_is_cancelled) {
  Signals signals({Signal::user1});
  run([&]() -> Task<> {
    SignalWatch watch(signals);
    try {
      co_await within(5ms, watch.next());
      ADD_FAILURE() << "nothing was sent";
    } catch (const TimedOut&) {
    }
    ::kill(::getpid(), SIGUSR1);
    co_await expect_next(watch, Signal::user1);
  });
}

// It would end the program: nobody blocks it any more.
TEST_P(SignalsTest, that_are_pending_at_the_end_are_dropped) {
  {
    Signals signals({Signal::user1});
    ::kill(::getpid(), SIGUSR1);
  }
  EXPECT_FALSE(is_blocked(SIGUSR1));
  Signals again({Signal::user1});
  run([&]() -> Task<> {
    SignalWatch watch(again);
    ::kill(::getpid(), SIGUSR1);
    co_await expect_next(watch, Signal::user1);
  });
}

TEST_P(SignalsTest, that_a_watch_has_read_at_its_end_are_seen_by_the_others) {
  Signals signals({Signal::user1});
  run([&]() -> Task<> {
    SignalWatch stays(signals);
    {
      SignalWatch goes(signals);
      ::kill(::getpid(), SIGUSR1);
    }
    co_await expect_next(stays, Signal::user1);
  });
}

TEST(Signals, leave_the_mask_as_it_was) {
  {
    Signals signals({Signal::user1});
    EXPECT_TRUE(is_blocked(SIGUSR1));
  }
  EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(Signals, have_one_taker_each) {
  Signals signals({Signal::user1});
  EXPECT_EQ(refusal_of({Signal::user1, Signal::user2}), std::errc::device_or_resource_busy);
  EXPECT_EQ(refusal_of({Signal::user2}), std::error_code());
}

TEST(Signals, are_left_to_a_handler) {
  auto before = ::signal(SIGUSR1, [](int) {});
  EXPECT_EQ(refusal_of({Signal::user1}), std::errc::device_or_resource_busy);
  ::signal(SIGUSR1, before);
}

TEST(Signals, that_nobody_can_take_are_refused) {
  for (Signal signal : {Signal::kill, Signal::stop, Signal::child_ended, Signal(0), Signal(65)})
    EXPECT_EQ(refusal_of({signal}), std::errc::invalid_argument) << static_cast<int>(signal);
}

TEST(Signals, are_refused_while_another_thread_does_not_block_them) {
  std::latch begun(1);  // before, it blocks everything
  std::latch end(1);
  std::thread thread([&] {
    begun.count_down();
    end.wait();
  });
  begun.wait();
  try {
    Signals signals({Signal::user1});
    ADD_FAILURE() << "taken";
  } catch (const IoError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("take SIGUSR1, which thread "))
        << error.what();
  }
  end.count_down();
  thread.join();
}

}  // namespace
}  // namespace duet::test

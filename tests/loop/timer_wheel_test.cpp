#include "duet/loop/timer_wheel.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/rounds.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct RecordingTimer : Timer {
  explicit RecordingTimer(int of, std::vector<int>& into)
      : Timer(record), number(of), fired(into) {}
  static void record(Timer& timer) {
    auto& self = static_cast<RecordingTimer&>(timer);
    self.fired.push_back(self.number);
    if (self.action) self.action();
  }
  int number;
  std::vector<int>& fired;
  std::function<void()> action;
};

class TimerWheelTest : public ::testing::Test {
 protected:
  TimerWheelTest() {
    for (int i = 0; i < 8; ++i) timers_.push_back(std::make_unique<RecordingTimer>(i, fired_));
  }
  RecordingTimer& timer(std::size_t number) { return *timers_[number]; }

  const TimePoint start_ = TimePoint(hours(100));
  TimerWheel wheel_{start_};
  std::vector<int> fired_;
  std::vector<std::unique_ptr<RecordingTimer>> timers_;
};

TEST_F(TimerWheelTest, never_fires_early) {
  for (Duration delay : {Duration(1), Duration(microseconds(1)), Duration(milliseconds(1)),
                         Duration(milliseconds(63)), Duration(milliseconds(64)),
                         Duration(milliseconds(65)), Duration(seconds(5)), Duration(hours(30))}) {
    TimerWheel wheel(start_);
    fired_.clear();
    wheel.add(timer(0), start_ + delay);
    wheel.advance(start_ + delay - Duration(1));
    EXPECT_TRUE(fired_.empty()) << delay.count();
    wheel.advance(start_ + delay + milliseconds(1));
    EXPECT_EQ(fired_, std::vector{0}) << delay.count();
    EXPECT_EQ(wheel.size(), 0U);
  }
}

TEST_F(TimerWheelTest, fires_at_a_whole_millisecond_at_once) {
  wheel_.add(timer(0), start_ + milliseconds(10));
  wheel_.advance(start_ + milliseconds(10));
  EXPECT_EQ(fired_, std::vector{0});
}

TEST_F(TimerWheelTest, fires_in_the_order_of_the_deadlines) {
  wheel_.add(timer(0), start_ + milliseconds(70));
  wheel_.add(timer(1), start_ + microseconds(5700));
  wheel_.add(timer(2), start_ + seconds(9));
  wheel_.add(timer(3), start_ + microseconds(5300));
  wheel_.advance(start_ + seconds(10));
  EXPECT_EQ(fired_, (std::vector{3, 1, 0, 2}));
}

TEST_F(TimerWheelTest, fires_equal_deadlines_in_the_order_of_their_start) {
  TimePoint deadline = start_ + seconds(100);
  wheel_.add(timer(4), deadline);
  wheel_.advance(start_ + seconds(50));
  wheel_.add(timer(1), deadline);
  wheel_.advance(start_ + seconds(99));
  wheel_.add(timer(3), deadline);
  wheel_.advance(start_ + seconds(101));
  EXPECT_EQ(fired_, (std::vector{4, 1, 3}));
}

TEST_F(TimerWheelTest, fires_at_the_next_advance_what_was_due_when_it_was_added) {
  wheel_.advance(start_ + seconds(1));
  wheel_.add(timer(0), start_ + seconds(1));
  wheel_.add(timer(1), start_);
  wheel_.add(timer(2), start_ - hours(1));
  wheel_.add(timer(3), past);
  EXPECT_EQ(wheel_.next(), past);
  wheel_.advance(start_ + seconds(1));
  EXPECT_EQ(fired_, (std::vector{3, 2, 1, 0}));
}

TEST_F(TimerWheelTest, a_deadline_in_the_far_future_neither_overflows_nor_fires) {
  wheel_.add(timer(0), never);
  wheel_.add(timer(1), never - Duration(1));
  wheel_.add(timer(2), start_ + hours(24 * 365 * 200));
  wheel_.add(timer(3), start_ + milliseconds(3));
  EXPECT_GT(wheel_.next(), start_);
  EXPECT_LE(wheel_.next(), start_ + milliseconds(3));
  wheel_.advance(start_ + hours(24 * 365 * 100));
  EXPECT_EQ(fired_, std::vector{3});
  EXPECT_GT(wheel_.next(), start_ + hours(24 * 365 * 100));
  for (std::size_t i = 0; i < 3; ++i) wheel_.remove(timer(i));
  EXPECT_EQ(wheel_.next(), never);
}

TEST_F(TimerWheelTest, next_is_never_when_there_is_none) {
  EXPECT_EQ(wheel_.next(), never);
  wheel_.add(timer(0), start_ + seconds(1));
  wheel_.remove(timer(0));
  EXPECT_EQ(wheel_.next(), never);
  EXPECT_EQ(wheel_.size(), 0U);
}

TEST_F(TimerWheelTest, removing_twice_is_removing_once) {
  wheel_.add(timer(0), start_ + seconds(1));
  wheel_.remove(timer(0));
  wheel_.remove(timer(0));
  EXPECT_EQ(wheel_.size(), 0U);
  wheel_.advance(start_ + seconds(2));
  EXPECT_TRUE(fired_.empty());
}

TEST_F(TimerWheelTest, firing_one_may_remove_another_that_is_due) {
  for (std::size_t i = 0; i < 4; ++i) wheel_.add(timer(i), start_ + milliseconds(5));
  timer(0).action = [&] { wheel_.remove(timer(2)); };
  timer(3).action = [&] { wheel_.remove(timer(0)); };
  wheel_.advance(start_ + milliseconds(6));
  EXPECT_EQ(fired_, (std::vector{0, 1, 3}));
  EXPECT_EQ(wheel_.size(), 0U);
}

TEST_F(TimerWheelTest, firing_one_may_set_it_again_and_others) {
  wheel_.add(timer(0), start_ + milliseconds(5));
  timer(0).action = [&] {
    if (fired_.size() > 3) return;
    wheel_.add(timer(0), start_ + milliseconds(5));
    wheel_.remove(timer(1));
    wheel_.add(timer(1), start_ + seconds(1));
  };
  wheel_.advance(start_ + milliseconds(6));
  EXPECT_EQ(fired_, std::vector{0}) << "one round per advance";
  wheel_.advance(start_ + milliseconds(6));
  wheel_.advance(start_ + milliseconds(6));
  EXPECT_EQ(fired_, (std::vector{0, 0, 0}));
  wheel_.advance(start_ + seconds(2));
  EXPECT_EQ(fired_, (std::vector{0, 0, 0, 0, 1}));
  EXPECT_EQ(wheel_.size(), 0U);
}

TEST_F(TimerWheelTest, time_that_stands_still_or_steps_back_fires_nothing) {
  wheel_.advance(start_ + seconds(1));
  wheel_.add(timer(0), start_ + seconds(2));
  wheel_.advance(start_ + seconds(1));
  wheel_.advance(start_);
  EXPECT_TRUE(fired_.empty());
  wheel_.advance(start_ + seconds(2));
  EXPECT_EQ(fired_, std::vector{0});
}

// The same operations on the wheel and on a plain list: the wheel must fire the same timers in the
// same order, late by less than its resolution, and never wait past the earliest.
class WheelAgainstModel {
 public:
  explicit WheelAgainstModel(unsigned seed) : random_(seed) {
    for (int i = 0; i < 64; ++i) timers_.push_back(std::make_unique<RecordingTimer>(i, fired_));
    deadlines_.resize(timers_.size(), never);
    orders_.resize(timers_.size());
  }

  void step() {
    std::size_t at = random_() % timers_.size();
    switch (random_() % 4) {
      case 0:
      case 1:
        if (deadlines_[at] == never) add(at);
        break;
      case 2: remove(at); break;
      default: advance(); break;
    }
    check_next();
  }

 private:
  Duration random_delay() {
    constexpr Duration scales[] = {microseconds(1), milliseconds(1), milliseconds(50),
                                   seconds(4),      hours(1),        hours(10)};
    Duration scale = scales[random_() % std::size(scales)];
    auto range = static_cast<unsigned long>(scale.count()) * 100;
    return Duration(static_cast<Duration::rep>(random_() % range));
  }

  void add(std::size_t at) {
    deadlines_[at] = now_ + random_delay();
    if (random_() % 8 == 0) deadlines_[at] = now_ - random_delay();
    orders_[at] = ++order_;
    wheel_.add(*timers_[at], deadlines_[at]);
  }

  void remove(std::size_t at) {
    wheel_.remove(*timers_[at]);
    deadlines_[at] = never;
  }

  void advance() {
    now_ += random_delay();
    if (random_() % 3 == 0 && wheel_.next() != past && wheel_.next() != never)
      now_ = std::max(now_, wheel_.next());
    fired_.clear();
    wheel_.advance(now_);
    std::vector<int> expected;
    for (std::size_t i = 0; i < deadlines_.size(); ++i)
      if (deadlines_[i] <= now_ - milliseconds(1)) expected.push_back(static_cast<int>(i));
    std::ranges::sort(expected, [&](int a, int b) { return key(a) < key(b); });
    std::erase_if(fired_, [&](int number) { return check_not_early_nor_overdue(number); });
    ASSERT_EQ(fired_, expected);
    for (int number : expected) deadlines_[static_cast<std::size_t>(number)] = never;
  }

  // A timer within the resolution of now may fire or not; then it is done with here.
  bool check_not_early_nor_overdue(int number) {
    auto at = static_cast<std::size_t>(number);
    EXPECT_LE(deadlines_[at], now_);
    if (deadlines_[at] <= now_ - milliseconds(1)) return false;
    deadlines_[at] = never;
    return true;
  }

  std::pair<TimePoint, int> key(int number) const {
    auto at = static_cast<std::size_t>(number);
    return {deadlines_[at], orders_[at]};
  }

  void check_next() {
    TimePoint earliest = *std::ranges::min_element(deadlines_);
    auto count = std::ranges::count_if(deadlines_, [](TimePoint at) { return at != never; });
    ASSERT_EQ(wheel_.size(), static_cast<std::size_t>(count));
    if (earliest == never) return;
    ASSERT_LE(wheel_.next(), earliest + milliseconds(1)) << "a wait would be too long";
  }

  std::mt19937_64 random_;
  TimePoint now_ = TimePoint(hours(10'000));  // no deadline is earlier than `past`
  TimerWheel wheel_{now_};
  std::vector<int> fired_;
  std::vector<std::unique_ptr<RecordingTimer>> timers_;
  std::vector<TimePoint> deadlines_;  // never: not set
  std::vector<int> orders_;
  int order_ = 0;
};

TEST(TimerWheel, agrees_with_a_plain_list_over_100000_random_steps) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    WheelAgainstModel both(seed);
    for (int i = 0; i < test::rounds(10'000); ++i) {
      both.step();
      ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "step " << i;
    }
  }
}

// Waiting until next() and advancing, as a loop does, must reach every timer in a few rounds.
TEST(TimerWheel, next_leads_to_a_far_timer_in_few_steps) {
  TimePoint start{hours(5)};
  TimerWheel wheel(start);
  std::vector<int> fired;
  RecordingTimer timer(1, fired);
  TimePoint deadline = start + hours(777) + microseconds(1234567);
  wheel.add(timer, deadline);
  int steps = 0;
  TimePoint now = start;
  for (; fired.empty() && steps < 20; ++steps) {
    ASSERT_GE(wheel.next(), now);
    now = wheel.next();
    wheel.advance(now);
  }
  EXPECT_LE(steps, 8);
  EXPECT_GE(now, deadline);
  EXPECT_LT(now, deadline + milliseconds(1));
}

// If setting or removing one looked at others, this would take hours.
TEST(TimerWheel, keeps_a_million_timers_and_half_of_them_are_removed) {
  constexpr std::size_t count = 1'000'000;
  struct CountingTimer : Timer {
    CountingTimer() : Timer([](Timer& timer) { ++*static_cast<CountingTimer&>(timer).fired; }) {}
    std::size_t* fired = nullptr;
  };
  TimePoint start{hours(5)};
  TimerWheel wheel(start);
  std::vector<CountingTimer> timers(count);
  std::size_t fired = 0;
  std::minstd_rand random(1);
  for (CountingTimer& timer : timers) {
    timer.fired = &fired;
    wheel.add(timer, start + milliseconds(1 + random() % 3'600'000));
  }
  EXPECT_EQ(wheel.size(), count);
  for (std::size_t i = 0; i < count; i += 2) wheel.remove(timers[i]);
  EXPECT_EQ(wheel.size(), count / 2);
  for (TimePoint now = start; now <= start + hours(1); now += seconds(1)) wheel.advance(now);
  EXPECT_EQ(fired, count / 2);
  EXPECT_EQ(wheel.size(), 0U);
}

}  // namespace
}  // namespace duet

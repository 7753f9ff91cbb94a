// Every mechanism under both triggers: what it reports, and when.

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "io/interrupter.hpp"
#include "io/mechanism_fixture.hpp"
#include "sys/event_fd.hpp"

namespace duet::io {
namespace {

INSTANTIATE_TEST_SUITE_P(level, MechanismTest, ::testing::ValuesIn(level_rows), name_of);
INSTANTIATE_TEST_SUITE_P(once, MechanismTest, ::testing::ValuesIn(once_rows), name_of);
INSTANTIATE_TEST_SUITE_P(level, MechanismLevelTest, ::testing::ValuesIn(level_rows), name_of);
INSTANTIATE_TEST_SUITE_P(once, MechanismOnceTest, ::testing::ValuesIn(once_rows), name_of);

TEST_P(MechanismTest, reports_what_was_ready_before_it_was_added) {
  write_to_us("x");
  add(readable);
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, reports_what_becomes_ready_with_the_token) {
  add(readable);
  EXPECT_EQ(look().readable, reports_what_it_does_not_know());
  write_to_us("x");
  if (reports_what_it_does_not_know()) selector_->rearm(ours_.get(), Direction::read);
  EXPECT_TRUE(look(Clock::now() + std::chrono::seconds(10)).readable);
}

TEST_P(MechanismTest, reports_both_directions) {
  add(both);
  write_to_us("x");
  Events seen = look();
  EXPECT_TRUE(seen.readable);
  EXPECT_TRUE(seen.writable);
}

TEST_P(MechanismTest, repeats_or_keeps_silent_as_its_trigger_says) {
  write_to_us("x");
  add(readable);
  EXPECT_TRUE(look().readable);
  EXPECT_EQ(look().readable, !is_once());
  EXPECT_EQ(look().readable, !is_once());
}

TEST_P(MechanismTest, after_rearm_reports_the_next_readiness) {
  add(readable);
  for (int i = 0; i < 3; ++i) {
    write_to_us("abc");
    EXPECT_TRUE(look().readable);
    EXPECT_EQ(read_all(), 3U);
    if (is_once()) selector_->rearm(ours_.get(), Direction::read);
    if (!reports_what_it_does_not_know()) {
      EXPECT_FALSE(look().readable);
    }
  }
}

// Bytes that come between EAGAIN and rearm must not be lost.
TEST_P(MechanismTest, rearm_reports_what_came_before_it) {
  add(readable);
  write_to_us("a");
  EXPECT_TRUE(look().readable);
  EXPECT_EQ(read_all(), 1U);
  write_to_us("b");
  if (is_once()) selector_->rearm(ours_.get(), Direction::read);
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismOnceTest, rearming_one_direction_leaves_the_other_one_alone) {
  add(both);
  EXPECT_TRUE(look().writable);
  selector_->rearm(ours_.get(), Direction::read);
  EXPECT_FALSE(look().writable);
  write_to_us("x");
  if (reports_what_it_does_not_know()) selector_->rearm(ours_.get(), Direction::read);
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, a_hang_up_is_readable_and_writable) {
  Events seen = look_at_hang_up();
  EXPECT_TRUE(seen.readable);
  EXPECT_TRUE(seen.writable);
}

TEST_P(MechanismTest, a_hang_up_is_exceptional) {
  if (!why_no_ends().empty()) GTEST_SKIP() << why_no_ends();
  EXPECT_TRUE(look_at_hang_up().exceptional);
}

TEST_P(MechanismOnceTest, a_hang_up_does_not_spin) {
  add(both);
  peer_.close();
  EXPECT_TRUE(look().any());
  int reports = 0;
  for (int i = 0; i < 10; ++i) reports += static_cast<int>(selector_->wait(past).size());
  EXPECT_LE(reports, 1);
}

TEST_P(MechanismOnceTest, a_hang_up_does_not_spin_when_nothing_was_rearmed) {
  selector_->add(ours_.get(), both, 7);
  peer_.close();
  int reports = 0;
  for (int i = 0; i < 10; ++i) reports += static_cast<int>(selector_->wait(past).size());
  EXPECT_LE(reports, 1);
}

TEST_P(MechanismTest, the_peers_end_is_readable) {
  add(readable);
  ::shutdown(peer_.get(), SHUT_WR);
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, the_peers_end_is_exceptional) {
  if (!why_no_ends().empty()) GTEST_SKIP() << why_no_ends();
  add(readable);
  ::shutdown(peer_.get(), SHUT_WR);
  EXPECT_TRUE(look().exceptional);
}

TEST_P(MechanismTest, calls_a_regular_file_ready) {
  if (is("epoll") || is("signal"))
    GTEST_SKIP() << test::refused("epoll(7) and signals know no readiness of regular files",
                                  "SelectorWithoutFiles.refuses_a_regular_file");
  sys::Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  selector_->add(file.get(), readable, 7);
  if (is_once()) selector_->rearm(file.get(), Direction::read);
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, does_not_end_early_below_a_millisecond) {
  for (auto delay : {std::chrono::microseconds(50), std::chrono::microseconds(300),
                     std::chrono::microseconds(1500)}) {
    TimePoint deadline = Clock::now() + delay;
    EXPECT_TRUE(selector_->wait(deadline).empty());
    EXPECT_GE(Clock::now(), deadline);
  }
}

TEST_P(MechanismTest, with_a_deadline_that_has_passed_does_not_wait) {
  EXPECT_TRUE(selector_->wait(past).empty());
  EXPECT_TRUE(selector_->wait(Clock::now() - std::chrono::seconds(1)).empty());
}

TEST_P(MechanismTest, interrupted_by_signals_goes_on_with_the_time_that_remains) {
  test::Interrupter interrupter;
  TimePoint deadline = Clock::now() + std::chrono::milliseconds(20);
  EXPECT_TRUE(selector_->wait(deadline).empty());
  EXPECT_GE(Clock::now(), deadline);
  EXPECT_LT(Clock::now(), deadline + std::chrono::seconds(10));
}

TEST_P(MechanismTest, reports_more_than_one_batch) {
  std::vector<std::unique_ptr<sys::EventFd>> events;
  std::vector<bool> is_seen(300);
  for (std::size_t i = 0; i < is_seen.size(); ++i) {
    events.push_back(std::make_unique<sys::EventFd>());
    selector_->add(events[i]->get(), readable, i);
    if (is_once()) selector_->rearm(events[i]->get(), Direction::read);
    events[i]->signal();
  }
  for (int wait = 0; wait < 10; ++wait)
    for (const Report& report : selector_->wait(past)) is_seen[report.token] = true;
  EXPECT_EQ(std::ranges::count(is_seen, true), 300);
}

}  // namespace
}  // namespace duet::io

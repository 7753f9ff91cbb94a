// Every selector under both triggers: reports, errors, time.

#include "duet/io/selector_mechanism.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/skip_reason.hpp"
#include "sys/event_fd.hpp"
#include "sys/fd.hpp"
#include "sys/signal.hpp"

namespace duet::io {
namespace {

struct Row {
  const char* name;
  std::unique_ptr<SelectorMechanism> (*make)(Trigger);
  Trigger trigger;
};

const Row level_rows[] = {{"level_epoll", make_epoll_mechanism, Trigger::level},
                          {"level_poll", make_poll_mechanism, Trigger::level},
                          {"level_select", make_select_mechanism, Trigger::level},
                          {"level_spin", make_spin_mechanism, Trigger::level},
                          {"level_signal", make_signal_mechanism, Trigger::level}};
const Row once_rows[] = {{"once_epoll", make_epoll_mechanism, Trigger::once},
                         {"once_poll", make_poll_mechanism, Trigger::once},
                         {"once_select", make_select_mechanism, Trigger::once},
                         {"once_spin", make_spin_mechanism, Trigger::once},
                         {"once_signal", make_signal_mechanism, Trigger::once}};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

constexpr Events readable = {.readable = true};
constexpr Events writable = {.writable = true};
constexpr Events both = {.readable = true, .writable = true};

class MechanismTest : public ::testing::TestWithParam<Row> {
 protected:
  MechanismTest() : selector_(GetParam().make(GetParam().trigger)) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    ours_ = sys::Fd(ends[0]);
    peer_ = sys::Fd(ends[1]);
  }

  bool is_once() const { return GetParam().trigger == Trigger::once; }
  bool is(std::string_view selector) const {
    return std::string_view(GetParam().name).ends_with(selector);
  }

  // What is armed and not ready is reported all the same: the caller is to try.
  bool reports_what_it_does_not_know() const { return is("once_spin"); }

  std::string why_no_ends() const {
    if (is("select"))
      return test::refused("select(2) tells an end by nothing but readability",
                           "SelectSelector.tells_no_end_as_exceptional");
    if (is("once_spin"))
      return test::refused("spin tells of what it does not know",
                           "SpinSelector.tells_nothing_as_exceptional_under_trigger_once");
    return {};
  }

  void add(Events interest, std::uint64_t token = 7) {
    selector_->add(ours_.get(), interest, token);
    if (!is_once()) return;
    if (interest.readable) selector_->rearm(ours_.get(), Direction::read);
    if (interest.writable) selector_->rearm(ours_.get(), Direction::write);
  }

  // What is reported of our descriptor now.
  Events look(TimePoint deadline = past) {
    Events seen;
    for (const Report& report : selector_->wait(deadline)) {
      EXPECT_EQ(report.token, 7U);
      seen.readable |= report.events.readable;
      seen.writable |= report.events.writable;
      seen.exceptional |= report.events.exceptional;
    }
    return seen;
  }

  Events look_at_hang_up() {
    add(both);
    look();
    peer_.close();
    if (is_once()) {
      selector_->rearm(ours_.get(), Direction::read);
      selector_->rearm(ours_.get(), Direction::write);
    }
    return look();
  }

  void write_to_us(std::string_view text) {
    EXPECT_EQ(::send(peer_.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }

  std::size_t read_all() {
    char buffer[64];
    std::size_t total = 0;
    for (ssize_t count = 1; count > 0; total += count > 0 ? static_cast<std::size_t>(count) : 0)
      count = ::recv(ours_.get(), buffer, sizeof buffer, 0);
    return total;
  }

  static int errno_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const IoError& error) {
      return error.code().value();
    }
    return 0;
  }

  std::unique_ptr<SelectorMechanism> selector_;
  sys::Fd ours_, peer_;
};

using MechanismLevelTest = MechanismTest;
using MechanismOnceTest = MechanismTest;

std::string name_of(const ::testing::TestParamInfo<Row>& row) { return row.param.name; }

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

TEST_P(MechanismLevelTest, modify_changes_interest_and_token) {
  selector_->add(ours_.get(), writable, 1);
  selector_->modify(ours_.get(), readable, 7);
  EXPECT_FALSE(look().writable);
  write_to_us("x");
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, is_silent_about_what_was_removed) {
  add(readable);
  write_to_us("x");
  selector_->remove(ours_.get());
  EXPECT_TRUE(selector_->wait(past).empty());
  add(readable);
  EXPECT_TRUE(look().readable) << "it may be added again";
}

TEST_P(MechanismTest, removing_one_keeps_the_others) {
  sys::EventFd first, second;
  selector_->add(first.get(), readable, 1);
  add(readable);
  selector_->add(second.get(), readable, 2);
  selector_->remove(first.get());
  selector_->remove(second.get());
  first.signal();
  second.signal();
  write_to_us("x");
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, a_descriptor_may_be_closed_before_it_is_removed) {
  add(readable);
  int number = ours_.get();
  ours_.close();
  selector_->remove(number);
  EXPECT_TRUE(selector_->wait(past).empty());
}

TEST_P(MechanismTest, refuses_to_add_twice) {
  add(readable);
  EXPECT_EQ(errno_of([&] { selector_->add(ours_.get(), both, 8); }), EEXIST);
  write_to_us("x");
  EXPECT_TRUE(look().readable) << "the selector is as it was";
}

TEST_P(MechanismTest, refuses_to_modify_what_it_does_not_know) {
  EXPECT_EQ(errno_of([&] { selector_->modify(ours_.get(), readable, 7); }), ENOENT);
}

TEST_P(MechanismTest, removing_what_it_does_not_know_changes_nothing) {
  selector_->remove(ours_.get());
  add(readable);
  selector_->remove(peer_.get());
  write_to_us("x");
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, refuses_a_descriptor_that_is_closed) {
  int number = ours_.get();
  ours_.close();
  EXPECT_EQ(errno_of([&] { selector_->add(number, readable, 7); }), EBADF);
  EXPECT_EQ(errno_of([&] { selector_->add(-1, readable, 7); }), EBADF);
  EXPECT_TRUE(selector_->wait(past).empty());
}

TEST_P(MechanismTest, is_silent_about_a_descriptor_that_was_closed) {
  sys::EventFd event;
  add(readable);
  selector_->add(event.get(), readable, 7);
  look();
  ours_.close();
  peer_.close();
  EXPECT_FALSE(look().any());
  event.signal();
  if (is_once()) selector_->rearm(event.get(), Direction::read);
  EXPECT_TRUE(look().readable) << "the others are reported as before";
}

TEST_P(MechanismTest, refuses_no_interest_at_all) {
  EXPECT_EQ(errno_of([&] { selector_->add(ours_.get(), {}, 7); }), EINVAL);
  add(readable);
  EXPECT_EQ(errno_of([&] { selector_->modify(ours_.get(), {}, 7); }), EINVAL);
  write_to_us("x");
  EXPECT_TRUE(look().readable) << "the selector is as it was";
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
  sys::install_interrupt_handler();
  pthread_t waiter = ::pthread_self();
  std::atomic<bool> is_over = false;
  std::thread interrupter([&] {
    while (!is_over.load()) {
      ::pthread_kill(waiter, sys::interrupt_signal());
      ::poll(nullptr, 0, 1);
    }
  });
  TimePoint deadline = Clock::now() + std::chrono::milliseconds(20);
  EXPECT_TRUE(selector_->wait(deadline).empty());
  EXPECT_GE(Clock::now(), deadline);
  EXPECT_LT(Clock::now(), deadline + std::chrono::seconds(10));
  is_over.store(true);
  interrupter.join();
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

TEST(SelectMechanismTest, refuses_descriptors_that_select_cannot_wait_for) {
  for (Trigger trigger : {Trigger::level, Trigger::once}) {
    std::unique_ptr<SelectorMechanism> selector = make_select_mechanism(trigger);
    sys::EventFd event;
    sys::Fd low(::fcntl(event.get(), F_DUPFD_CLOEXEC, FD_SETSIZE - 1));
    sys::Fd high(::fcntl(event.get(), F_DUPFD_CLOEXEC, FD_SETSIZE));
    ASSERT_EQ(low.get(), FD_SETSIZE - 1);
    selector->add(low.get(), readable, 1);
    try {
      selector->add(high.get(), readable, 2);
      ADD_FAILURE() << "not refused";
    } catch (const IoError& error) {
      EXPECT_EQ(error.code(), Errc::descriptor_too_high);
      EXPECT_STREQ(error.what(),
                   "select: select(2) cannot wait for descriptors from number 1024 (FD_SETSIZE) "
                   "on; poll, epoll and uring can");
    }
    event.signal();
    if (trigger == Trigger::once) selector->rearm(low.get(), Direction::read);
    std::span<const Report> reports = selector->wait(past);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].token, 1U);
    selector->remove(high.get());
    EXPECT_THROW(selector->modify(high.get(), readable, 2), IoError);
  }
}

}  // namespace
}  // namespace duet::io

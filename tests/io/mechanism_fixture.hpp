#pragma once
// Every mechanism of waiting under both triggers, and a pair of connected sockets to wait for.

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "duet/base/error.hpp"
#include "duet/io/selector_mechanism.hpp"
#include "support/skip_reason.hpp"
#include "sys/fd.hpp"

namespace duet::io {

struct Row {
  const char* name;
  std::unique_ptr<SelectorMechanism> (*make)(Trigger);
  Trigger trigger;
};

inline const Row level_rows[] = {{"level_epoll", make_epoll_mechanism, Trigger::level},
                                 {"level_poll", make_poll_mechanism, Trigger::level},
                                 {"level_select", make_select_mechanism, Trigger::level},
                                 {"level_spin", make_spin_mechanism, Trigger::level},
                                 {"level_signal", make_signal_mechanism, Trigger::level}};
inline const Row once_rows[] = {{"once_epoll", make_epoll_mechanism, Trigger::once},
                                {"once_poll", make_poll_mechanism, Trigger::once},
                                {"once_select", make_select_mechanism, Trigger::once},
                                {"once_spin", make_spin_mechanism, Trigger::once},
                                {"once_signal", make_signal_mechanism, Trigger::once}};

inline void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

inline constexpr Events readable = {.readable = true};
inline constexpr Events writable = {.writable = true};
inline constexpr Events both = {.readable = true, .writable = true};

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

inline std::string name_of(const ::testing::TestParamInfo<Row>& row) { return row.param.name; }

}  // namespace duet::io

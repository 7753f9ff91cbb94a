#pragma once
// What tests of scopes and deadlines share: tasks that wait, fail, and tell how others ended.

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "duet/loop/all.hpp"
#include "duet/loop/event.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/loop/wait.hpp"
#include "duet/loop/within.hpp"
#include "loop/loop_fixture.hpp"

namespace duet::test {

using std::chrono::hours;
using std::chrono::milliseconds;

class ScopeFixture : public LoopTest {
 protected:
  // Waits for ever, and notes how it ended.
  Task<> wait_for_cancel(CancelReason& reason) {
    try {
      co_await sleep_for(hours(1));
    } catch (const Cancelled& cancelled) {
      reason = cancelled.reason;
      throw;
    }
  }

  static Task<> fail_with(std::string text) {
    co_await yield();
    throw std::runtime_error(text);
  }

  static Task<> fail_at_once(std::string text) {
    if (!text.empty()) throw std::runtime_error(text);
    co_return;
  }

  // What the task throws, as text.
  static Task<std::string> outcome_of(Task<> task) {
    try {
      co_await std::move(task);
    } catch (const TimedOut&) {
      co_return "timed out";
    } catch (const Cancelled&) {
      co_return "cancelled";
    } catch (const std::exception& error) {
      co_return error.what();
    }
    co_return "done";
  }

  Task<> expect_outcome(Task<> task, std::string expected) {
    std::string outcome = co_await outcome_of(std::move(task));
    EXPECT_EQ(outcome, expected);
  }

  CancelReason reason_ = CancelReason::none, other_reason_ = CancelReason::none;
};

inline Task<int> number_at_once(int value) { co_return value; }

inline Task<int> number_after(Duration delay, int value) {
  co_await sleep_for(delay);
  co_return value;
}

}  // namespace duet::test

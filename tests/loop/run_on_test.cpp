// Calls on another loop, and what cancels them.

#include "duet/loop/run_on.hpp"

#include <atomic>
#include <thread>

#include "duet/loop/event.hpp"
#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class RunOnTest : public test::ScopeFixture {
 protected:
  void SetUp() override {
    ScopeFixture::SetUp();
    if (IsSkipped()) return;
    thread_ = std::thread([this] {
      Loop loop(test::engine_factory(GetParam()), log_);
      loop.run(test::owned([this, &loop]() -> Task<> {
        other_ = &loop;
        is_up_.set();
        co_await ends_.wait();
      }));
      EXPECT_EQ(loop.census(), LoopCensus());
    });
    wait(is_up_.wait());
  }

  void TearDown() override {
    end_other();
    ScopeFixture::TearDown();
  }

  void end_other() {
    ends_.set();
    if (thread_.joinable()) thread_.join();
  }

  Task<> call_on(Loop& loop) {
    Task<> calling = run_on(loop, [this] { ++calls_; });
    co_await std::move(calling);
  }
  Task<> call() { return call_on(*other_); }

  Event is_up_, ends_;
  std::thread thread_;
  Loop* other_ = nullptr;
  std::atomic<int> calls_ = 0;
};

INSTANTIATE_TEST_SUITE_P(engines, RunOnTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(RunOnTest, runs_there_and_brings_the_result_back) {
  run([&]() -> Task<> {
    Task<std::thread::id> asking = run_on(*other_, [] { return std::this_thread::get_id(); });
    std::thread::id there = co_await std::move(asking);
    EXPECT_EQ(there, thread_.get_id());
    Task<int> task = run_on(*other_, [] { return test::number_after(milliseconds(1), 7); });
    int value = co_await std::move(task);
    EXPECT_EQ(value, 7);
  });
}

TEST_P(RunOnTest, in_a_cancelled_scope_calls_nothing) {
  run([&]() -> Task<> {
    CancelScope cancelled(nullptr);
    cancelled.cancel(CancelReason::requested);
    co_await expect_outcome(test::in_scope(call(), cancelled), "cancelled");
    co_await expect_outcome(test::in_scope(call_on(Loop::current()), cancelled), "cancelled");
  });
  EXPECT_EQ(calls_, 0);
}

TEST_P(RunOnTest, a_loop_of_calls_ends_at_its_deadline) {
  auto call_for_ever = [&]() -> Task<> {
    for (;;) {
      try {
        co_await call();
      } catch (const std::exception&) {
      }
    }
  };
  run([&]() -> Task<> {
    Task<> task = within(milliseconds(5), test::owned(call_for_ever));
    co_await expect_outcome(std::move(task), "timed out");
  });
}

TEST_P(RunOnTest, passes_a_cancellation_the_name_and_the_priority_on) {
  std::string seen;
  Event has_begun;
  auto look = [&]() -> Task<> {
    CancelScope* scope = co_await this_scope();
    seen = std::string(scope->name()) + std::to_string(scope->priority());
    has_begun.set();
    co_await wait_for_cancel(reason_);
  };
  auto body = [&](Scope& scope) -> Task<> {
    auto calling = [&]() -> Task<> { co_await prioritized(5, run_on(*other_, look)); };
    scope.spawn("worker", calling);
    co_await has_begun.wait();
    scope.cancel();
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(seen, "worker5");
  EXPECT_EQ(reason_, CancelReason::requested);
}

// The other loop need not outlive more than its part of the call.
TEST_P(RunOnTest, that_is_cancelled_when_the_other_loop_is_gone_gives_its_result) {
  auto body = [&](Scope& scope) -> Task<> {
    auto calling = [&]() -> Task<> {
      co_await call();
      ++calls_;
    };
    scope.spawn(calling);
    co_await yield();
    co_await yield();
    while (calls_ == 0) std::this_thread::yield();  // this loop does not see the result yet
    end_other();
    scope.cancel();
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(calls_, 2);
}

}  // namespace
}  // namespace duet

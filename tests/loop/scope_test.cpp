#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::number_after;
using ScopeTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, ScopeTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(ScopeTest, all_ends_when_the_last_has_ended) {
  int ended = 0;
  auto sleeper = [&](int number) -> Task<> {
    co_await sleep_for(milliseconds(number));
    ++ended;
  };
  run([&]() -> Task<> {
    Task<> a = test::owned(sleeper, 3);
    Task<> b = test::owned(sleeper, 1);
    co_await all(std::move(a), std::move(b));
    EXPECT_EQ(ended, 2);
  });
}

TEST_P(ScopeTest, all_of_nothing_ends_at_once) {
  run([]() -> Task<> { co_await all(); });
}

TEST_P(ScopeTest, the_first_failure_cancels_the_siblings_and_comes_out) {
  run([&]() -> Task<> {
    Task<> task =
        all(wait_for_cancel(reason_), fail_with("broken"), wait_for_cancel(other_reason_));
    co_await expect_outcome(std::move(task), "broken");
    EXPECT_EQ(reason_, CancelReason::failure);
    EXPECT_EQ(other_reason_, CancelReason::failure);
  });
}

TEST_P(ScopeTest, of_two_failures_the_first_comes_out) {
  run([&]() -> Task<> {
    Task<> task = all(fail_with("first"), fail_with("second"));
    co_await expect_outcome(std::move(task), "first");
  });
}

// It comes out only after all have ended, so that nothing of theirs is used after its end.
TEST_P(ScopeTest, a_failure_waits_for_siblings_that_clean_up) {
  bool has_cleaned_up = false;
  auto clean_up = [&]() -> Task<> {
    for (int i = 0; i < 5; ++i) co_await yield();
    has_cleaned_up = true;
  };
  auto tidy = [&]() -> Task<> {
    try {
      co_await sleep_for(hours(1));
    } catch (const Cancelled&) {
    }
    Task<> cleaning = test::owned(clean_up);
    co_await shielded(hours(1), std::move(cleaning));
  };
  run([&]() -> Task<> {
    Task<> tidying = test::owned(tidy);
    Task<> task = all(std::move(tidying), fail_with("broken"));
    co_await expect_outcome(std::move(task), "broken");
    EXPECT_TRUE(has_cleaned_up);
  });
}

TEST_P(ScopeTest, a_failure_of_the_body_cancels_its_children) {
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(wait_for_cancel(reason_));
    co_await yield();
    throw std::runtime_error("body");
  };
  run([&]() -> Task<> {
    Task<> task = scoped(body);
    co_await expect_outcome(std::move(task), "body");
    EXPECT_EQ(reason_, CancelReason::failure);
  });
}

TEST_P(ScopeTest, a_failure_of_a_child_cancels_the_body) {
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(fail_with("child"));
    co_await wait_for_cancel(reason_);
  };
  run([&]() -> Task<> {
    Task<> task = scoped(body);
    co_await expect_outcome(std::move(task), "child");
    EXPECT_EQ(reason_, CancelReason::failure);
  });
}

TEST_P(ScopeTest, a_scope_waits_for_children_that_the_body_left_behind) {
  bool has_ended = false;
  auto child = [&]() -> Task<> {
    co_await sleep_for(milliseconds(2));
    has_ended = true;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(child);
    co_return;
  };
  run([&]() -> Task<> {
    co_await scoped(body);
    EXPECT_TRUE(has_ended);
  });
}

TEST_P(ScopeTest, children_start_from_the_ready_queue) {
  std::string order;
  auto child = [&]() -> Task<> {
    order += 'c';
    co_return;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(test::owned(child));
    order += 'b';
    co_await yield();
    order += 'e';
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(order, "bce");
}

Task<> spawn_down(Scope& scope, int depth, int& count) {
  ++count;
  co_await yield();
  if (depth == 0) co_return;
  scope.spawn(spawn_down(scope, depth - 1, count));
  scope.spawn(spawn_down(scope, depth - 1, count));
}

TEST_P(ScopeTest, a_child_may_spawn_children_into_its_own_scope) {
  int count = 0;
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(spawn_down(scope, 10, count));
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(count, (1 << 11) - 1);
}

TEST_P(ScopeTest, a_child_of_a_cancelled_scope_ends_at_its_first_wait) {
  bool has_begun = false;
  auto child = [&]() -> Task<> {
    has_begun = true;
    co_await wait_for_cancel(reason_);
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.cancel(CancelReason::drain);
    scope.spawn(child);
    co_return;
  };
  run([&]() -> Task<> {
    Task<> task = scoped(body);
    co_await expect_outcome(std::move(task), "done");
  });
  EXPECT_TRUE(has_begun);
  EXPECT_EQ(reason_, CancelReason::drain);
}

// Spawned and cancelled before its first step.
TEST_P(ScopeTest, a_cancel_between_spawn_and_start_reaches_the_child) {
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(wait_for_cancel(reason_));
    scope.cancel();
    co_return;
  };
  run([&]() -> Task<> {
    Task<> task = scoped(body);
    co_await expect_outcome(std::move(task), "done");
  });
  EXPECT_EQ(reason_, CancelReason::requested);
}

// The child cancels its own scope while it is being started.
TEST_P(ScopeTest, a_child_may_cancel_its_scope_in_its_first_step) {
  auto canceller = [](Scope& scope) -> Task<> {
    scope.cancel();
    co_return;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(wait_for_cancel(reason_));
    scope.spawn(canceller(scope));
    scope.spawn(wait_for_cancel(other_reason_));
    co_return;
  };
  run([&]() -> Task<> {
    Task<> task = scoped(body);
    co_await expect_outcome(std::move(task), "done");
  });
  EXPECT_EQ(reason_, CancelReason::requested);
  EXPECT_EQ(other_reason_, CancelReason::requested);
}

// The one is the scope's own wish, the other is not for it to swallow.
TEST_P(ScopeTest, that_is_cancelled_from_around_throws_and_by_itself_does_not) {
  auto inner = [&](Scope& scope) -> Task<> {
    scope.spawn(wait_for_cancel(reason_));
    co_return;
  };
  run([&]() -> Task<> {
    Task<> waiting = scoped(inner);
    Task<> task = within(milliseconds(1), std::move(waiting));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(reason_, CancelReason::deadline);
  });
}

TEST_P(ScopeTest, a_child_that_is_cancelled_alone_fails_its_scope) {
  std::stop_source source;
  source.request_stop();
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(until_stopped(source.get_token(), wait_for_cancel(reason_)));
    scope.spawn(wait_for_cancel(other_reason_));
    co_return;
  };
  run([&]() -> Task<> {
    Task<> task = scoped(body);
    co_await expect_outcome(std::move(task), "cancelled");
    EXPECT_EQ(other_reason_, CancelReason::failure);
  });
}

TEST_P(ScopeTest, a_child_has_the_name_it_was_spawned_with_and_so_have_its_children) {
  std::vector<std::string> names;
  auto note = [&]() -> Task<> {
    CancelScope* scope = co_await this_scope();
    names.emplace_back(scope->name());
  };
  auto cleaner = [&](Scope& scope) -> Task<> {
    scope.spawn("broom", note);
    scope.spawn(note);
    co_return;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn("cleaner", scoped(cleaner));
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(names, (std::vector<std::string>{"broom", "cleaner"}));
}

TEST_P(ScopeTest, a_failure_in_the_first_step_of_a_child_comes_out) {
  run([&]() -> Task<> {
    Task<> task = all(fail_at_once("at once"), wait_for_cancel(reason_));
    co_await expect_outcome(std::move(task), "at once");
  });
}

TEST_P(ScopeTest, nested_scopes_are_cancelled_from_the_outside_in) {
  auto inner = [&](Scope& scope) -> Task<> {
    scope.spawn(wait_for_cancel(reason_));
    co_await wait_for_cancel(other_reason_);
  };
  run([&]() -> Task<> {
    Task<> nested = scoped(inner);
    Task<> task = all(std::move(nested), fail_with("outside"));
    co_await expect_outcome(std::move(task), "outside");
  });
  EXPECT_EQ(reason_, CancelReason::failure);
  EXPECT_EQ(other_reason_, CancelReason::failure);
}

TEST_P(ScopeTest, keeps_the_closure_it_was_given_until_the_child_has_ended) {
  auto owned = std::make_shared<std::string>("text");
  std::string seen;
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn([owned, &seen]() -> Task<> {
      co_await sleep_for(milliseconds(1));
      seen = *owned;
    });
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(seen, "text");
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_P(ScopeTest, keeps_the_arguments_it_was_given) {
  auto number = std::make_unique<int>(7);
  int seen = 0;
  auto child = [&seen](std::unique_ptr<int> owned) -> Task<> {
    co_await yield();
    seen = *owned;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(child, std::move(number));
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(seen, 7);
}

TEST_P(ScopeTest, a_frame_is_gone_before_the_scope_ends) {
  auto owned = std::make_shared<int>(1);
  auto child = [](std::shared_ptr<int> kept) -> Task<> {
    co_await yield();
    ++*kept;
  };
  run([&]() -> Task<> {
    Task<> task = child(owned);
    co_await all(std::move(task));
    EXPECT_EQ(owned.use_count(), 1);
  });
}

TEST_P(ScopeTest, ten_thousand_children_come_and_go) {
  const int count = test::rounds(10'000);
  long sum = 0;
  auto child = [&](int number) -> Task<> {
    co_await yield();
    sum += number;
  };
  auto body = [&](Scope& scope) -> Task<> {
    for (int i = 0; i < count; ++i) scope.spawn(test::owned(child, i));
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(sum, long{count} * (count - 1) / 2);
}

TEST_P(ScopeTest, as_expected_turns_a_tasks_error_into_a_value) {
  auto refuse = []() -> Task<int> {
    throw IoError(std::make_error_code(std::errc::connection_refused), "connect to");
    co_return 0;
  };
  run([&]() -> Task<> {
    Task<int> refused = refuse();
    std::expected<int, std::error_code> result = co_await as_expected(std::move(refused));
    EXPECT_EQ(result.error(), std::errc::connection_refused);
    std::expected<int, std::error_code> value = co_await as_expected(number_after(Duration(1), 4));
    EXPECT_EQ(value, 4);
  });
}

}  // namespace
}  // namespace duet

// Deadlines of tasks: within.

#include <thread>

#include "duet/loop/channel.hpp"
#include "duet/loop/mutex.hpp"
#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::number_after;
using test::number_at_once;
using WithinTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, WithinTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(WithinTest, gives_the_value_that_came_in_time) {
  run([]() -> Task<> {
    int value = co_await within(hours(1), number_after(milliseconds(1), 5));
    EXPECT_EQ(value, 5);
  });
}

TEST_P(WithinTest, cancels_and_throws_timed_out) {
  run([&]() -> Task<> {
    TimePoint before = Clock::now();
    Task<> task = within(milliseconds(3), wait_for_cancel(reason_));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(reason_, CancelReason::deadline);
    EXPECT_GE(Clock::now(), before + milliseconds(3));
  });
}

TEST_P(WithinTest, passes_on_what_the_task_throws) {
  run([&]() -> Task<> {
    Task<> task = within(hours(1), fail_with("inner"));
    co_await expect_outcome(std::move(task), "inner");
  });
}

TEST_P(WithinTest, does_not_take_an_outer_cancellation_for_its_own) {
  auto body = [&]() -> Task<> {
    Task<> task = within(hours(1), wait_for_cancel(reason_));
    co_await expect_outcome(std::move(task), "cancelled");
  };
  run([&]() -> Task<> {
    Task<> waiting = test::owned(body);
    Task<> task = all(std::move(waiting), fail_with("outside"));
    co_await expect_outcome(std::move(task), "outside");
  });
}

// The outer deadline reaches the inner scope as a deadline, too; it is still the outer one's.
TEST_P(WithinTest, of_two_nested_deadlines_the_one_that_passed_is_reported) {
  bool has_inner_timed_out = false;
  auto body = [&](Duration inner) -> Task<> {
    try {
      co_await within(inner, wait_for_cancel(reason_));
    } catch (const TimedOut&) {
      has_inner_timed_out = true;
    }
  };
  run([&]() -> Task<> {
    Task<> outer_first = test::owned(body, hours(1));
    Task<> task = within(milliseconds(2), std::move(outer_first));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_FALSE(has_inner_timed_out);
    Task<> inner_first = test::owned(body, milliseconds(2));
    Task<> other = within(hours(1), std::move(inner_first));
    co_await expect_outcome(std::move(other), "done");
    EXPECT_TRUE(has_inner_timed_out);
  });
}

TEST_P(WithinTest, keeps_the_value_of_a_task_that_finished_all_the_same) {
  auto stubborn = []() -> Task<int> {
    try {
      co_await sleep_for(hours(1));
    } catch (const Cancelled&) {
    }
    co_return 3;
  };
  run([&]() -> Task<> {
    Task<int> task = stubborn();
    int value = co_await within(milliseconds(1), std::move(task));
    EXPECT_EQ(value, 3);
  });
}

TEST_P(WithinTest, of_no_time_still_takes_a_task_that_need_not_wait) {
  run([]() -> Task<> {
    auto ready = []() -> Task<int> { co_return 1; };
    Task<int> task = ready();
    int value = co_await within(Duration::zero(), std::move(task));
    EXPECT_EQ(value, 1);
  });
}

TEST_P(WithinTest, a_deadline_scope_that_is_gone_cancels_nothing) {
  run([&]() -> Task<> {
    CancelScope outer(nullptr);
    {
      DeadlineScope scope(&outer, loop_->now() + milliseconds(1));
    }
    co_await sleep_for(milliseconds(3));
    EXPECT_FALSE(outer.is_cancelled());
  });
}

TEST_P(WithinTest, an_inner_deadline_that_is_later_has_no_timer) {
  auto body = [&]() -> Task<> {
    CancelScope* around = co_await this_scope();
    DeadlineScope later(around, around->deadline() + hours(1));
    EXPECT_EQ(later.deadline(), around->deadline());
    EXPECT_EQ(loop_->census().timers, 1U);
  };
  run([&]() -> Task<> {
    Task<> task = test::owned(body);
    co_await within(hours(1), std::move(task));
  });
}

TEST_P(WithinTest, a_deadline_that_has_passed_ends_the_first_wait) {
  run([&]() -> Task<> {
    Task<> task = by(loop_->now(), wait_for_cancel(reason_));
    co_await expect_outcome(std::move(task), "timed out");
    int value = co_await within(Duration(0), number_at_once(5));
    EXPECT_EQ(value, 5);
  });
}

TEST_P(WithinTest, limits_what_is_no_task_too) {
  run([&]() -> Task<> {
    Event event;
    bool is_timed_out = false;
    try {
      co_await within(milliseconds(2), event.wait());
    } catch (const TimedOut&) {
      is_timed_out = true;
    }
    EXPECT_TRUE(is_timed_out);
  });
}

TEST_P(WithinTest, a_spawned_child_has_the_deadline_of_its_scope) {
  TimePoint seen = never;
  auto child = [&]() -> Task<> {
    CancelScope* scope = co_await this_scope();
    seen = scope->deadline();
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn("child", test::owned(child));
    co_return;
  };
  run([&]() -> Task<> {
    TimePoint deadline = loop_->now() + hours(1);
    Task<> task = scoped(body);
    co_await by(deadline, std::move(task));
    EXPECT_EQ(seen, deadline);
  });
}

TEST_P(WithinTest, what_is_shielded_goes_on_when_its_scope_is_cancelled) {
  bool has_cleaned_up = false;
  auto clean_up = [&]() -> Task<> {
    co_await sleep_for(milliseconds(2));
    has_cleaned_up = true;
  };
  auto body = [&]() -> Task<> {
    std::exception_ptr end;
    try {
      co_await sleep_for(hours(1));
    } catch (...) {
      end = std::current_exception();
    }
    Task<> cleaning = test::owned(clean_up);
    co_await shielded(hours(1), std::move(cleaning));
    std::rethrow_exception(end);
  };
  run([&]() -> Task<> {
    Task<> waiting = test::owned(body);
    Task<> task = within(milliseconds(1), std::move(waiting));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_TRUE(has_cleaned_up);
  });
}

// In a plain conversion to nanoseconds these would be times that have passed.
TEST_P(WithinTest, huge_times_are_no_limit) {
  run([&]() -> Task<> {
    for (Delay huge : {Delay(std::chrono::seconds::max()), Delay(std::chrono::years(1000))}) {
      int value = co_await within(huge, number_after(milliseconds(1), 5));
      EXPECT_EQ(value, 5);
      value = co_await shielded(huge, number_after(milliseconds(1), 6));
      EXPECT_EQ(value, 6);
      Task<> sleeping = within(milliseconds(5), sleep_for(huge));
      co_await expect_outcome(std::move(sleeping), "timed out");
    }
    co_await sleep_for(hours::min());
  });
}

TEST_P(WithinTest, limits_whatever_can_be_awaited) {
  run([&]() -> Task<> {
    Event event;
    Semaphore none(0);
    Mutex mutex;
    Channel<int> empty(1);
    Mutex::Lock held = co_await mutex.lock();
    auto expect_timed_out = [this](auto awaitable) -> Task<> {
      auto drop_value = [](auto limited) -> Task<> { co_await std::move(limited); };
      Task<> dropping = test::owned(drop_value, within(milliseconds(1), std::move(awaitable)));
      co_await expect_outcome(std::move(dropping), "timed out");
    };
    co_await test::owned(expect_timed_out, sleep_for(hours(1)));
    co_await test::owned(expect_timed_out, event.wait());
    co_await test::owned(expect_timed_out, none.acquire());
    co_await test::owned(expect_timed_out, mutex.lock());
    co_await test::owned(expect_timed_out, empty.receive());
    co_await within(hours(1), yield());
    co_await by(never, sleep_for(milliseconds(1)));
  });
}

TEST_P(WithinTest, what_is_shielded_keeps_its_name_and_priority) {
  std::string seen;
  auto look = [&]() -> Task<> {
    CancelScope* scope = co_await this_scope();
    seen = std::string(scope->name()) + std::to_string(scope->priority());
  };
  auto named = [&]() -> Task<> {
    Task<> looking = test::owned(look);
    co_await prioritized(5, shielded(hours(1), std::move(looking)));
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn("worker", named);
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(seen, "worker5");
}

TEST_P(WithinTest, a_stop_that_was_requested_before_ends_the_first_wait) {
  std::stop_source source;
  source.request_stop();
  run([&]() -> Task<> {
    Event is_set;
    is_set.set();
    auto waiting = [&]() -> Task<> { co_await is_set.wait(); };
    Task<> task = until_stopped(source.get_token(), test::owned(waiting));
    co_await expect_outcome(std::move(task), "cancelled");
  });
}

TEST_P(WithinTest, what_is_shielded_for_too_long_is_cancelled) {
  run([&]() -> Task<> {
    Task<> task = shielded(milliseconds(1), wait_for_cancel(reason_));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(reason_, CancelReason::deadline);
  });
}

TEST_P(WithinTest, a_stop_that_another_thread_requests_cancels) {
  std::stop_source source;
  std::thread thread;
  auto body = [&]() -> Task<> {
    thread = std::thread([&] { source.request_stop(); });
    co_await wait_for_cancel(reason_);
  };
  run([&]() -> Task<> {
    Task<> waiting = test::owned(body);
    Task<> task = until_stopped(source.get_token(), std::move(waiting));
    co_await expect_outcome(std::move(task), "cancelled");
    EXPECT_EQ(reason_, CancelReason::requested);
  });
  thread.join();
}

TEST_P(WithinTest, a_stop_that_comes_too_late_does_nothing) {
  std::stop_source source;
  run([&]() -> Task<> {
    int value = co_await until_stopped(source.get_token(), number_after(milliseconds(1), 5));
    EXPECT_EQ(value, 5);
    source.request_stop();
    co_await sleep_for(milliseconds(1));
  });
}

// Each turn throws anew, and everybody else gets their turn.
TEST_P(WithinTest, a_loop_that_swallows_its_cancellation_does_not_keep_others_waiting) {
  bool is_over = false;
  long rounds = 0;
  auto stubborn = [&]() -> Task<> {
    while (!is_over) {
      try {
        ++rounds;
        co_await sleep_for(hours(1));
      } catch (...) {
      }
    }
  };
  auto other = [&]() -> Task<> {
    co_await sleep_for(milliseconds(5));
    is_over = true;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(test::owned(stubborn));
    co_await yield();
    scope.cancel();
  };
  run([&]() -> Task<> {
    Task<> looping = scoped(body);
    Task<> ending = test::owned(other);
    co_await all(std::move(looping), std::move(ending));
    EXPECT_GT(rounds, 1);
  });
}

TEST_P(WithinTest, a_task_that_computes_and_yields_ends_at_its_deadline) {
  auto compute = []() -> Task<> {
    for (;;) co_await yield();
  };
  run([&]() -> Task<> {
    bool is_timed_out = false;
    try {
      co_await within(milliseconds(5), test::owned(compute));
    } catch (const TimedOut&) {
      is_timed_out = true;
    }
    EXPECT_TRUE(is_timed_out);
  });
}

TEST_P(WithinTest, a_loop_that_logs_errors_ends_when_it_is_cancelled) {
  int logged = 0;
  auto loop = [&]() -> Task<> {
    for (;;) {
      try {
        co_await sleep_for(hours(1));
      } catch (const std::exception&) {
        ++logged;
      }
    }
  };
  run([&]() -> Task<> {
    Task<> looping = test::owned(loop);
    Task<> task = within(milliseconds(1), std::move(looping));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(logged, 0);
  });
}

}  // namespace
}  // namespace duet

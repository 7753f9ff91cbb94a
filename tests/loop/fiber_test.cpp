// Fibers: what wait(x) gives in them, tasks that wait for them, cancellation and deadlines.

#include "duet/loop/fiber.hpp"

#include "duet/loop/channel.hpp"
#include "duet/loop/mutex.hpp"
#include "duet/loop/offload.hpp"
#include "loop/fiber_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::number_after;
using test::number_at_once;
using FiberTest = test::FiberFixture;

INSTANTIATE_TEST_SUITE_P(engines, FiberTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(FiberTest, gives_what_its_function_returns) {
  run([]() -> Task<> {
    Task<int> task = fiber([](int a, int b) { return a + b; }, 2, 3);
    int sum = co_await std::move(task);
    EXPECT_EQ(sum, 5);
  });
}

TEST_P(FiberTest, rethrows_what_its_function_throws) {
  run([&]() -> Task<> {
    Task<> task = fiber([] { throw std::runtime_error("inside"); });
    co_await expect_outcome(std::move(task), "inside");
  });
}

TEST_P(FiberTest, takes_and_gives_what_can_only_be_moved) {
  run([]() -> Task<> {
    auto pass_on = [](std::unique_ptr<int> number) {
      ++*number;
      return number;
    };
    auto task = fiber(pass_on, std::make_unique<int>(1));
    std::unique_ptr<int> number = co_await std::move(task);
    EXPECT_EQ(*number, 2);
  });
}

TEST_P(FiberTest, that_is_never_awaited_never_begins) {
  run([]() -> Task<> {
    bool has_begun = false;
    {
      Task<> task = fiber([&] { has_begun = true; });
    }
    EXPECT_FALSE(has_begun);
    co_return;
  });
}

TEST_P(FiberTest, waits_for_tasks_that_end_at_once_and_later) {
  run_fiber([] {
    EXPECT_EQ(wait(number_at_once(1)), 1);
    EXPECT_EQ(wait(number_after(milliseconds(1), 2)), 2);
  });
}

TEST_P(FiberTest, gets_what_a_task_throws) {
  run_fiber([] {
    EXPECT_THROW(wait(fail_at_once("now")), std::runtime_error);
    EXPECT_THROW(wait(fail_with("later")), std::runtime_error);
  });
}

TEST_P(FiberTest, waits_for_time_to_pass) {
  run_fiber([] {
    TimePoint before = Clock::now();
    wait(sleep_for(milliseconds(2)));
    wait(yield());
    EXPECT_GE(Clock::now(), before + milliseconds(2));
  });
}

TEST_P(FiberTest, waits_for_tasks_side_by_side) {
  run_fiber([] {
    auto both = wait(all(number_after(milliseconds(1), 1), number_at_once(2)));
    EXPECT_EQ(both, std::tuple(1, 2));
    auto first = wait(any(number_after(hours(1), 1), number_at_once(2)));
    EXPECT_EQ(first.first(), 1U);
  });
}

TEST_P(FiberTest, waits_for_offloaded_work) {
  run_fiber([] { EXPECT_EQ(wait(offload(Work::compute, [] { return 7; })), 7); });
}

TEST_P(FiberTest, waits_for_failures_as_values) {
  run_fiber([] {
    auto failing = [](bool fails) -> Task<int> {
      if (fails) throw IoError(Errc::busy, "test");
      co_return 1;
    };
    EXPECT_EQ(wait(as_expected(failing(true))).error(), Errc::busy);
  });
}

TEST_P(FiberTest, suspends_only_itself) {
  std::string order;
  auto take_turns = [&order](char name) {
    for (int i = 0; i < 3; ++i) {
      order += name;
      wait(yield());
    }
  };
  run([&]() -> Task<> { co_await all(fiber(take_turns, 'a'), fiber(take_turns, 'b')); });
  EXPECT_EQ(order, "ababab");
}

TEST_P(FiberTest, passes_values_to_tasks_and_other_fibers) {
  Channel<int> questions(1), answers(1);
  auto square = [&] {
    while (std::optional<int> question = wait(questions.receive()))
      wait(answers.send(*question * *question));
    answers.close();
  };
  auto ask = [&]() -> Task<> {
    for (int i = 1; i < 100; ++i) co_await questions.send(i);
    questions.close();
  };
  int sum = 0;
  auto add_up = [&] {
    while (std::optional<int> answer = wait(answers.receive())) sum += *answer;
  };
  run([&]() -> Task<> { co_await all(fiber(square), test::owned(ask), fiber(add_up)); });
  EXPECT_EQ(sum, 99 * 100 * 199 / 6);
}

TEST_P(FiberTest, holds_a_mutex_across_a_wait) {
  Mutex mutex;
  int inside = 0;
  auto enter = [&] {
    Mutex::Lock lock = wait(mutex.lock());
    EXPECT_EQ(++inside, 1);
    wait(yield());
    --inside;
  };
  run([&]() -> Task<> { co_await all(fiber(enter), fiber(enter), fiber(enter)); });
}

TEST_P(FiberTest, and_tasks_wait_for_each_other_in_any_depth) {
  run_fiber([] { EXPECT_EQ(wait(count_down(20)), 20); });
}

TEST_P(FiberTest, is_a_child_of_a_scope_like_a_task) {
  int ended = 0;
  auto body = [&](Scope& scope) -> Task<> {
    auto child = [&ended](int turns) {
      for (int i = 0; i < turns; ++i) wait(yield());
      ++ended;
    };
    for (int i = 0; i < 100; ++i) scope.spawn(fiber(child, i % 5));
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(ended, 100);
}

TEST_P(FiberTest, is_cancelled_with_its_scope) {
  auto waiting = [&] {
    try {
      wait(sleep_for(hours(1)));
    } catch (const Cancelled& cancelled) {
      reason_ = cancelled.reason;
      throw;
    }
  };
  run([&]() -> Task<> {
    Task<> task = all(fiber(waiting), fail_with("sibling"));
    co_await expect_outcome(std::move(task), "sibling");
  });
  EXPECT_EQ(reason_, CancelReason::failure);
}

TEST_P(FiberTest, that_begins_in_a_cancelled_scope_is_cancelled_in_its_first_wait) {
  run([&]() -> Task<> {
    CancelScope cancelled(nullptr);
    cancelled.cancel(CancelReason::requested);
    Task<> task = test::in_scope(fiber([] { wait(sleep_for(hours(1))); }), cancelled);
    co_await expect_outcome(std::move(task), "cancelled");
  });
}

TEST_P(FiberTest, ends_at_the_deadline_around_it) {
  run([&]() -> Task<> {
    Task<> task = within(milliseconds(2), fiber([] { wait(sleep_for(hours(1))); }));
    co_await expect_outcome(std::move(task), "timed out");
  });
}

TEST_P(FiberTest, gives_what_it_waits_for_a_deadline) {
  run_fiber([&] {
    EXPECT_THROW(wait(within(milliseconds(2), wait_for_cancel(reason_))), TimedOut);
    EXPECT_EQ(reason_, CancelReason::deadline);
    Event event;
    EXPECT_THROW(wait(within(milliseconds(2), event.wait())), TimedOut);
  });
}

TEST_P(FiberTest, cleans_up_shielded_when_it_is_cancelled) {
  bool has_cleaned_up = false;
  auto clean_up = [](bool* is_done) -> Task<> {
    co_await sleep_for(milliseconds(1));
    *is_done = true;
  };
  auto body = [&] {
    try {
      wait(sleep_for(hours(1)));
    } catch (...) {
      wait(shielded(hours(1), clean_up(&has_cleaned_up)));
      throw;
    }
  };
  run([&]() -> Task<> {
    Task<> task = within(milliseconds(1), fiber(body));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_TRUE(has_cleaned_up);
  });
}

// A loop in a fiber whose waits never have to wait must not starve the others.
TEST_P(FiberTest, that_need_never_wait_gives_way_all_the_same) {
  bool is_over = false;
  auto busy = [&] {
    Event event;
    event.set();
    while (!is_over) wait(event.wait());
  };
  auto other = [&]() -> Task<> {
    co_await yield();
    is_over = true;
  };
  run([&]() -> Task<> { co_await all(fiber(busy), test::owned(other)); });
}

struct FailingWait {
  FailingWait() noexcept = default;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P>) {
    throw std::runtime_error("cannot begin");
  }
  void await_resume() const noexcept {}
};

TEST_P(FiberTest, gets_what_the_beginning_of_a_wait_throws) {
  run_fiber([] {
    EXPECT_THROW(wait(FailingWait()), std::runtime_error);
    wait(yield());
  });
}

TEST_P(FiberTest, does_not_wait_for_what_is_ready) {
  run_fiber([] {
    Scope scope(nullptr);
    wait(scope.join());
  });
}

}  // namespace
}  // namespace duet

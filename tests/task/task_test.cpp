#include "duet/task/task.hpp"

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "base/rounds.hpp"
#include "duet/task/loop_local.hpp"

namespace duet {
namespace {

// Suspends its coroutine until somebody calls resume.
class Gate {
 public:
  class Wait {
   public:
    explicit Wait(Gate& gate) noexcept : gate_(gate) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { gate_.waiter_ = waiter; }
    void await_resume() const noexcept {}

   private:
    Gate& gate_;
  };

  Wait wait() noexcept { return Wait(*this); }
  void resume() { std::exchange(waiter_, nullptr).resume(); }
  bool has_waiter() const noexcept { return static_cast<bool>(waiter_); }

 private:
  std::coroutine_handle<> waiter_;
};

// Runs tasks without a loop; checks that every frame is gone at the end.
class TaskTest : public ::testing::Test {
 protected:
  TaskTest() {
    loops_of_thread.running = &local_;
    local_.budget = std::numeric_limits<int>::max();  // no await gives way
  }
  ~TaskTest() override {
    EXPECT_EQ(local_.frames.alive(), 0) << "frames are left";
    loops_of_thread.running = nullptr;
  }

  template <class T>
  bool start(Task<T>& task) {
    auto finish = [](void* flag) { *static_cast<bool*>(flag) = true; };
    is_finished_ = task.start(nullptr, finish, &is_finished_);
    return is_finished_;
  }
  template <class T>
  T run(Task<T> task) {
    EXPECT_TRUE(start(task));
    return task.take();
  }

  LoopLocal local_;
  bool is_finished_ = false;
  Gate gate_;
};

Task<int> number(int value) { co_return value; }
Task<> nothing() { co_return; }

Task<int> fail(std::string text) {
  if (!text.empty()) throw std::runtime_error(text);
  co_return 0;
}

TEST_F(TaskTest, does_not_begin_before_it_is_awaited) {
  bool has_begun = false;
  auto body = [](bool& flag) -> Task<> {
    flag = true;
    co_return;
  };
  Task<> task = body(has_begun);
  EXPECT_FALSE(has_begun);
  run(std::move(task));
  EXPECT_TRUE(has_begun);
}

TEST_F(TaskTest, may_be_destroyed_without_having_begun) {
  auto owned = std::make_shared<int>(1);
  auto body = [](std::shared_ptr<int>) -> Task<> { co_return; };
  {
    Task<> task = body(owned);
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(TaskTest, may_be_moved_before_it_is_awaited) {
  Task<int> first = number(1);
  Task<int> second = number(2);
  first = std::move(second);
  EXPECT_EQ(run(std::move(first)), 2);
}

Task<int> sum_of(int left, int right) {
  int a = co_await number(left);
  int b = co_await number(right);
  co_return a + b;
}

TEST_F(TaskTest, gives_its_value_to_its_awaiter) { EXPECT_EQ(run(sum_of(2, 3)), 5); }

Task<std::unique_ptr<int>> make_unique_number(int value) { co_return std::make_unique<int>(value); }

Task<std::unique_ptr<int>> pass_on(int value) {
  std::unique_ptr<int> number = co_await make_unique_number(value);
  ++*number;
  co_return number;
}

TEST_F(TaskTest, carries_values_that_can_only_be_moved) { EXPECT_EQ(*run(pass_on(4)), 5); }

struct NoDefault {
  explicit NoDefault(int of) : value(of) {}
  int value;
};

Task<NoDefault> make_no_default() { co_return NoDefault(3); }

TEST_F(TaskTest, carries_values_without_a_default) { EXPECT_EQ(run(make_no_default()).value, 3); }

Task<int> fail_below(int depth) {
  if (depth == 0) co_return co_await fail("at the bottom");
  int value = co_await fail_below(depth - 1);
  co_return value;
}

TEST_F(TaskTest, an_exception_passes_through_all_awaiters) {
  Task<int> task = fail_below(10);
  ASSERT_TRUE(start(task));
  EXPECT_THROW(
      {
        try {
          task.take();
        } catch (const std::runtime_error& error) {
          EXPECT_STREQ(error.what(), "at the bottom");
          throw;
        }
      },
      std::runtime_error);
}

Task<std::string> recover() {
  std::string text;
  try {
    co_await fail("lost");
  } catch (const std::runtime_error& error) {
    text = error.what();
  }
  int value = co_await number(7);
  co_return text + std::to_string(value);
}

TEST_F(TaskTest, an_awaiter_may_catch_and_go_on) { EXPECT_EQ(run(recover()), "lost7"); }

Task<int> through(Gate& gate, int value) {
  co_await gate.wait();
  co_return value;
}

Task<int> twice_through(Gate& gate) {
  int first = co_await through(gate, 1);
  int second = co_await through(gate, 2);
  co_return first * 10 + second;
}

TEST_F(TaskTest, one_that_waits_resumes_its_awaiter_when_it_finishes) {
  Task<int> task = twice_through(gate_);
  EXPECT_FALSE(start(task));
  gate_.resume();
  EXPECT_FALSE(is_finished_);
  gate_.resume();
  EXPECT_TRUE(is_finished_);
  EXPECT_EQ(task.take(), 12);
}

Task<int> fail_through(Gate& gate) {
  co_await gate.wait();
  co_return co_await fail("after waiting");
}

Task<int> catch_through(Gate& gate) {
  try {
    co_await fail_through(gate);
  } catch (const std::runtime_error&) {
    co_return 1;
  }
  co_return 0;
}

TEST_F(TaskTest, an_exception_after_a_wait_reaches_the_awaiter) {
  Task<int> task = catch_through(gate_);
  EXPECT_FALSE(start(task));
  gate_.resume();
  EXPECT_TRUE(is_finished_);
  EXPECT_EQ(task.take(), 1);
}

Task<> hold_through(Gate& gate, std::shared_ptr<int> kept) {
  co_await gate.wait();
  ++*kept;
}

Task<long> uses_left_after(Gate& gate, std::shared_ptr<int>& kept) {
  {
    Task<> task = hold_through(gate, kept);
    co_await std::move(task);
  }
  co_return kept.use_count();
}

// The awaiter destroys the frame of the task it awaited while that task is still finishing.
TEST_F(TaskTest, its_locals_are_gone_when_its_awaiter_goes_on) {
  auto held = std::make_shared<int>(1);
  Task<long> task = uses_left_after(gate_, held);
  EXPECT_FALSE(start(task));
  EXPECT_EQ(held.use_count(), 2);
  gate_.resume();
  EXPECT_EQ(task.take(), 1);
}

Task<long> await_ready_tasks(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    int value = co_await number(i);
    co_await nothing();
    sum += value;
  }
  co_return sum;
}

// A million frames on the stack would need more than 8 MiB: under every compiler and sanitizer.
TEST_F(TaskTest, a_million_ready_awaits_in_a_row_need_no_stack) {
  long count = test::rounds(1'000'000);
  EXPECT_EQ(run(await_ready_tasks(static_cast<int>(count))), count * (count - 1) / 2);
}

TEST_F(TaskTest, gives_way_when_its_job_has_had_its_share) {
  local_.budget = 10;
  Task<long> task = await_ready_tasks(20);
  EXPECT_FALSE(start(task));
  int turns = 0;
  for (; !local_.ready.empty(); ++turns) {
    local_.budget = 10;
    Job& job = local_.ready.pop();
    job.run(job);
  }
  EXPECT_TRUE(is_finished_);
  EXPECT_EQ(task.take(), 190);
  EXPECT_GE(turns, 3);
}

Task<long> await_waiting_tasks(Gate& gate, int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    int value = co_await through(gate, 1);
    sum += value;
  }
  co_return sum;
}

TEST_F(TaskTest, a_hundred_thousand_waiting_awaits_in_a_row_need_no_stack) {
  int count = test::rounds(100'000);
  Task<long> task = await_waiting_tasks(gate_, count);
  EXPECT_FALSE(start(task));
  while (gate_.has_waiter()) gate_.resume();
  EXPECT_TRUE(is_finished_);
  EXPECT_EQ(task.take(), count);
}

Task<int> depth_of(Gate* gate, int depth) {
  if (depth == 0) {
    if (gate != nullptr) co_await gate->wait();
    co_return 0;
  }
  int below = co_await depth_of(gate, depth - 1);
  co_return below + 1;
}

TEST_F(TaskTest, recursion_of_depth_2000_works_inline) {
  EXPECT_EQ(run(depth_of(nullptr, 2000)), 2000);
}

TEST_F(TaskTest, recursion_of_depth_2000_unwinds_after_a_wait) {
  Task<int> task = depth_of(&gate_, 2000);
  EXPECT_FALSE(start(task));
  gate_.resume();
  EXPECT_TRUE(is_finished_);
  EXPECT_EQ(task.take(), 2000);
}

CancelScope* seen_scope = nullptr;

struct SeeScope {
  SeeScope() noexcept = default;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) const noexcept {
    seen_scope = waiter.promise().scope();
    return false;
  }
  void await_resume() const noexcept {}
};

Task<> see_scope() { co_await SeeScope(); }

Task<> see_scope_below(CancelScope& other, CancelScope** inherited, CancelScope** given) {
  co_await see_scope();
  *inherited = seen_scope;
  co_await see_scope().in(other);
  *given = seen_scope;
}

TEST_F(TaskTest, runs_in_its_awaiters_scope_or_in_the_one_it_is_given) {
  CancelScope outer(nullptr), other(nullptr);
  CancelScope *inherited = nullptr, *given = nullptr;
  Task<> task = see_scope_below(other, &inherited, &given);
  auto ignore = [](void*) {};
  EXPECT_TRUE(task.start(&outer, ignore, nullptr));
  EXPECT_EQ(inherited, &outer);
  EXPECT_EQ(given, &other);
}

using TaskDeathTest = TaskTest;

TEST_F(TaskDeathTest, is_awaited_once_only) {
  Task<> task = nothing();
  EXPECT_TRUE(start(task));
  EXPECT_DEATH(start(task), "broken invariant");
}

TEST_F(TaskDeathTest, cannot_be_thrown_away_while_it_waits) {
  Task<int> task = through(gate_, 1);
  EXPECT_FALSE(start(task));
  EXPECT_DEATH({ Task<int> thrown_away = std::move(task); }, "broken invariant");
  gate_.resume();
}

}  // namespace
}  // namespace duet

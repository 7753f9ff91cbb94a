// What belongs to a fiber's stack: its bounds, what runs on it, and the exceptions handled there.

#include <array>
#include <cstring>

#include "duet/sys/fiber_stacks.hpp"
#include "loop/fiber_fixture.hpp"
#include "support/sanitizer.hpp"

namespace duet {
namespace {

using std::chrono::milliseconds;
using FiberStackTest = test::FiberFixture;

INSTANTIATE_TEST_SUITE_P(engines, FiberStackTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

template <std::size_t bytes>
[[gnu::noinline]] std::size_t use_stack() {
  std::array<char, bytes> memory;
  volatile char* touched = memory.data();
  for (std::size_t i = 0; i < bytes; i += 512) touched[i] = 1;
  return touched[0] == 1 ? bytes : 0;
}

Task<std::size_t> use_much_stack() {
  std::size_t used = use_stack<512 * 1024>();
  co_await yield();
  co_return used + use_stack<512 * 1024>();
}

TEST_P(FiberStackTest, a_deep_task_runs_on_the_loops_stack) {
  run_fiber([] { EXPECT_EQ(wait(use_much_stack()), 1024U * 1024); });
}

TEST_P(FiberStackTest, a_fiber_that_waits_for_long_gives_back_what_it_does_not_use) {
  loop_.reset();  // of some engines, a thread has one at a time
  Loop loop(test::engine_factory(GetParam()), log_, fifo_order, {64 * 1024, 10, milliseconds(1)});
  auto wait_after_much_work = [](Event* end) {
    use_stack<40 * 1024>();
    wait(end->wait());
  };
  auto look = [](Loop* of, Event* end) -> Task<> {
    for (int i = 0; i < 2000 && of->fiber_stacks().resident_bytes() > 32 * 1024; ++i)
      co_await sleep_for(milliseconds(1));
    EXPECT_LE(of->fiber_stacks().resident_bytes(), 32U * 1024);
    end->set();
  };
  Event end;
  loop.run(all(fiber(wait_after_much_work, &end), look(&loop, &end)));
  EXPECT_GE(loop.fiber_stacks().high_water_bytes(), 40U * 1024);
}

// Each function checks that what is handled is its own, after the others have handled theirs.
TEST_P(FiberStackTest, fibers_that_wait_within_catch_rethrow_their_own_exceptions) {
  auto fail_and_wait = [](int number) {
    try {
      try {
        throw number;
      } catch (...) {
        for (int i = 0; i < number % 4; ++i) wait(yield());
        throw;
      }
    } catch (int rethrown) {
      wait(yield());
      EXPECT_EQ(rethrown, number);
    }
    EXPECT_EQ(std::current_exception(), nullptr);
  };
  auto body = [&](Scope& scope) -> Task<> {
    for (int i = 0; i < 20; ++i) scope.spawn(fiber(fail_and_wait, i));
    co_return;
  };
  run([&]() -> Task<> { co_await scoped(body); });
}

TEST_P(FiberStackTest, what_runs_while_a_fiber_waits_within_catch_handles_nothing) {
  auto handles_nothing = []() -> Task<bool> {
    co_return std::current_exception() == nullptr&& std::uncaught_exceptions() == 0;
  };
  run_fiber([&] {
    try {
      throw 1;
    } catch (int) {
      EXPECT_TRUE(wait(handles_nothing()));
    }
  });
}

struct WaitsAtItsEnd {
  ~WaitsAtItsEnd() {
    wait(yield());
    uncaught = std::uncaught_exceptions();
  }
  int& uncaught;
};

TEST_P(FiberStackTest, a_destructor_may_wait_while_an_exception_unwinds) {
  auto unwind = [] {
    int uncaught = 0;
    try {
      WaitsAtItsEnd waits(uncaught);
      throw std::runtime_error("unwinding");
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(uncaught, 1);
  };
  run([&]() -> Task<> { co_await all(fiber(unwind), fiber(unwind)); });
}

TEST_P(FiberStackTest, the_census_counts_fibers) {
  run_fiber([&] { EXPECT_EQ(loop_->census().fibers, 1U); });
}

TEST_P(FiberStackTest, the_high_water_mark_is_that_of_the_deepest) {
  if (test::has_sanitizer) GTEST_SKIP() << "a sanitizer's frames are larger";
  run_fiber([] { use_stack<100>(); });
  std::size_t shallow = loop_->fiber_stacks().high_water_bytes();
  EXPECT_LE(shallow, 16U * 1024);
  run_fiber([] { use_stack<40 * 1024>(); });
  run_fiber([] { use_stack<100>(); });
  EXPECT_GE(loop_->fiber_stacks().high_water_bytes(), 40U * 1024);
  EXPECT_LE(loop_->fiber_stacks().high_water_bytes(), 52U * 1024);
}

TEST_P(FiberStackTest, the_limits_are_those_of_the_loop) {
  loop_.reset();  // of some engines, a thread has one at a time
  Loop loop(test::engine_factory(GetParam()), log_, fifo_order, {256 * 1024, 1, milliseconds(1)});
  auto body = [](Scope& scope) -> Task<> {
    scope.spawn(fiber([] { EXPECT_EQ(use_stack<200 * 1024>(), 200U * 1024); }));
    co_return;
  };
  loop.run(scoped(body));
  auto two = [](Scope& scope) -> Task<> {
    for (int i = 0; i < 2; ++i) scope.spawn(fiber([] { wait(sleep_for(milliseconds(1))); }));
    co_return;
  };
  try {
    loop.run(scoped(two));
    ADD_FAILURE() << "two fibers at a time";
  } catch (const IoError& error) {
    EXPECT_EQ(error.code(), Errc::queue_full);
    EXPECT_STREQ(error.what(),
                 "start a fiber beyond FiberLimits::fibers_max, 1: as much work waits already as "
                 "may");
  }
}

// SIZE_MAX was rounded up to nothing, and then to the least that a stack may have.
TEST_P(FiberStackTest, a_stack_larger_than_the_address_space_is_refused) {
  for (std::size_t bytes : {SIZE_MAX, SIZE_MAX / 2, std::size_t{1} << 60U}) {
    loop_.reset();
    loop_ = std::make_unique<Loop>(test::engine_factory(GetParam()), log_, fifo_order,
                                   FiberLimits{.stack_bytes = bytes});
    try {
      run_fiber([] {});
      ADD_FAILURE() << "a stack of " << bytes << " bytes";
    } catch (const IoError& error) {
      EXPECT_EQ(error.code(), std::errc::not_enough_memory);
    }
  }
}

using FiberStackDeathTest = test::FiberFixture;
INSTANTIATE_TEST_SUITE_P(engines, FiberStackDeathTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

[[gnu::noinline]] int recurse(int depth) {  // NOLINT(misc-no-recursion)
  std::array<volatile char, 1000> memory;
  memory[static_cast<std::size_t>(depth) % memory.size()] = 1;
  if (depth == 0) return 0;
  int below = recurse(depth - 1);
  return below + memory[static_cast<std::size_t>(depth) % memory.size()];
}

TEST_P(FiberStackDeathTest, an_overflow_ends_the_program_and_touches_nothing_else) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto overflow = [] { EXPECT_EQ(recurse(1000), 1000); };
  EXPECT_DEATH(run_fiber(overflow), "");
}

TEST_P(FiberStackDeathTest, wait_in_a_coroutine_is_refused_by_name) {
  auto body = []() -> Task<> {
    wait(yield());
    co_return;
  };
  EXPECT_DEATH(run(body), "write co_await");
}

}  // namespace
}  // namespace duet

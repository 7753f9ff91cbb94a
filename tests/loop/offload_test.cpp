#include "duet/loop/offload.hpp"

#include <semaphore>
#include <string>
#include <thread>

#include "loop/scope_fixture.hpp"

namespace duet::test {
namespace {

constexpr Work one_at_a_time("test one", 1, 1, 1);

class OffloadTest : public ScopeFixture {
 protected:
  bool blocks() const { return GetParam() == "blocking"; }
};

INSTANTIATE_TEST_SUITE_P(engines, OffloadTest, ::testing::ValuesIn(every_engine), engine_name);

TEST_P(OffloadTest, gives_the_result_back_on_the_loops_thread) {
  run([this] -> Task<> {
    std::thread::id here = std::this_thread::get_id();
    auto work = offload(Work::compute, [] { return std::this_thread::get_id(); });
    std::thread::id there = co_await std::move(work);
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_EQ(there == here, blocks());
  });
}

TEST_P(OffloadTest, gives_a_value_that_can_only_be_moved) {
  run([] -> Task<> {
    auto work = offload(Work::compute, [] { return std::make_unique<int>(7); });
    std::unique_ptr<int> value = co_await std::move(work);
    EXPECT_EQ(*value, 7);
  });
}

TEST_P(OffloadTest, runs_a_function_without_result) {
  run([] -> Task<> {
    bool is_done = false;
    auto work = offload(Work::compute, [&] { is_done = true; });
    co_await std::move(work);
    EXPECT_TRUE(is_done);
  });
}

TEST_P(OffloadTest, gives_back_what_the_function_throws) {
  run([this] -> Task<> {
    auto work = offload(Work::compute, [] { throw std::runtime_error("it failed"); });
    auto failing = [](auto offloaded) -> Task<> { co_await std::move(offloaded); };
    Task<> task = failing(std::move(work));
    co_await expect_outcome(std::move(task), "it failed");
  });
}

TEST_P(OffloadTest, tells_the_function_the_deadline_of_its_operation) {
  run([] -> Task<> {
    TimePoint expected = Loop::current().now() + hours(1);
    auto work = offload(Work::compute, [](const WorkOrder& order) { return order.deadline; });
    TimePoint deadline = co_await std::move(work).within(hours(1));
    EXPECT_EQ(deadline, expected);
    auto other = offload(Work::compute, [](const WorkOrder& order) { return order.deadline; });
    TimePoint none = co_await std::move(other);
    EXPECT_EQ(none, never);
  });
}

Task<TimePoint> deadline_within(Duration delay) {
  auto work = offload(Work::compute, [](const WorkOrder& order) { return order.deadline; });
  co_return co_await std::move(work).within(delay);
}

TEST_P(OffloadTest, tells_the_function_the_deadline_of_its_scope_if_that_is_earlier) {
  run([] -> Task<> {
    TimePoint now = Loop::current().now();
    Task<TimePoint> inner = by(now + hours(3), deadline_within(hours(4)));
    Task<TimePoint> outer = by(now + hours(2), std::move(inner));
    TimePoint deadline = co_await std::move(outer);
    EXPECT_EQ(deadline, now + hours(2));
    Task<TimePoint> own = by(now + hours(2), deadline_within(hours(1)));
    TimePoint earlier = co_await std::move(own);
    EXPECT_LT(earlier, now + hours(2));
  });
}

TEST_P(OffloadTest, does_nothing_in_a_scope_that_is_cancelled_already) {
  run([this] -> Task<> {
    CancelScope scope(nullptr);
    scope.cancel(CancelReason::requested);
    bool is_done = false;
    auto task = [](bool& flag) -> Task<> {
      auto work = offload(Work::compute, [&] { flag = true; });
      co_await std::move(work);
    };
    co_await expect_outcome(in_scope(task(is_done), scope), "cancelled");
    EXPECT_FALSE(is_done);
  });
}

// A thread of the class that is kept busy until it is let go.
struct Hog {
  std::binary_semaphore begun{0}, let_go{0};

  static Task<> occupy(Work of, Hog& hog) {
    auto work = offload(of, [&] {
      hog.begun.release();
      hog.let_go.acquire();
    });
    co_await std::move(work);
  }
};

class SharedLoopOffloadTest : public OffloadTest {
 protected:
  // Runs body(scope, hog) while the only thread of `one_at_a_time` is busy, and then lets it go.
  void run_beside_hog(std::function<Task<>(Scope&)> body) {
    run([body = std::move(body)] -> Task<> {
      Hog hog;
      Scope scope(&Loop::current().scope());
      scope.spawn(Hog::occupy(one_at_a_time, hog));
      co_await yield();
      hog.begun.acquire();
      Task<> task = body(scope);
      co_await std::move(task);
      hog.let_go.release();
      co_await scope.join();
    });
  }

  static Task<> set(bool& flag) {
    auto work = offload(one_at_a_time, [&] { flag = true; });
    co_await std::move(work);
  }
};

INSTANTIATE_TEST_SUITE_P(engines, SharedLoopOffloadTest,
                         ::testing::Values("epoll", "poll", "uring"), engine_name);

TEST_P(SharedLoopOffloadTest, that_is_cancelled_before_its_turn_is_not_done) {
  bool is_done = false;
  run_beside_hog([&](Scope&) -> Task<> {
    co_await expect_outcome(within(milliseconds(1), set(is_done)), "timed out");
  });
  EXPECT_FALSE(is_done);
}

TEST_P(SharedLoopOffloadTest, whose_own_deadline_passes_before_its_turn_is_not_done) {
  bool is_done = false;
  run_beside_hog([&](Scope&) -> Task<> {
    auto work = offload(one_at_a_time, [&] { is_done = true; });
    auto late = std::move(work).within(milliseconds(1));
    auto result = co_await as_expected(std::move(late));
    EXPECT_TRUE(!result && result.error() == Errc::timed_out);
  });
  EXPECT_FALSE(is_done);
}

TEST_P(SharedLoopOffloadTest, beyond_what_may_wait_is_refused_with_the_name_of_its_class) {
  bool is_done = false, is_refused_done = false;
  run_beside_hog([&](Scope& scope) -> Task<> {
    scope.spawn(set(is_done));
    co_await yield();
    co_await yield();
    co_await expect_outcome(set(is_refused_done),
                            "offload to test one: as much work waits already as may");
  });
  EXPECT_TRUE(is_done);
  EXPECT_FALSE(is_refused_done);
}

TEST_P(SharedLoopOffloadTest, of_one_class_does_not_wait_for_another) {
  run_beside_hog([&](Scope&) -> Task<> {
    auto work = offload(Work::compute, [] { return 7; });
    int value = co_await std::move(work);
    EXPECT_EQ(value, 7);
  });
}

TEST_P(SharedLoopOffloadTest, that_has_begun_is_told_to_stop_and_waited_for) {
  std::binary_semaphore stopped(0);
  Event begun;
  int value = 0;
  auto task = [&]() -> Task<> {
    auto work = offload(Work::compute, [&](const WorkOrder& order) {
      std::stop_callback told(order.stop, [&] { stopped.release(); });
      begun.set();
      stopped.acquire();
      return 7;
    });
    int result = co_await std::move(work);
    value = result;
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(task);
    co_await begun.wait();
    scope.cancel();
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(value, 7) << "what took effect counts";
}

}  // namespace
}  // namespace duet::test

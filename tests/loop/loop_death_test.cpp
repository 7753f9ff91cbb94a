// What ends the program, since it has no correct answer: with a sentence that says what to do. And
// how a loop ends when nothing is wrong.

#include <sys/socket.h>

#include <array>
#include <optional>
#include <thread>

#include "duet/loop/event.hpp"
#include "duet/loop/readiness.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/net/listener.hpp"
#include "loop/loop_fixture.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

Task<> do_nothing() { co_return; }

// Threads may run, so the program begins again in the process that is to die.
class LoopDeathTest : public LoopTest {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    LoopTest::SetUp();
  }

  Stream stream_of_a_pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    peer_.emplace(*loop_, Accepted{ends[1], io::HandleKind::local_stream, {}});
    return {*loop_, Accepted{ends[0], io::HandleKind::local_stream, {}}};
  }

  std::optional<Stream> peer_;
};

INSTANTIATE_TEST_SUITE_P(engines, LoopDeathTest, ::testing::ValuesIn(every_engine), engine_name);

// It was a use of freed memory, at the end of the listener's life.
TEST_P(LoopDeathTest, a_loop_may_not_end_before_a_listener_of_it) {
  Listener listener(*loop_, *Address::parse("127.0.0.1:0"));
  EXPECT_DEATH(loop_.reset(), "a loop is destroyed before 1 handle made on it.*destroy them first");
}

TEST_P(LoopDeathTest, a_loop_may_not_end_before_streams_of_it) {
  Stream stream = stream_of_a_pair();
  EXPECT_DEATH(loop_.reset(), "before 2 handles made on it");
  peer_.reset();
}

TEST_P(LoopDeathTest, a_loop_may_not_end_before_a_timer_that_is_set) {
  Timer timer([](Timer&) {});
  loop_->timers().add(timer, never);
  EXPECT_DEATH(loop_.reset(), "before 1 timer made on it");
  loop_->timers().remove(timer);
}

TEST_P(LoopDeathTest, a_loop_may_not_end_before_its_task) {
  loop_->start(owned([]() -> Task<> { co_await yield(); }));
  EXPECT_DEATH(loop_.reset(), "before its task has ended; run it to its end");
  while (loop_->run_once(never)) continue;
}

TEST_P(LoopDeathTest, streams_may_end_after_the_run_and_before_the_loop) {
  std::optional<Stream> kept;
  run([&]() -> Task<> {
    kept = stream_of_a_pair();
    co_await yield();
  });
  EXPECT_EQ(loop_->census().handles, 2U);
  kept.reset();
  peer_.reset();
}

TEST_P(LoopDeathTest, what_was_posted_too_late_ends_with_the_loop_and_so_do_its_handles) {
  run(do_nothing);
  auto stream = std::make_shared<Stream>(stream_of_a_pair());
  bool is_called = false;
  loop_->post([stream = std::move(stream), &is_called] { is_called = true; });
  peer_.reset();
  loop_.reset();
  EXPECT_FALSE(is_called);
}

TEST_P(LoopDeathTest, a_loop_is_at_its_end_with_its_task_whatever_nobody_waits_for) {
  std::optional<Listener> listener(std::in_place, *loop_, *Address::parse("127.0.0.1:0"));
  Timer timer([](Timer&) {});
  loop_->timers().add(timer, Clock::now() + 1h);
  TimePoint before = Clock::now();
  run([]() -> Task<> { co_await sleep_for(1ms); });
  EXPECT_LT(Clock::now() - before, 30min);
  loop_->timers().remove(timer);
}

TEST_P(LoopDeathTest, a_loop_goes_on_for_what_the_tasks_scope_still_runs) {
  int steps = 0;
  auto child = [&]() -> Task<> {
    for (; steps < 3; ++steps) co_await sleep_for(1ms);
  };
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(child);
    co_return;
  };
  loop_->run(scoped(body));
  EXPECT_EQ(steps, 3);
}

TEST_P(LoopDeathTest, run_inside_of_itself_is_refused_by_name) {
  auto nested = [&]() -> Task<> {
    loop_->run(do_nothing());
    co_return;
  };
  EXPECT_DEATH(run(nested), "within a task of the same loop; co_await the task");
}

TEST_P(LoopDeathTest, run_once_inside_of_itself_is_refused_by_name) {
  auto nested = [&]() -> Task<> {
    loop_->run_once();
    co_return;
  };
  EXPECT_DEATH(run(nested), "run_once.. within a task of the same loop");
}

TEST_P(LoopDeathTest, a_second_start_is_refused_by_name) {
  auto twice = [&] {
    loop_->start(owned([]() -> Task<> { co_await yield(); }));
    loop_->start(do_nothing());
  };
  EXPECT_DEATH(twice(), "whose task has not ended; call run_once");
}

TEST_P(LoopDeathTest, run_once_before_start_is_refused_by_name) {
  EXPECT_DEATH(loop_->run_once(), "without a task; call start.. first");
}

TEST_P(LoopDeathTest, run_once_after_its_end_is_refused_by_name_and_start_is_not) {
  auto run_to_the_end = [&] {
    loop_->start(do_nothing());
    while (loop_->run_once(never)) continue;
  };
  run_to_the_end();
  EXPECT_DEATH(loop_->run_once(), "without a task; call start.. first, and again after false");
  run_to_the_end();
}

// Builds without assertions do not look.
class LoopOfAnotherThreadDeathTest : public LoopDeathTest {
 protected:
  void SetUp() override {
#if defined(NDEBUG) && !defined(_GLIBCXX_ASSERTIONS)
    GTEST_SKIP() << "a build without assertions";
#endif
    LoopDeathTest::SetUp();
  }

  static constexpr const char* refusal =
      "loop 0x[0-9a-f]+ of thread [0-9]+ is used by thread [0-9]+; use post";

  template <class Use>
  static void on_another_thread(Use use) {
    std::thread(use).join();
  }
};

INSTANTIATE_TEST_SUITE_P(engines, LoopOfAnotherThreadDeathTest, ::testing::ValuesIn(every_engine),
                         engine_name);

TEST_P(LoopOfAnotherThreadDeathTest, runs_no_task) {
  EXPECT_DEATH(on_another_thread([this] { run(do_nothing); }), refusal);
}

TEST_P(LoopOfAnotherThreadDeathTest, makes_no_turn) {
  loop_->start(do_nothing());
  EXPECT_DEATH(on_another_thread([this] { loop_->run_once(); }), refusal);
  while (loop_->run_once(never)) continue;
}

TEST_P(LoopOfAnotherThreadDeathTest, takes_no_timer_no_count_and_no_handle) {
  EXPECT_DEATH(on_another_thread([this] { loop_->timers(); }), refusal);
  EXPECT_DEATH(on_another_thread([this] { static_cast<void>(loop_->census()); }), refusal);
  EXPECT_DEATH(on_another_thread([this] { stream_of_a_pair(); }), refusal);
}

TEST_P(LoopOfAnotherThreadDeathTest, is_not_where_a_stream_ends) {
  Stream stream = stream_of_a_pair();
  EXPECT_DEATH(on_another_thread([&] { Stream ended = std::move(stream); }), refusal);
  peer_.reset();
}

TEST_P(LoopOfAnotherThreadDeathTest, gets_no_task_into_a_scope_of_it) {
  auto spawn_from_another = [this](Scope& scope) -> Task<> {
    on_another_thread([this, &scope] {
      Loop other(engine_factory("epoll"), log_);
      auto spawn = [](Scope& into) -> Task<> {
        into.spawn(do_nothing());
        co_return;
      };
      other.run(spawn(scope));
    });
    co_return;
  };
  EXPECT_DEATH(loop_->run(scoped(spawn_from_another)), "use post.. or run_on.. of that loop");
}

// The other engines belong to the thread that made them.
using MovedLoop = LoopTest;
INSTANTIATE_TEST_SUITE_P(engines, MovedLoop, ::testing::Values("epoll", "poll", "select", "spin"),
                         engine_name);

TEST_P(MovedLoop, is_that_of_the_thread_that_claims_it) {
  bool has_run = false;
  std::thread([&] {
    loop_->claim();
    run([&]() -> Task<> {
      co_await sleep_for(1ms);
      has_run = true;
    });
  }).join();
  loop_->claim();
  run(do_nothing);
  EXPECT_TRUE(has_run);
}

TEST_P(LoopOfAnotherThreadDeathTest, takes_posts_all_the_same) {
  Event posted;
  std::jthread poster([&] { loop_->post([&] { posted.set(); }); });
  run([&]() -> Task<> { co_await posted.wait(); });
}

TEST(CurrentLoopDeathTest, none_is_current_outside_of_a_run) {
  EXPECT_EQ(Loop::current_or_null(), nullptr);
  EXPECT_DEATH(Loop::current(), "no loop runs on this thread");
}

}  // namespace
}  // namespace duet::test

// Callbacks: when they are called, with what, and who ends them.

#include "duet/loop/callback.hpp"

#include <vector>

#include "duet/loop/channel.hpp"
#include "duet/loop/offload.hpp"
#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::number_after;
using test::number_at_once;
using Number = std::expected<int, std::error_code>;
using Done = std::expected<void, std::error_code>;

class CallbackTest : public test::ScopeFixture {
 protected:
  // Runs the function with a scope for what it starts, until all of that has ended.
  template <class Function>
  void run_callbacks(Function function) {
    loop_->run(callbacks(std::move(function)));
  }
};

INSTANTIATE_TEST_SUITE_P(engines, CallbackTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(CallbackTest, gets_the_value_of_what_was_started) {
  std::vector<int> values;
  run_callbacks([&] {
    start(number_after(milliseconds(1), 2), [&](Number number) { values.push_back(*number); });
    start(number_at_once(1), [&](Number number) { values.push_back(*number); });
  });
  EXPECT_EQ(values, std::vector({1, 2}));
}

TEST_P(CallbackTest, gets_failures_as_error_codes) {
  auto fail = [](bool fails) -> Task<int> {
    if (fails) throw IoError(Errc::busy, "test");
    co_return 1;
  };
  std::vector<std::error_code> errors;
  run_callbacks([&] {
    auto note = [&](Number number) { errors.push_back(number.error()); };
    start(fail(true), note);
    start(within(milliseconds(1), number_after(hours(1), 1)), note);
  });
  EXPECT_EQ(errors, (std::vector<std::error_code>{Errc::busy, Errc::timed_out}));
}

// A timer that its handler sets again, a hundred thousand times: neither a stack that grows nor a
// loop that gets to nothing else.
TEST_P(CallbackTest, of_a_timer_may_set_it_again_for_no_time_and_others_get_their_turn) {
  struct Ticking {
    Ticking(int& count, bool& others) : ticks(count), is_over(others) {
      tick();
      start(yield(), [this](Done) { is_over = true; });
    }
    void tick() {
      start_after(milliseconds(0), [this] {
        if (++ticks < 100'000) return tick();
        EXPECT_TRUE(is_over);
      });
    }
    int& ticks;
    bool& is_over;
  };
  int ticks = 0;
  bool is_over = false;
  loop_->run(by_callbacks<Ticking>(std::ref(ticks), std::ref(is_over)));
  EXPECT_EQ(ticks, 100'000);
}

TEST_P(CallbackTest, of_one_timer_is_dropped_by_a_scope_of_its_own) {
  bool was_called = false;
  auto body = [&]() -> Task<> {
    CancelScope* around = co_await this_scope();
    Scope alone(around);
    start_after(alone, hours(1), [&] { was_called = true; });
    alone.cancel();
    co_await alone.join();
    alone.rethrow_failure();
  };
  run(body);
  EXPECT_FALSE(was_called);
}

TEST_P(CallbackTest, is_never_called_within_start) {
  bool has_returned = false;
  bool was_called = false;
  run_callbacks([&] {
    start(number_at_once(1), [&](Number) {
      EXPECT_TRUE(has_returned);
      was_called = true;
    });
    has_returned = true;
  });
  EXPECT_TRUE(was_called);
}

TEST_P(CallbackTest, starts_others_in_its_own_scope) {
  int rounds = 0;
  std::function<void(Number)> again = [&](Number) {
    if (++rounds < 100'000) start(number_at_once(1), again);
  };
  run_callbacks([&] { start(number_at_once(1), again); });
  EXPECT_EQ(rounds, 100'000);
}

TEST_P(CallbackTest, waits_for_whatever_can_be_awaited) {
  Event event;
  Channel<int> channel(1);
  int calls = 0;
  run_callbacks([&] {
    start(channel.receive(), [&](std::expected<std::optional<int>, std::error_code> value) {
      EXPECT_EQ(*value, 5);
      ++calls;
    });
    start(event.wait(), [&](Done) {
      ++calls;
      start(channel.send(5), [&](std::expected<bool, std::error_code> sent) {
        EXPECT_TRUE(*sent);
        ++calls;
      });
    });
    start(offload(Work::compute, [] { return 7; }), [&](Number number) {
      EXPECT_EQ(*number, 7);
      ++calls;
      event.set();
    });
  });
  EXPECT_EQ(calls, 4);
}

TEST_P(CallbackTest, of_a_timer_is_called_when_the_time_has_passed) {
  TimePoint before = Clock::now();
  std::string order;
  run_callbacks([&] {
    start_after(milliseconds(4), [&] { order += 'b'; });
    start_after(milliseconds(1), [&] { order += 'a'; });
  });
  EXPECT_EQ(order, "ab");
  EXPECT_GE(Clock::now(), before + milliseconds(4));
}

TEST_P(CallbackTest, of_a_cancelled_scope_is_destroyed_without_a_call) {
  auto alive = std::make_shared<int>();
  std::weak_ptr<int> seen = alive;
  auto body = [&](Scope& scope) -> Task<> {
    start(scope, number_after(hours(1), 1), [held = std::move(alive)](Number) { ADD_FAILURE(); });
    start_after(scope, hours(1), [] { ADD_FAILURE(); });
    co_await yield();
    EXPECT_FALSE(seen.expired());
    scope.cancel();
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_TRUE(seen.expired());
}

TEST_P(CallbackTest, that_throws_cancels_the_others_and_fails_its_scope) {
  run([&]() -> Task<> {
    Task<> task = callbacks([&] {
      start(wait_for_cancel(reason_), [](Done) { ADD_FAILURE(); });
      start(number_at_once(1), [](Number) { throw std::runtime_error("in a callback"); });
    });
    co_await expect_outcome(std::move(task), "in a callback");
  });
  EXPECT_EQ(reason_, CancelReason::failure);
}

TEST_P(CallbackTest, a_start_that_fails_ends_what_was_started_before) {
  run([&]() -> Task<> {
    Task<> task = callbacks([&] {
      start(wait_for_cancel(reason_), [](Done) { ADD_FAILURE(); });
      throw std::runtime_error("at the start");
    });
    co_await expect_outcome(std::move(task), "at the start");
  });
  EXPECT_EQ(reason_, CancelReason::failure);
}

TEST_P(CallbackTest, are_ended_by_the_deadline_around_them) {
  run([&]() -> Task<> {
    auto wait_long = [&] { start(wait_for_cancel(reason_), [](Done) { ADD_FAILURE(); }); };
    Task<> task = within(milliseconds(1), callbacks(wait_long));
    co_await expect_outcome(std::move(task), "timed out");
  });
  EXPECT_EQ(reason_, CancelReason::deadline);
}

class Counter {
 public:
  Counter(int rounds, int& counted) : rounds_(rounds), counted_(counted) { go_on(); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  ~Counter() { counted_ += 1000; }

 private:
  void go_on() {
    start_after(milliseconds(0), [this] {
      ++counted_;
      if (--rounds_ > 0) go_on();
    });
  }
  int rounds_;
  int& counted_;
};

TEST_P(CallbackTest, an_object_lives_until_all_it_started_has_ended) {
  int counted = 0;
  loop_->run(by_callbacks<Counter>(5, std::ref(counted)));
  EXPECT_EQ(counted, 1005);
}

TEST_P(CallbackTest, are_carried_with_state_that_can_only_be_moved) {
  int sum = 0;
  run_callbacks([&] {
    auto add = [&sum](std::unique_ptr<int> first, Number second) { sum = *first + *second; };
    start(number_at_once(2), std::bind_front(add, std::make_unique<int>(40)));
  });
  EXPECT_EQ(sum, 42);
}

TEST_P(CallbackTest, belong_to_their_own_scopes_when_several_run) {
  std::string order;
  auto count_to = [&order](char name, int last) {
    struct Again {
      std::string& order;
      char name;
      int left;
      void operator()(Number) const {
        order += name;
        if (left > 1) start(number_at_once(1), Again{order, name, left - 1});
      }
    };
    start(number_at_once(1), Again{order, name, last});
  };
  run([&]() -> Task<> {
    co_await all(callbacks(count_to, 'a', 3), callbacks(count_to, 'b', 2));
    EXPECT_EQ(order, "ababa");
  });
}

TEST_P(CallbackTest, start_outside_of_callbacks_is_refused_by_name) {
  auto body = []() -> Task<> {
    start_after(milliseconds(1), [] {});
    co_return;
  };
  EXPECT_DEATH(run(body), "start.scope, x, handler.");
}

}  // namespace
}  // namespace duet

#include "duet/loop/ticker.hpp"

#include <stdexcept>
#include <thread>

#include "loop/scope_fixture.hpp"

namespace duet::test {
namespace {

class TickerTest : public ScopeFixture {
 protected:
  static void stall(Duration time) { std::this_thread::sleep_for(time); }

  static Task<> tick(Ticker& ticker) { co_await ticker.next(); }
};

INSTANTIATE_TEST_SUITE_P(engines, TickerTest, ::testing::ValuesIn(every_engine), engine_name);

constexpr Duration period = milliseconds(4);

// Every tick counted, taken or missed, the number is that of the periods that have passed: neither
// does lateness add up, nor does any tick come early, nor one twice.
TEST_P(TickerTest, drifts_by_nothing_however_late_each_tick_is_taken) {
  run([] -> Task<> {
    TimePoint start = Loop::current().now();
    Ticker ticker(period);
    Duration::rep ticks = 0;
    for (int i = 0; i < 25; ++i) {
      std::size_t missed = co_await ticker.next();
      ticks += static_cast<Duration::rep>(missed) + 1;
      EXPECT_EQ((Loop::current().now() - start) / period, ticks);
      stall(i % 5 * milliseconds(1));
    }
  });
}

TEST_P(TickerTest, gives_one_tick_after_a_stall_and_the_number_of_the_others) {
  run([] -> Task<> {
    TimePoint start = Loop::current().now();
    Ticker ticker(period);
    stall(10 * period + period / 2);
    std::size_t missed = co_await ticker.next();
    EXPECT_GE(missed, 9U);
    TimePoint then = Loop::current().now();
    co_await ticker.next();
    EXPECT_GE(Loop::current().now() - start, ((then - start) / period + 1) * period) << "a burst";
  });
}

TEST_P(TickerTest, lets_others_run_although_it_is_late) {
  run([] -> Task<> {
    Ticker ticker(period);
    stall(2 * period);
    std::string order;
    auto note_tick = [](Ticker& late, std::string& text) -> Task<> {
      co_await late.next();
      text += "tick";
    };
    auto note = [](std::string& text) -> Task<> {
      text += "other, ";
      co_return;
    };
    co_await all(note_tick(ticker, order), note(order));
    EXPECT_EQ(order, "other, tick");
  });
}

TEST_P(TickerTest, loses_no_tick_by_a_cancellation) {
  run([this] -> Task<> {
    TimePoint start = Loop::current().now();
    Ticker ticker(period);
    CancelScope scope(nullptr);
    scope.cancel(CancelReason::requested);
    co_await expect_outcome(in_scope(tick(ticker), scope), "cancelled");
    std::size_t missed = co_await ticker.next();
    EXPECT_EQ((Loop::current().now() - start) / period, static_cast<Duration::rep>(missed) + 1);
  });
}

TEST_P(TickerTest, of_a_huge_period_never_ticks) {
  run([this] -> Task<> {
    Ticker ticker(Duration::max());
    co_await expect_outcome(within(milliseconds(1), tick(ticker)), "timed out");
  });
}

TEST_P(TickerTest, refuses_a_period_that_is_not_positive) {
  run([] -> Task<> {
    EXPECT_THROW(Ticker(Duration(0)), std::invalid_argument);
    EXPECT_THROW(Ticker(Duration(-1)), std::invalid_argument);
    co_return;
  });
}

}  // namespace
}  // namespace duet::test

// Timers: ticks at equal distances, and times that are too long for the clock.

#include <array>
#include <thread>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/wall_clock.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Timers : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Timers, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// Ticks taken and missed are as many as the periods that have passed, at each tick.
Task<std::string> count_ticks(Stream&) {
  TimePoint start = Loop::current().now();
  Ticker ticker(4ms);
  Duration::rep ticks = 0;
  for (int i = 0; i < 10; ++i) {
    std::size_t missed = co_await ticker.next();
    ticks += static_cast<Duration::rep>(missed) + 1;
    if ((Loop::current().now() - start) / 4ms != ticks) co_return "drifts";
    std::this_thread::sleep_for(i % 3 * 2ms);  // late by a part of a period, or two
  }
  co_return "exact";
}

TEST_P(Timers, a_ticker_drifts_by_nothing_however_late_each_tick_is_taken) {
  EXPECT_EQ(result_of(count_ticks), "exact");
}

Task<std::string> stall_between_ticks(Stream&) {
  Ticker ticker(4ms);
  std::this_thread::sleep_for(41ms);
  std::size_t missed = co_await ticker.next();
  if (missed < 9) co_return "too few were missed";
  TimePoint then = Loop::current().now();
  std::size_t more = co_await ticker.next();
  if (more == 0 && Loop::current().now() == then) co_return "burst";
  co_return "one tick";
}

TEST_P(Timers, a_ticker_makes_no_burst_after_a_stall) {
  EXPECT_EQ(result_of(stall_between_ticks), "one tick");
}

// A clock that is set forward and back again and again, in the middle of all that waits.
class UnsteadyWallClock {
 private:
  std::jthread setter_{[](const std::stop_token& stop) {
    for (Duration by = 24h; !stop.stop_requested(); by = -by) {
      step_wall_clock(by);
      std::this_thread::sleep_for(3ms);
    }
  }};
};

Task<std::string> wait_while_the_clock_is_set(Stream& peer) {
  Loop& loop = Loop::current();
  const auto wall = loop.wall_now();
  step_wall_clock(24h);
  if (loop.wall_now() - wall < 24h) co_return "the clock was not set";
  UnsteadyWallClock unsteady;
  constexpr Duration waited = 20ms;
  for (int i = 0; i < 4; ++i) {
    const TimePoint begun = loop.now();
    co_await within(10s, sleep_for(waited));
    if (loop.now() - begun < waited) co_return "the sleep ended early";
    const TimePoint before = loop.now();
    std::array<std::byte, 8> buffer;
    const auto read = co_await as_expected(peer.read_some(buffer).within(waited));
    if (read || read.error() != Errc::timed_out) co_return "the read has no limit";
    if (loop.now() - before < waited) co_return "the read ended early";
  }
  co_return "nothing moved";
}

TEST_P(Timers, are_not_moved_when_the_wall_clock_is_set_by_a_day) {
  EXPECT_EQ(result_of(wait_while_the_clock_is_set), "nothing moved");
}

Task<> sleep_and_note(Delay delay, std::string& text) {
  co_await sleep_for(delay);
  text += "ended, ";
}

Task<std::string> sleep_for_ages(Stream&) {
  std::string text;
  Task<> asleep = all(sleep_and_note(std::chrono::years(1000), text),
                      sleep_and_note(std::chrono::seconds::max(), text),
                      sleep_and_note(std::chrono::milliseconds::max(), text),
                      sleep_and_note(Duration::max(), text));
  try {
    co_await within(10ms, std::move(asleep));
  } catch (const TimedOut&) {
    text += "timed out";
  }
  co_return text;
}

TEST_P(Timers, a_sleep_of_any_length_does_not_end) {
  EXPECT_EQ(result_of(sleep_for_ages), "timed out");
}

Task<std::string> sleep_for_no_time(Stream&) {
  std::string text;
  co_await all(sleep_and_note(0s, text), sleep_and_note(-std::chrono::years(1000), text),
               sleep_and_note(std::chrono::seconds::min(), text),
               sleep_and_note(Duration::min(), text));
  co_return text;
}

TEST_P(Timers, a_sleep_of_no_time_or_less_ends) {
  EXPECT_EQ(result_of(sleep_for_no_time), "ended, ended, ended, ended, ");
}

Task<> send_soon(Stream& stream) {
  co_await sleep_for(5ms);
  co_await stream.write_all(bytes_of("bytes"));
}

Task<> read_with_a_huge_limit(Stream& stream, std::string& text) {
  std::array<char, 16> buffer;
  auto memory = std::as_writable_bytes(std::span(buffer));
  std::size_t count = co_await stream.read_some(memory).within(std::chrono::hours::max());
  text.append(buffer.data(), count);
}

Task<std::string> limit_by_ages(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  Task<> reading = within(std::chrono::seconds::max(), read_with_a_huge_limit(pair.near, text));
  co_await all(std::move(reading), send_soon(pair.far));
  co_return text;
}

TEST_P(Timers, a_limit_of_any_length_is_none) { EXPECT_EQ(result_of(limit_by_ages), "bytes"); }

TEST_P(Timers, a_drain_of_any_length_lets_what_runs_end) {
  Options endless = options();
  endless.drain = std::chrono::years(1000);
  ServerProcess server(endless, serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  server.drain();
  EXPECT_FALSE(client.is_answered_within(100ms)) << "cut";
  EXPECT_EQ(client.exchange("y"), "y");
  client.finish();
  EXPECT_EQ(client.receive_rest(), "");
  server.stop();
}

}  // namespace
}  // namespace duet::test

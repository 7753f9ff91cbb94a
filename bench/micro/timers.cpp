// What a timer costs when it is set and removed again, as that of nearly every operation is, while
// others are outstanding: the aim is 25 ns with a million of them.

#include <chrono>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "duet/loop/timer_wheel.hpp"

namespace duet {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint start{std::chrono::hours(100)};

struct Nothing : Timer {
  Nothing() : Timer([](Timer&) {}) {}
};

// Deadlines of a server: from a few milliseconds to some minutes.
struct Outstanding {
  explicit Outstanding(std::size_t count) : timers(count) {
    for (Nothing& timer : timers) wheel.add(timer, start + random_delay());
  }
  ~Outstanding() {
    for (Nothing& timer : timers) wheel.remove(timer);
  }

  Duration random_delay() {
    return std::chrono::microseconds(std::uniform_int_distribution(1'000, 300'000'000)(random));
  }

  std::mt19937 random{1};
  TimerWheel wheel{start};
  std::deque<Nothing> timers;
};

// A timer of a connection's own, set for the same delay each time.
void set_and_remove(benchmark::State& state) {
  Outstanding others(static_cast<std::size_t>(state.range(0)));
  Nothing timer;
  for (auto _ : state) {
    others.wheel.add(timer, start + std::chrono::seconds(60));
    others.wheel.remove(timer);
  }
}
BENCHMARK(set_and_remove)->Arg(0)->Arg(1'000'000);

// One of the outstanding ones, in no order, for another time: the memory is cold.
void move_one_of(benchmark::State& state) {
  Outstanding others(static_cast<std::size_t>(state.range(0)));
  std::vector<std::pair<std::size_t, Duration>> moves(1 << 16);
  for (auto& [at, delay] : moves) {
    at = others.random() % others.timers.size();
    delay = others.random_delay();
  }
  std::size_t next = 0;
  for (auto _ : state) {
    auto [at, delay] = moves[next++ % moves.size()];
    Nothing& timer = others.timers[at];
    others.wheel.remove(timer);
    others.wheel.add(timer, start + delay);
  }
}
BENCHMARK(move_one_of)->Arg(1'000)->Arg(1'000'000);

// Nearly all deadlines of a server are removed before they pass; these are not.
void set_and_fire(benchmark::State& state) {
  Outstanding others(static_cast<std::size_t>(state.range(0)));
  Nothing timer;
  TimePoint now = start;
  for (auto _ : state) {
    others.wheel.add(timer, now);
    others.wheel.advance(now);
  }
}
BENCHMARK(set_and_fire)->Arg(0)->Arg(1'000'000);

}  // namespace
}  // namespace duet

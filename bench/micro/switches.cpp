// What it costs to leave a task in the middle and to go on: a coroutine's resume beside a fiber's
// switch, bare and with what a loop does about them.

#include <coroutine>
#include <exception>

#include <benchmark/benchmark.h>

#include "duet/io/engines.hpp"
#include "duet/loop/event.hpp"
#include "duet/loop/fiber.hpp"
#include "duet/loop/sleep.hpp"

namespace duet {
namespace {

// Suspends for ever and again.
struct Endless {
  struct promise_type {
    Endless get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<> handle;
};

[[gnu::noinline]] Endless suspend_again_and_again() {
  for (;;) co_await std::suspend_always();
}

// There and back.
void resume_a_coroutine(benchmark::State& state) {
  Endless endless = suspend_again_and_again();
  for (auto _ : state) {
    benchmark::DoNotOptimize(endless.handle);  // or it would be no call at all
    endless.handle.resume();
  }
  endless.handle.destroy();
}
BENCHMARK(resume_a_coroutine);

struct Leaving {
  ~Leaving() { stacks.give_back(stack); }

  sys::FiberStacks stacks{FiberLimits()};
  sys::FiberStack& stack = stacks.take();
  bool is_over = false;
  sys::FiberSwitch between{stack, leave_again_and_again, this};

  static void leave_again_and_again(void* argument) noexcept {
    auto& self = *static_cast<Leaving*>(argument);
    while (!self.is_over) self.between.leave();
  }
};

void enter_and_leave_a_fiber(benchmark::State& state) {
  Leaving leaving;
  for (auto _ : state) leaving.between.enter();
  leaving.is_over = true;
  leaving.between.enter();
  state.SetLabel("two switches");
}
BENCHMARK(enter_and_leave_a_fiber);

class OnLoop : public benchmark::Fixture {
 protected:
  Log log_{Log::Level::off};
  Loop loop_{io::make_blocking_engine, log_};
  Event event_;
};

// A wait for what is there already: it suspends nobody on the loop, but the fiber is left for it.
BENCHMARK_F(OnLoop, await_what_is_ready)(benchmark::State& state) {
  event_.set();
  auto body = [](benchmark::State* rounds, Event* event) -> Task<> {
    for (auto _ : *rounds) co_await event->wait();
  };
  loop_.run(body(&state, &event_));
}

BENCHMARK_F(OnLoop, wait_in_a_fiber_for_what_is_ready)(benchmark::State& state) {
  event_.set();
  loop_.run(fiber([&] {
    for (auto _ : state) wait(event_.wait());
  }));
}

Task<int> one() { co_return 1; }

BENCHMARK_F(OnLoop, await_a_task)(benchmark::State& state) {
  auto body = [](benchmark::State* rounds) -> Task<> {
    for (auto _ : *rounds) co_await one();
  };
  loop_.run(body(&state));
}

BENCHMARK_F(OnLoop, wait_in_a_fiber_for_a_task)(benchmark::State& state) {
  loop_.run(fiber([&] {
    for (auto _ : state) wait(one());
  }));
}

BENCHMARK_F(OnLoop, start_and_end_a_fiber)(benchmark::State& state) {
  auto body = [](benchmark::State* rounds) -> Task<> {
    for (auto _ : *rounds) {
      Task<> task = fiber([] {});
      co_await std::move(task);
    }
  };
  loop_.run(body(&state));
}

}  // namespace
}  // namespace duet

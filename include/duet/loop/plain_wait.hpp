#pragma once
// wait(x): what `co_await x` is to a coroutine, for a function that is none.
//
//   std::size_t n = wait(peer.read_some(buffer));
//   Stream peer = wait(connect(address));          // a task, too
//   Mutex::Lock lock = wait(mutex.lock());
//
// What it does depends on where it is called:
// - in a fiber: suspends the fiber, and the loop goes on. What is waited for, a task with all it
//   calls above all, runs on the loop's stack and not on the fiber's small one.
// - on a thread that has made a loop which does not run: runs that loop until x has ended. Under
//   the blocking engine that is the plain blocking call.
// - on a thread without a loop: blocks the thread. Only for what is made for threads, too: Event,
//   Mutex, Semaphore, Channel.
// In a coroutine it would stop the whole loop: that is a broken invariant; write co_await there.
//
// Completes when x has, and gives or throws what `co_await x` does. What x refers to must live
// until then.

#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "duet/task/loop_local.hpp"
#include "duet/task/task.hpp"

namespace duet {
namespace detail {

template <class A>
concept Awaiter = requires(A& awaiter) {
  awaiter.await_ready();
  awaiter.await_resume();
};

template <class A>
concept Awaitable = Awaiter<std::remove_reference_t<A>> || requires(A&& awaitable) {
  { std::forward<A>(awaitable).operator co_await() } -> Awaiter;
};

template <class A>
decltype(auto) awaiter_of(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); })
    return std::forward<A>(awaitable).operator co_await();
  else
    return std::forward<A>(awaitable);
}

template <class A>
concept WaitsOnThread = requires(A& awaitable) { awaitable.on_thread(); };

using Waiting = std::coroutine_handle<PromiseBase>;
using BeginWait = bool (*)(void* awaiter, Waiting waiting);

// True when there is something to wait for.
template <class A>
bool begin_wait(void* awaiter, Waiting waiting) {
  if constexpr (std::is_void_v<decltype(std::declval<A&>().await_suspend(waiting))>) {
    static_cast<A*>(awaiter)->await_suspend(waiting);
    return true;
  } else {
    return static_cast<A*>(awaiter)->await_suspend(waiting);
  }
}

// Suspends the fiber until what `begin` began has ended. Throws what `begin` throws.
void wait_in_fiber(Fiber& fiber, void* awaiter, BeginWait begin);

[[noreturn]] void refuse_to_stop_the_loop() noexcept;
[[noreturn]] void refuse_without_loop() noexcept;

// Runs a loop that does not run until the task has ended. Rethrows what leaves it.
void run_to_end(LoopLocal& loop, Task<> task);

template <class A, class Value>
Task<> keep_value_of(A& awaiter, Value& value) {
  if constexpr (std::is_void_v<decltype(awaiter.await_resume())>) {
    co_await awaiter;
  } else {
    auto result = co_await awaiter;
    value.emplace(std::move(result));
  }
}

template <class A>
auto wait_on_loop(LoopLocal& loop, A& awaiter) -> decltype(awaiter.await_resume()) {
  using Value = decltype(awaiter.await_resume());
  std::optional<std::conditional_t<std::is_void_v<Value>, std::monostate, Value>> value;
  run_to_end(loop, keep_value_of(awaiter, value));
  if constexpr (!std::is_void_v<Value>) return std::move(*value);
}

}  // namespace detail

template <class A>
  requires detail::Awaitable<A>
auto wait(A&& awaitable)
    -> decltype(detail::awaiter_of(std::forward<A>(awaitable)).await_resume()) {
  const LoopsOfThread& loops = loops_of_thread;
  if constexpr (detail::WaitsOnThread<A>)
    if (loops.running == nullptr && loops.made == nullptr) return awaitable.on_thread();
  auto&& awaiter = detail::awaiter_of(std::forward<A>(awaitable));
  using Awaiter = std::remove_reference_t<decltype(awaiter)>;
  if (loops.running != nullptr) {
    if (loops.running->fiber == nullptr) detail::refuse_to_stop_the_loop();
    if (!awaiter.await_ready())
      detail::wait_in_fiber(*loops.running->fiber, &awaiter, detail::begin_wait<Awaiter>);
    return awaiter.await_resume();
  }
  if (loops.made == nullptr) detail::refuse_without_loop();
  return detail::wait_on_loop(*loops.made, awaiter);
}

}  // namespace duet

#pragma once
// Callbacks: an operation is started, and a handler is called when it has ended.
//
//   start(peer.read_some(buffer), [](std::expected<std::size_t, std::error_code> count) { … });
//   start_after(10s, [] { … });
//
// Nothing is detached: each belongs to a scope, which joins it. That is the scope given as first
// argument, or, within a handler, the scope that this handler belongs to; callbacks(…) opens one.
// Whoever writes callbacks sees to it that buffers and state outlive the operation: in what the
// handler captures, or in an object that lives as long as the scope (by_callbacks).
//
// A handler is called by the loop, never by start itself, at most once, with the value or the
// error. Cancelled, it is destroyed without being called, as nothing behind a co_await runs; once
// the scope is joined there is none left. What it throws is the failure of its scope, which cancels
// the others. One loop's thread.

#include <expected>
#include <functional>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/loop/wait.hpp"

namespace duet {
namespace detail {

// Says for as long as it lives in which scope a callback starts what it starts.
class CallbackScope {
 public:
  explicit CallbackScope(Scope& scope) noexcept
      : loop_(Loop::current()), before_(std::exchange(loop_.callback_scope, &scope)) {}
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;
  ~CallbackScope() { loop_.callback_scope = before_; }

  // There must be one.
  static Scope& current() noexcept;

 private:
  LoopLocal& loop_;
  Scope* const before_;
};

// Awaited like `A`, but always from the ready queue, and with failures as values.
template <class A>
class [[nodiscard]] Settled {
 public:
  using Value = decltype(std::declval<A&>().await_resume());
  using Result = std::expected<Value, std::error_code>;

  explicit Settled(A& awaiter) noexcept : awaiter_(awaiter) {}
  bool await_ready() const noexcept { return false; }

  template <class P>
  void await_suspend(std::coroutine_handle<P> waiter) {
    if (awaiter_.await_ready() || !begins_wait(waiter)) loop_.make_ready(waiter.promise());
  }

  Result await_resume() {
    if constexpr (requires { awaiter_.take_expected(); }) {
      return awaiter_.take_expected();
    } else {
      try {
        if constexpr (std::is_void_v<Value>) {
          awaiter_.await_resume();
          return Result();
        } else {
          return awaiter_.await_resume();
        }
      } catch (const std::system_error& error) {
        return Result(std::unexpect, error.code());
      } catch (const TimedOut&) {
        return Result(std::unexpect, Errc::timed_out);
      }
    }
  }

 private:
  template <class P>
  bool begins_wait(std::coroutine_handle<P> waiter) {
    if constexpr (std::is_void_v<decltype(awaiter_.await_suspend(waiter))>) {
      awaiter_.await_suspend(waiter);
      return true;
    } else {
      return awaiter_.await_suspend(waiter);
    }
  }

  A& awaiter_;
  Loop& loop_ = Loop::current();
};

template <class Handler, class Result>
void call_back(Scope& scope, Handler handler, Result result) {
  static_assert(std::is_void_v<std::invoke_result_t<Handler, Result>>,
                "a callback returns nothing; a coroutine is spawned: scope.spawn");
  CallbackScope current(scope);
  std::invoke(std::move(handler), std::move(result));
}

template <class A, class Handler>
Task<> settle_and_call(Scope& scope, A awaitable, Handler handler) {
  auto&& awaiter = awaiter_of(std::move(awaitable));
  using Awaiter = std::remove_reference_t<decltype(awaiter)>;
  Settled<Awaiter> settled(awaiter);
  auto result = co_await settled;
  call_back(scope, std::move(handler), std::move(result));
}

template <class Handler>
Task<> sleep_and_call(Scope& scope, Duration delay, Handler handler) {
  co_await sleep_for(delay);
  CallbackScope current(scope);
  std::invoke(std::move(handler));
}

}  // namespace detail

// Begins the wait now and calls handler(std::expected<T, std::error_code>) when it has ended: an
// operation, a task, a wait for an event. It takes over what it waits for.
template <class A, class Handler>
  requires detail::Awaitable<A>
void start(Scope& scope, A awaitable, Handler handler) {
  scope.start(detail::settle_and_call(scope, std::move(awaitable), std::move(handler)));
}
template <class A, class Handler>
  requires detail::Awaitable<A>
void start(A awaitable, Handler handler) {
  start(detail::CallbackScope::current(), std::move(awaitable), std::move(handler));
}

// Calls handler() when the time has passed.
template <class Handler>
  requires std::invocable<Handler>
void start_after(Scope& scope, Delay delay, Handler handler) {
  scope.start(detail::sleep_and_call(scope, delay, std::move(handler)));
}
template <class Handler>
  requires std::invocable<Handler>
void start_after(Delay delay, Handler handler) {
  start_after(detail::CallbackScope::current(), delay, std::move(handler));
}

// A task whose inside is callbacks: makes a T from the arguments, whose constructor starts the
// first. The object lives until all that it and its callbacks have started has ended; then the
// task completes, or rethrows their first failure. `by_callbacks<T>` is a handler for serve.
template <class T>
struct ByCallbacks {
  template <class... Arguments>
    requires std::constructible_from<T, Arguments...>
  Task<> operator()(Arguments... arguments) const {
    CancelScope* outer = co_await this_scope();
    Scope scope(outer);
    std::optional<T> object;
    try {
      detail::CallbackScope current(scope);
      object.emplace(std::move(arguments)...);
    } catch (...) {
      scope.note_failure();
    }
    co_await scope.join();
    scope.rethrow_failure();
  }
};
template <class T>
inline constexpr ByCallbacks<T> by_callbacks{};

namespace detail {

struct Called {
  template <class Function, class... Arguments>
  explicit Called(Function function, Arguments... arguments) {
    std::invoke(function, std::move(arguments)...);
  }
};

}  // namespace detail

// The same with a function in place of the constructor; the task completes when all that it and
// its callbacks have started has ended.
template <class Function, class... Arguments>
  requires std::invocable<Function&, Arguments...>
Task<> callbacks(Function function, Arguments... arguments) {
  return by_callbacks<detail::Called>(std::move(function), std::move(arguments)...);
}

}  // namespace duet

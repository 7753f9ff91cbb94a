#pragma once
// Several tasks side by side.
//
//   co_await all(pump(a, b), pump(b, a));               // all of them, or the first failure
//   std::tuple<Page, Ad> both = co_await all(page(), ad());
//   Any<Reply, Reply> either = co_await any(ask(near), ask(far));
//
// The tasks run on the awaiter's loop and in a scope of their own; both functions end only when all
// of the tasks have.

#include <exception>
#include <optional>
#include <tuple>
#include <variant>
#include <vector>

#include "duet/loop/scope.hpp"

namespace duet {

// How a task ended: with a value, or with what it threw, Cancelled among it.
template <class T>
class Outcome {
 public:
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  bool has_value() const noexcept { return value_.has_value(); }
  std::exception_ptr failure() const noexcept { return failure_; }

  // Rethrows the failure. The value can be taken once.
  T take() {
    if (failure_) std::rethrow_exception(failure_);
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

  void succeed(Stored value) { value_.emplace(std::move(value)); }
  void fail(std::exception_ptr failure) noexcept { failure_ = std::move(failure); }

 private:
  std::optional<Stored> value_;
  std::exception_ptr failure_;
};

// What any(…) has found out.
template <class... T>
class Any {
 public:
  Any() = default;

  // The position of the task that succeeded first; nothing if all have failed.
  std::optional<std::size_t> first() const noexcept { return first_; }
  void note_success(std::size_t position) noexcept {
    if (!first_) first_ = position;
  }

  // How each ended: also a later one may have succeeded before it could be cancelled.
  std::tuple<Outcome<T>...> outcomes;

 private:
  std::optional<std::size_t> first_;
};

namespace detail {

// A value in place of none, so that a tuple can hold it.
template <class T>
using ValueOf = typename Outcome<T>::Stored;

template <class T>
Task<> keep_value(Task<T> task, std::optional<ValueOf<T>>& value) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    value.emplace();
  } else {
    T result = co_await std::move(task);
    value.emplace(std::move(result));
  }
}

template <class T>
Task<> settle(Task<T> task, Outcome<T>& outcome) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      outcome.succeed(std::monostate());
    } else {
      T result = co_await std::move(task);
      outcome.succeed(std::move(result));
    }
  } catch (...) {
    outcome.fail(std::current_exception());
  }
}

template <class T, class Result>
Task<> compete(Scope& scope, Task<T> task, Result& result, Outcome<T>& outcome,
               std::size_t position) {
  Task<> settling = settle(std::move(task), outcome);
  co_await std::move(settling);
  if (!outcome.has_value()) co_return;
  result.note_success(position);
  scope.cancel();
}

template <class... T, std::size_t... At>
void spawn_all(Scope& scope, std::tuple<std::optional<ValueOf<T>>...>& values,
               std::index_sequence<At...>, Task<T>&... tasks) {
  (scope.spawn(keep_value(std::move(tasks), std::get<At>(values))), ...);
}

template <class... T, std::size_t... At>
void spawn_any(Scope& scope, Any<T...>& result, std::index_sequence<At...>, Task<T>&... tasks) {
  (scope.spawn(compete(scope, std::move(tasks), result, std::get<At>(result.outcomes), At)), ...);
}

}  // namespace detail

// Runs the tasks until all have ended. The first failure cancels the others and comes out; so does
// Cancelled, if one of them has cancelled all of them: (co_await this_scope())->cancel(…).
template <class... T>
  requires(std::is_void_v<T> && ...)
Task<> all(Task<T>... tasks) {
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  (scope.spawn(std::move(tasks)), ...);
  co_await scope.join();
  scope.rethrow_any_end();
}

// The same with their values; a std::monostate stands for a task without one.
template <class... T>
  requires(!std::is_void_v<T> || ...)
Task<std::tuple<detail::ValueOf<T>...>> all(Task<T>... tasks) {
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  std::tuple<std::optional<detail::ValueOf<T>>...> values;
  detail::spawn_all<T...>(scope, values, std::index_sequence_for<T...>(), tasks...);
  co_await scope.join();
  scope.rethrow_any_end();
  co_return std::apply(
      [](auto&... value) { return std::tuple<detail::ValueOf<T>...>(std::move(*value)...); },
      values);
}

// As many as there are; the values in the order of the tasks.
inline Task<> all(std::vector<Task<>> tasks) {
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  for (Task<>& task : tasks) scope.spawn(std::move(task));
  co_await scope.join();
  scope.rethrow_any_end();
}

template <class T>
  requires(!std::is_void_v<T>)
Task<std::vector<T>> all(std::vector<Task<T>> tasks) {
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  std::vector<std::optional<T>> values(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    scope.spawn(detail::keep_value(std::move(tasks[i]), values[i]));
  co_await scope.join();
  scope.rethrow_any_end();
  std::vector<T> taken;
  for (std::optional<T>& value : values) taken.push_back(std::move(*value));
  co_return taken;
}

// Runs the tasks until one has succeeded, and cancels the others; a failure cancels nobody. Gives
// the outcome of each, so that what a late one has achieved is not lost. Throws Cancelled if it was
// cancelled itself and none had succeeded.
template <class... T>
Task<Any<T...>> any(Task<T>... tasks) {
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  Any<T...> result;
  detail::spawn_any(scope, result, std::index_sequence_for<T...>(), tasks...);
  co_await scope.join();
  if (!result.first() && outer != nullptr && outer->is_cancelled())
    throw Cancelled{outer->reason()};
  co_return result;
}

}  // namespace duet

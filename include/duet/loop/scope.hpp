#pragma once
// Structured concurrency: tasks that run side by side belong to a scope, and the scope ends only
// when all of them have. Nothing is detached. The first failure cancels the others, and is rethrown
// after all have ended.
//
//   co_await scoped(body, arguments…);     // body(Scope&, arguments…) may spawn
//   co_await all(pump(a, b), pump(b, a));
//   T v = co_await within(2s, task);       // or TimedOut
//
// One loop's thread. Children start from the ready queue, not inside spawn.

#include <exception>
#include <utility>

#include "duet/loop/loop.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/task/task.hpp"

namespace duet {

class Scope {
 public:
  explicit Scope(CancelScope* parent) : cancel_scope_(parent) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { DUET_ASSERT(children_ == 0); }

  void spawn(Task<> task);

  // Runs function(arguments…), of which the scope keeps a copy until it has ended.
  template <class Function, class... Arguments>
    requires(!std::is_same_v<Function, Task<>>)
  void spawn(Function function, Arguments... arguments) {
    spawn(call(std::move(function), std::move(arguments)...));
  }

  void cancel(CancelReason reason = CancelReason::requested) noexcept {
    cancel_scope_.cancel(reason);
  }
  CancelScope& cancel_scope() noexcept { return cancel_scope_; }
  std::size_t children() const noexcept { return children_; }

  // Ends when all children have; cancellation does not cut it short. Rethrows nothing.
  class Join;
  Join join() noexcept;

  // Notes the first failure, and cancels what still runs.
  void fail(std::exception_ptr error) noexcept;
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Child;

  // The closure lives in the frame of this coroutine, which outlives the task it makes.
  template <class Function, class... Arguments>
  static Task<> call(Function function, Arguments... arguments) {
    Task<> task = function(std::move(arguments)...);
    co_await std::move(task);
  }

  void ended(Child& child) noexcept;

  CancelScope cancel_scope_;
  std::size_t children_ = 0;
  PromiseBase* joiner_ = nullptr;
  std::exception_ptr failure_;
};

class [[nodiscard]] Scope::Join {
 public:
  explicit Join(Scope& joined) noexcept : scope_(joined) {}
  bool await_ready() const noexcept { return scope_.children_ == 0; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiter) noexcept {
    scope_.joiner_ = &waiter.promise();
  }
  void await_resume() const noexcept {}

 private:
  Scope& scope_;
};

inline Scope::Join Scope::join() noexcept { return Join(*this); }

// co_await this_scope(): the cancel scope that the awaiting coroutine runs in. Never suspends.
class [[nodiscard]] ThisScope {
 public:
  ThisScope() noexcept = default;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) noexcept {
    scope_ = waiter.promise().scope();
    return false;
  }
  CancelScope* await_resume() const noexcept { return scope_; }

 private:
  CancelScope* scope_ = nullptr;
};

inline ThisScope this_scope() noexcept { return ThisScope(); }

// Runs body(scope, arguments…) and then waits for all that it has spawned.
template <class Body, class... Arguments>
Task<> scoped(Body body, Arguments... arguments) {
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  Task<> task = body(scope, std::move(arguments)...);
  try {
    co_await std::move(task).in(scope.cancel_scope());
  } catch (...) {
    scope.fail(std::current_exception());
  }
  co_await scope.join();
  scope.rethrow_failure();
}

// Runs the tasks side by side until all have ended.
template <class... Tasks>
Task<> all(Tasks... tasks) {
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  (scope.spawn(std::move(tasks)), ...);
  co_await scope.join();
  scope.rethrow_failure();
}

// Cancels the task when `delay` has passed, and then throws TimedOut.
template <class T>
Task<T> within(Duration delay, Task<T> task) {
  CancelScope* outer = co_await this_scope();
  CancelScope scope(outer);
  ScopeDeadline deadline(scope, delay);
  try {
    co_return co_await std::move(task).in(scope);
  } catch (const Cancelled&) {
    bool is_ours =
        scope.reason() == CancelReason::deadline && (outer == nullptr || !outer->is_cancelled());
    if (!is_ours) throw;
  }
  throw TimedOut();
}

}  // namespace duet

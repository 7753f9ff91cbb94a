#pragma once
// Structured concurrency: tasks that run side by side belong to a scope, and the scope ends only
// when all of them have. Nothing is detached. The first failure cancels the others, and is rethrown
// after all have ended.
//
//   co_await scoped(body, arguments…);     // body(Scope&, arguments…) may spawn
//   scope.spawn("cleaner", clean, cache);  // runs clean(Cache) on a copy; the name is for people
//
// One loop's thread: in builds with assertions a task that another loop's thread spawns ends the
// program. Children start from the ready queue, not inside spawn. For a fixed number of
// tasks there is all.hpp; for limits of time, within.hpp.

#include <concepts>
#include <exception>
#include <string_view>
#include <utility>

#include "duet/loop/loop.hpp"
#include "duet/task/task.hpp"

namespace duet {

namespace detail {

template <class Function, class... Arguments>
concept Spawnable = requires(Function& function, Arguments... arguments) {
  { function(std::move(arguments)...) } -> std::same_as<Task<>>;
};

}  // namespace detail

class Scope {
 public:
  explicit Scope(CancelScope* parent) : parent_(parent), cancel_scope_(parent) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { DUET_ASSERT(children_ == 0); }

  void spawn(Task<> task);

  // Runs function(arguments…), which returns a Task<>. The scope keeps the function until that has
  // ended; the arguments are moved into its parameters.
  template <class Function, class... Arguments>
    requires detail::Spawnable<Function, Arguments...>
  void spawn(Function function, Arguments... arguments) {
    spawn(call(std::move(function), std::move(arguments)...));
  }

  // The same, as a task of that name: what reports about tasks call it, and all it leads to. The
  // name outlives the scope: a literal.
  template <class Function, class... Arguments>
    requires detail::Spawnable<Function, Arguments...>
  void spawn(std::string_view name, Function function, Arguments... arguments) {
    spawn(name, call(std::move(function), std::move(arguments)...));
  }
  void spawn(std::string_view name, Task<> task) {
    spawn(run_named(cancel_scope_, name, std::move(task)));
  }

  // Runs the task up to its first wait within the call; else like spawn.
  void start(Task<> task);

  // Ends all that is inside, this scope's own wish: nothing is thrown for it.
  void cancel(CancelReason reason = CancelReason::requested) noexcept {
    cancel_scope_.cancel(reason);
  }
  CancelScope& cancel_scope() noexcept { return cancel_scope_; }
  std::size_t children() const noexcept { return children_; }

  // Ends when all children have; cancellation does not cut it short. Rethrows nothing.
  class Join;
  Join join() noexcept;

  // Notes the exception being handled: the first failure, which cancels what still runs. A task
  // that ends with Cancelled, since the scope is, has not failed.
  void note_failure() noexcept;

  // Rethrows the first failure; or throws Cancelled, if tasks were cut short by a cancellation from
  // around the scope.
  void rethrow_failure() const;

  // The same, and throws Cancelled as well if they were cut short by the scope's own wish: for who
  // needs what each task would have achieved.
  void rethrow_any_end() const;

  // Of a job that starts or ends a child; nothing for other jobs.
  static const CancelScope* scope_of(const Job& job) noexcept;

 private:
  struct Child;

  // The closure lives in the frame of this coroutine, which outlives the task it makes.
  template <class Function, class... Arguments>
  static Task<> call(Function function, Arguments... arguments) {
    Task<> task = function(std::move(arguments)...);
    co_await std::move(task);
  }

  static Task<> run_named(CancelScope& around, std::string_view name, Task<> task);

  void ended(Child& child) noexcept;

  void check_loop() const noexcept;

  CancelScope* const parent_;
  CancelScope cancel_scope_;
  const LoopLocal* const made_by_ = loops_of_thread.running;  // none, if it was made before the run
  std::size_t children_ = 0;
  bool has_cancelled_tasks_ = false;
  PromiseBase* joiner_ = nullptr;
  std::exception_ptr failure_;
};

class [[nodiscard]] Scope::Join {
 public:
  explicit Join(Scope& joined) noexcept : scope_(joined) {}
  bool await_ready() const noexcept { return scope_.children_ == 0; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiter) {
    begin(waiter.promise());
  }
  void await_resume() const noexcept {}

 private:
  void begin(PromiseBase& waiter);

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
    scope.note_failure();
  }
  co_await scope.join();
  scope.rethrow_failure();
}

}  // namespace duet

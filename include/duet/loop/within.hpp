#pragma once
// Until when a task may take, what may cancel it, and how it stands among others.
//
//   T v = co_await within(2s, task);          // or TimedOut
//   T v = co_await by(deadline, task);        // the same, at a point in time
//   co_await shielded(100ms, say_goodbye());  // goes on although the scope is cancelled
//   T v = co_await until_stopped(token, task);
//   T v = co_await prioritized(1, task);
//
// Deadlines only tighten: inside of one that is earlier, a later one has no effect and no timer.
// The task may also be anything else that can be awaited: within(2s, mutex.lock()). One loop's
// thread.

#include <algorithm>
#include <memory>
#include <stop_token>

#include "duet/loop/scope.hpp"

namespace duet {

// A scope that is cancelled when its deadline passes. One timer, and none when a scope around it
// ends no later.
class DeadlineScope : public CancelScope, private Timer {
 public:
  DeadlineScope(CancelScope* parent, TimePoint deadline, std::string_view name = {});
  ~DeadlineScope() { Loop::current().timers().remove(*this); }

  // It was this deadline that ended it, not what happens around it.
  bool is_over() const noexcept {
    return reason() == CancelReason::deadline && (parent_ == nullptr || !parent_->is_cancelled());
  }

 private:
  static void fire(Timer& timer);

  CancelScope* const parent_;
};

namespace detail {

template <class A>
concept Waitable = requires(A& awaitable) {
  awaitable.await_ready();
  awaitable.await_resume();
};

template <Waitable A>
auto task_of(A awaitable) -> Task<decltype(awaitable.await_resume())> {
  co_return co_await std::move(awaitable);
}

// Until `deadline` and no longer than `delay`; shielded from the scope around it or not.
template <class T>
Task<T> limited(Task<T> task, TimePoint deadline, Duration delay, bool is_shielded) {
  CancelScope* outer = co_await this_scope();
  if (delay != Duration::max()) deadline = std::min(deadline, after(Loop::current().now(), delay));
  // A shield keeps off cancellation, nothing else.
  DeadlineScope scope(is_shielded ? nullptr : outer, deadline,
                      outer == nullptr ? std::string_view() : outer->name());
  if (outer != nullptr) scope.set_priority(outer->priority());
  try {
    co_return co_await std::move(task).in(scope);
  } catch (const Cancelled&) {
    if (!scope.is_over()) throw;
  }
  throw TimedOut();
}

}  // namespace detail

// Cancels the task at `deadline`, and then throws TimedOut; at once if that has passed. A task that
// ends all the same, since its last operation took effect, gives its value.
template <class T>
Task<T> by(TimePoint deadline, Task<T> task) {
  return detail::limited(std::move(task), deadline, Duration::max(), false);
}

// The same, from when it is awaited.
template <class T>
Task<T> within(Delay delay, Task<T> task) {
  return detail::limited(std::move(task), never, delay, false);
}

template <detail::Waitable A>
auto by(TimePoint deadline, A awaitable) {
  return by(deadline, detail::task_of(std::move(awaitable)));
}

template <detail::Waitable A>
auto within(Delay delay, A awaitable) {
  return within(delay, detail::task_of(std::move(awaitable)));
}

// Runs the task although the scope around it is, or becomes, cancelled: for saying goodbye and
// cleaning up. Only `limit` ends it: TimedOut. The cancellation is not undone; the next wait behind
// it throws.
template <class T>
Task<T> shielded(Delay limit, Task<T> task) {
  return detail::limited(std::move(task), never, limit, true);
}

// Runs the task, and all it leads to, with that priority: 0 is what others have, higher is sooner.
// It matters on a loop whose turn order is by priority.
template <class T>
Task<T> prioritized(int priority, Task<T> task) {
  CancelScope* outer = co_await this_scope();
  CancelScope scope(outer);
  scope.set_priority(priority);
  co_return co_await std::move(task).in(scope);
}

// Cancels the task, with the reason `requested`, when a stop is requested, on whatever thread; one
// that was requested before ends its first wait.
template <class T>
Task<T> until_stopped(std::stop_token token, Task<T> task) {
  CancelScope* outer = co_await this_scope();
  CancelScope scope(outer);
  if (token.stop_requested()) scope.cancel(CancelReason::requested);
  // What a stop has posted may run after this frame has ended, and then finds nothing.
  auto reach = std::make_shared<CancelScope*>(&scope);
  Loop& loop = Loop::current();
  auto pass_on = [&loop, reach] {
    loop.post([reach] {
      if (*reach != nullptr) (*reach)->cancel(CancelReason::requested);
    });
  };
  auto forget = [](CancelScope** at) { *at = nullptr; };
  std::unique_ptr<CancelScope*, decltype(forget)> reachable(reach.get());
  std::stop_callback stopping(std::move(token), pass_on);
  co_return co_await std::move(task).in(scope);
}

}  // namespace duet

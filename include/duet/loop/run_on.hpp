#pragma once
// Calls on another loop:
//
//   long hits = co_await run_on(other, read_hits);   // long read_hits(), or Task<long>
//
// The function runs on the other loop's thread and may be a coroutine; its result, or what it
// throws, comes back to the caller's loop. The caller waits for it, so whatever it refers to may
// live in the caller. A cancellation is passed on, and so are the deadline, the priority and the
// name; what took effect all the same gives its result. Cancelled before it has begun there, the
// function is not called. The other loop must run until the call has ended there.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "duet/loop/all.hpp"
#include "duet/loop/sleep.hpp"

namespace duet {
namespace detail {

template <class R>
struct Unwrapped {
  using Type = R;
};
template <class T>
struct Unwrapped<Task<T>> {
  using Type = T;
};

// What a function gives, or the task that it returns.
template <class Function, class... Arguments>
using ResultOf = typename Unwrapped<std::invoke_result_t<Function&, Arguments...>>::Type;

template <class Function, class R>
Task<> run_into(Function& function, Outcome<R>& outcome) {
  using Returned = std::invoke_result_t<Function&>;
  try {
    if constexpr (!std::is_same_v<Returned, R>) {
      Returned task = function();
      Task<> settling = settle(std::move(task), outcome);
      co_await std::move(settling);
    } else if constexpr (std::is_void_v<R>) {
      function();
      outcome.succeed(std::monostate());
    } else {
      outcome.succeed(function());
    }
  } catch (...) {
    outcome.fail(std::current_exception());
  }
}

}  // namespace detail

// Runs a task on another loop; throws Cancelled if it was not begun. Lives in the frame of its
// awaiter, which gets it back untouched.
class [[nodiscard]] RemoteRun : private Job, private CancelNode {
 public:
  // `make` is called on the other loop.
  RemoteRun(Loop& target, std::function<Task<>()> make)
      : Job(start), CancelNode(notify), target_(target), make_(std::move(make)) {}
  RemoteRun(const RemoteRun&) = delete;
  RemoteRun& operator=(const RemoteRun&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise());
  }
  void await_resume() const {
    if (!has_begun_) throw Cancelled{scope_->reason()};
  }

 private:
  // How a cancellation finds the call, before its start, during and after it. The loop may be gone
  // when the call has ended there; the rest belongs to the loop's thread.
  struct Reach {
    std::mutex mutex;
    Loop* loop = nullptr;
    CancelScope* scope = nullptr;
    CancelReason wanted = CancelReason::none;
  };

  bool begin(PromiseBase& waiter);
  void come_back();
  static void start(Job& job);
  static void end(Job& job);
  static void notify(CancelNode& node, Notice notice);

  Loop& target_;
  std::function<Task<>()> make_;
  std::shared_ptr<Reach> reach_ = std::make_shared<Reach>();
  Loop* home_ = nullptr;
  PromiseBase* waiter_ = nullptr;
  CancelScope* scope_ = nullptr;
  bool has_begun_ = false;
  std::optional<CancelScope> remote_scope_;  // on the other loop's thread
  Task<> task_;                              // likewise
};

template <class Function>
Task<detail::ResultOf<Function>> run_on(Loop& target, Function function) {
  Outcome<detail::ResultOf<Function>> outcome;
  auto make = [&] { return detail::run_into(function, outcome); };
  if (&target == &Loop::current()) {
    CancelScope* scope = co_await this_scope();
    if (scope != nullptr && scope->is_cancelled()) co_await yield();  // throws
    Task<> here = make();
    co_await std::move(here);
  } else {
    co_await RemoteRun(target, make);
  }
  co_return outcome.take();
}

}  // namespace duet

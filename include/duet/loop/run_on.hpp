#pragma once
// Calls on another loop:
//
//   long hits = co_await run_on(other, read_hits);   // long read_hits(), or Task<long>
//
// The function runs on the other loop's thread and may be a coroutine; its result, or what it
// throws, comes back to the caller's loop. The caller waits for it, so whatever it refers to may
// live in the caller. A cancellation is passed on, and so is the deadline; what took effect all the
// same gives its result. The other loop must run until the call has ended.

#include <functional>
#include <optional>

#include "duet/loop/all.hpp"

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

// Runs a task on another loop. Lives in the frame of its awaiter, which gets it back untouched.
class [[nodiscard]] RemoteRun : private Job, private CancelNode {
 public:
  // `make` is called on the other loop.
  RemoteRun(Loop& target, std::function<Task<>()> make)
      : Job(start), CancelNode(notify), target_(target), make_(std::move(make)) {}
  RemoteRun(const RemoteRun&) = delete;
  RemoteRun& operator=(const RemoteRun&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiter) {
    begin(waiter.promise());
  }
  void await_resume() const noexcept {}

 private:
  // Where the other loop finds the scope to cancel, on its thread; the cancellation may come before
  // the start and after the end.
  struct Reach {
    CancelScope* scope = nullptr;
    CancelReason wanted = CancelReason::none;
  };

  void begin(PromiseBase& waiter);
  static void start(Job& job);
  static void end(Job& job);
  static void notify(CancelNode& node, Notice notice);

  Loop& target_;
  std::function<Task<>()> make_;
  std::shared_ptr<Reach> reach_ = std::make_shared<Reach>();
  Loop* home_ = nullptr;
  PromiseBase* waiter_ = nullptr;
  CancelScope* scope_ = nullptr;
  std::optional<CancelScope> remote_scope_;  // on the other loop's thread
  Task<> task_;                              // likewise
};

template <class Function>
Task<detail::ResultOf<Function>> run_on(Loop& target, Function function) {
  Outcome<detail::ResultOf<Function>> outcome;
  auto make = [&] { return detail::run_into(function, outcome); };
  if (&target == &Loop::current()) {
    Task<> here = make();
    co_await std::move(here);
  } else {
    co_await RemoteRun(target, make);
  }
  co_return outcome.take();
}

}  // namespace duet

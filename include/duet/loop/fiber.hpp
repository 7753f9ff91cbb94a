#pragma once
// Fibers: straight-line code without co_await. A fiber is a function that runs on a stack of its
// own on a loop; where a coroutine awaits, it calls wait(x), and the loop goes on meanwhile.
//
//   void echo(Stream peer) {
//     std::array<std::byte, 4096> buffer;
//     while (std::size_t n = wait(peer.read_some(buffer)))
//       wait(peer.write_all(std::span(buffer).first(n)));
//   }
//
//   co_await fiber(echo, std::move(peer));        // or scope.spawn(fiber(echo, std::move(peer)))
//
// fiber(…) is a task like any other, whose inside is a fiber: values and exceptions come out of it,
// it runs in the scope of its awaiter, and a cancellation or a deadline is thrown out of wait as
// Cancelled. A fiber waits for tasks, a task for fibers. It yields nowhere but in wait. It stays on
// its loop's thread; under the model pool a loop has another one after each wait, and what the
// compiler has kept of a thread_local variable's address or of the thread's id is wrong then.
//
// The stack, 64 KiB by default, is its own until it ends: functions that need more run elsewhere,
// by wait(task) on the loop's stack or by offload on a thread's. What overflows it ends the program
// (duet/sys/fiber_stacks.hpp). With more fibers than may be, or without Boost.Context when duet was
// compiled, the task throws IoError.

#include <exception>
#include <functional>

#include "duet/base/list.hpp"
#include "duet/loop/loop.hpp"
#include "duet/loop/plain_wait.hpp"
#include "duet/sys/fiber_switch.hpp"

namespace duet {

// What a coroutine drives a fiber with:
//
//   while (!fiber.has_ended()) co_await fiber.turn();
class Fiber : private ListNode {
 public:
  // body(argument) runs on the fiber's stack and throws nothing.
  Fiber(sys::FiberSwitch::Function body, void* argument);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  bool has_ended() const noexcept { return switch_.has_ended(); }

  // Runs the fiber until it has ended or waits for something; completes when it can go on.
  class Turn;
  Turn turn() noexcept;

 private:
  friend void detail::wait_in_fiber(Fiber&, void*, detail::BeginWait);
  friend class FiberHost;
  template <class T>
  friend class List;

  bool run(PromiseBase& driver);
  void enter() noexcept;
  bool begin_wait(PromiseBase& driver) noexcept;

  Loop& loop_;
  sys::FiberStack& stack_;
  sys::FiberSwitch switch_;
  bool has_run_ = false;     // since its host looked
  bool is_trimmed_ = false;  // has given back what it does not use
  void* awaiter_ = nullptr;  // of the wait that it has left for
  detail::BeginWait begin_wait_ = nullptr;
  std::exception_ptr failure_;  // of the wait's beginning
};

class [[nodiscard]] Fiber::Turn {
 public:
  explicit Turn(Fiber& fiber) noexcept : fiber_(fiber) {}
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> driver) {
    // What a fiber waits for sees its driver as a PromiseBase; that lies where the promise does.
    static_assert(alignof(P) <= 2 * sizeof(void*));
    return fiber_.run(driver.promise());
  }
  void await_resume() const noexcept {}

 private:
  Fiber& fiber_;
};

inline Fiber::Turn Fiber::turn() noexcept { return Turn(*this); }

namespace detail {

// A call of a function on a fiber, and its outcome.
template <class Function, class... Arguments>
struct FiberCall {
  using Value = std::invoke_result_t<Function&, Arguments...>;
  using Stored = std::conditional_t<std::is_void_v<Value>, std::monostate, Value>;

  FiberCall(Function called, Arguments... with)
      : function(std::move(called)), arguments(std::move(with)...) {}

  static void run(void* argument) noexcept {
    auto& self = *static_cast<FiberCall*>(argument);
    try {
      // The arguments end with the function, on the fiber.
      auto call = [&](Arguments&... each) -> Value {
        return std::invoke(self.function, std::move(each)...);
      };
      if constexpr (std::is_void_v<Value>)
        std::apply(call, self.arguments);
      else
        self.value.emplace(std::apply(call, self.arguments));
    } catch (...) {
      self.failure = std::current_exception();
    }
  }

  Function function;
  std::tuple<Arguments...> arguments;
  std::optional<Stored> value;
  std::exception_ptr failure;
};

}  // namespace detail

// Calls function(arguments…) in a fiber when it is awaited or spawned; gives what it returns,
// rethrows what it throws. The task keeps the function and the arguments.
template <class Function, class... Arguments>
  requires std::invocable<Function&, Arguments...>
auto fiber(Function function, Arguments... arguments)
    -> Task<std::invoke_result_t<Function&, Arguments...>> {
  detail::FiberCall<Function, Arguments...> call(std::move(function), std::move(arguments)...);
  Fiber inside(call.run, &call);
  while (!inside.has_ended()) co_await inside.turn();
  if (call.failure) std::rethrow_exception(call.failure);
  if constexpr (!std::is_void_v<std::invoke_result_t<Function&, Arguments...>>)
    co_return std::move(*call.value);
}

}  // namespace duet

#pragma once
// A function that runs on a stack of its own, and that can be left in the middle and entered again.
// This is the switch only; what a fiber is to a loop says duet/loop/fiber.hpp. A switch also
// exchanges which exceptions are being handled, so that a fiber can be left within a catch block,
// and tells the sanitizers. It is entered by one thread at a time.

#include <cstddef>

#include "duet/sys/fiber_stacks.hpp"

namespace duet::sys {

// Whether duet was built with Boost.Context, which does the switch.
bool has_fibers() noexcept;

class FiberSwitch {
 public:
  using Function = void (*)(void* argument) noexcept;

  // `stack` is this function's until it has ended. Only if there are fibers.
  FiberSwitch(FiberStack& stack, Function function, void* argument);
  FiberSwitch(const FiberSwitch&) = delete;
  FiberSwitch& operator=(const FiberSwitch&) = delete;

  // From outside: runs the function until it leaves or ends.
  void enter() noexcept;

  // From inside: goes back to where enter was called; returns when it is called again.
  void leave() noexcept;

  bool has_ended() const noexcept { return has_ended_; }

  // While it is left: down to where its stack is used.
  const void* used_down_to() const noexcept { return inside_; }

 private:
  struct Entry;
  void exchange_exceptions() noexcept;

  FiberStack& stack_;
  const Function function_;
  void* const argument_;
  bool has_ended_ = false;
  void* inside_ = nullptr;   // where to go on: Boost.Context's fcontext_t
  void* outside_ = nullptr;  // likewise

  // What __cxa_get_globals(3) of the side that does not run points to.
  void* caught_exceptions_ = nullptr;
  unsigned uncaught_exceptions_ = 0;

  // Of the side that does not run, for the sanitizers.
  const void* outside_lowest_ = nullptr;
  std::size_t outside_bytes_ = 0;
  void* outside_fiber_ = nullptr;
};

}  // namespace duet::sys

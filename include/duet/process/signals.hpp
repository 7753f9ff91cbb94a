#pragma once
// Signals as something to await. Nothing runs in signal context: the signals are blocked, and read
// from a descriptor (signalfd(2)) by the loops that watch for them.
//
//   Signals signals({Signal::user1, Signal::window_changed});   // before any thread is started
//   SignalWatch watch(signals);                                 // on a loop
//   Signal signal = co_await watch.next();
//
// A blocked signal stays pending until it is read, and one that a single thread does not block ends
// the program instead, or runs a handler there. So Signals are made when every thread of the
// program blocks them or it has one thread only: early in main. Threads inherit what is blocked
// from those that start them.

#include <initializer_list>
#include <memory>

#include "duet/sys/signal_number.hpp"
#include "duet/task/task.hpp"

namespace duet {

class SignalWatch;

// The signals that a program takes. Made and destroyed by the same thread, and outlived by no watch
// of them. Under model process a connection's process has the signals that are sent to itself.
//
// Each signal has one taker: Runtime::run takes terminate, interrupt and, with on_hang_up, hang_up,
// and neither can take what the other has taken.
class Signals {
 public:
  // Throws IoError: EBUSY when a signal is taken already, EINVAL for kill and stop, which the
  // kernel lets nobody take, and for child_ended (use Child), EPERM when another thread does not
  // block it.
  explicit Signals(std::initializer_list<Signal> taken);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // What is pending is dropped, and this thread blocks what it blocked before.
  ~Signals();

 private:
  friend class SignalWatch;
  struct Source;
  const std::shared_ptr<Source> source_;
};

// One loop's view of them. Made and destroyed on that loop while it runs. Every watch, of whatever
// loop, sees each signal that comes while it exists; also one that was pending when it was made,
// unless another watch has read it. A signal that comes again before it was taken counts once, as
// it does in the kernel.
class SignalWatch {
 public:
  explicit SignalWatch(Signals& signals);  // throws IoError
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  // Completes when a signal has come that was not taken yet; of several, the lowest number first.
  // Cancelled, it takes none. One task at a time. Throws IoError when signals cannot be read.
  Task<Signal> next();

 private:
  friend class Signals;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duet

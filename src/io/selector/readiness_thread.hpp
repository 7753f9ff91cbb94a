#pragma once
// Tells when descriptors that cannot signal become ready: an epoll(7) set of them, and a thread
// that waits for the set and says so by `tell`. It then rests until the loop's thread has looked
// and says go_on, so it costs nothing while the loop is busy. Used by one thread.

#include <atomic>
#include <functional>
#include <memory>
#include <semaphore>

#include "duet/io/selector_mechanism.hpp"
#include "sys/event_fd.hpp"
#include "sys/quiet_thread.hpp"

namespace duet::io {

class ReadinessThread {
 public:
  // `tell` is called on the thread.
  ReadinessThread(Trigger trigger, std::function<void()> tell);
  ~ReadinessThread();

  // What is registered there, and is ready: look by wait(past).
  SelectorMechanism& selector() noexcept { return *selector_; }

  // Before the loop's thread sleeps: what is ready from now on, or still is, will be told.
  void go_on() noexcept;

 private:
  void run();

  const std::unique_ptr<SelectorMechanism> selector_;
  const std::function<void()> tell_;
  sys::EventFd stop_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> rests_ = false;
  std::binary_semaphore go_on_{0};
  sys::QuietThread thread_;
};

}  // namespace duet::io

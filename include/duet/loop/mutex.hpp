#pragma once
// A Mutex that may be held across waits, unlike std::mutex: who waits for it is suspended, and the
// loop goes on. Who comes first gets it first. Used from any loop and any thread; under a model
// that forks, every process has its own.
//
//   Mutex::Lock lock = co_await mutex.lock();   // until the end of its life

#include <string_view>

#include "duet/loop/semaphore.hpp"

namespace duet {

class Mutex {
 public:
  // The name is for reports, and outlives the mutex: a literal.
  explicit Mutex(std::string_view name = "a mutex") noexcept : name_(name) {}

  // Unlocks at the end of its life, on whatever thread that is.
  class Lock {
   public:
    Lock() noexcept = default;
    explicit Lock(Semaphore::Permit permit) noexcept : permit_(std::move(permit)) {}
    void unlock() noexcept { permit_.give_back(); }

   private:
    Semaphore::Permit permit_;
  };

  // co_await, or wait(…): completes when the mutex is ours. Throws Cancelled.
  class Wait;
  Wait lock() noexcept;

  std::optional<Lock> try_lock() {
    std::optional<Semaphore::Permit> permit = free_.try_acquire();
    if (!permit) return std::nullopt;
    return Lock(std::move(*permit));
  }

  std::string_view name() const noexcept { return name_; }

 private:
  const std::string_view name_;
  Semaphore free_{1};
};

class [[nodiscard]] Mutex::Wait {
 public:
  explicit Wait(Mutex& mutex) noexcept : free_(mutex.free_.acquire()) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return free_.await_suspend(waiter);
  }
  Lock await_resume() { return Lock(free_.await_resume()); }
  Lock on_thread() { return Lock(free_.on_thread()); }

 private:
  Semaphore::Wait free_;
};

inline Mutex::Wait Mutex::lock() noexcept { return Wait(*this); }

}  // namespace duet

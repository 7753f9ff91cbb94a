#pragma once
// A Semaphore has a number of permits. Who acquires one and finds none waits, in the order of
// arrival: nobody overtakes. Used from any loop and any thread; under a model that forks, every
// process has its own.
//
//   Semaphore::Permit permit = co_await semaphore.acquire();   // until the end of its life
//
// Nobody may wait, and no permit may be out, when it is destroyed.

#include <optional>
#include <utility>

#include "duet/loop/waiter.hpp"

namespace duet {

class Semaphore {
 public:
  explicit Semaphore(std::size_t permits) noexcept : permits_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() {
    std::lock_guard lock(mutex_);  // see Waiter::wake
    DUET_ASSERT(waiters_.empty());
  }

  // Given back at the end of its life, on whatever thread that is.
  class Permit {
   public:
    Permit() noexcept = default;
    explicit Permit(Semaphore& from) noexcept : from_(&from) {}
    Permit(Permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(from_, other.from_);
      return *this;
    }
    ~Permit() { give_back(); }

    void give_back() noexcept {
      if (from_ != nullptr) std::exchange(from_, nullptr)->release();
    }

    // Uses the permit up: nobody gets it back, unless by release().
    void keep() noexcept { from_ = nullptr; }

   private:
    Semaphore* from_ = nullptr;
  };

  // co_await, or wait(…): completes with a permit. Throws Cancelled.
  class Wait;
  Wait acquire() noexcept;
  std::optional<Permit> try_acquire();

  // Adds permits: those of keep(), or more than there were. Any thread.
  void release(std::size_t count = 1) noexcept;

  std::size_t available() const noexcept;

 private:
  bool take() noexcept {
    if (permits_ == 0) return false;
    --permits_;
    return true;
  }

  mutable std::mutex mutex_;
  std::size_t permits_;
  WaitQueue waiters_;  // empty while there are permits
};

class [[nodiscard]] Semaphore::Wait : private Waiter {
 public:
  explicit Wait(Semaphore& semaphore) noexcept
      : Waiter(semaphore.mutex_, semaphore.waiters_), semaphore_(semaphore) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise(), [this] { return semaphore_.take(); });
  }
  Permit await_resume() {
    throw_if_cancelled();
    return Permit(semaphore_);
  }
  Permit on_thread() {
    block([this] { return semaphore_.take(); });
    return Permit(semaphore_);
  }

 private:
  Semaphore& semaphore_;
};

inline Semaphore::Wait Semaphore::acquire() noexcept { return Wait(*this); }

}  // namespace duet

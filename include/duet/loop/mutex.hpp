#pragma once
// A Mutex that may be held across waits, unlike std::mutex: who waits for it is suspended, and the
// loop goes on. Who comes first gets it first. Used from any loop and any thread; under a model
// that forks, every process has its own.
//
//   Mutex::Lock lock = co_await mutex.lock();   // until the end of its life
//
// In a debug build of the library, an error is logged when those who hold mutexes wait for each
// other in a circle, be it through children that they wait for; not through a call to another loop:
// src/loop/lock_graph.cpp.

#include <string_view>

#include "duet/loop/semaphore.hpp"

namespace duet {

class Mutex {
 public:
  // The name is for reports, and outlives the mutex: a literal.
  explicit Mutex(std::string_view name = "a mutex") noexcept : name_(name) {}

  // Unlocks at the end of its life, on whatever thread that is. Reports take the task that locked
  // for the holder, wherever the lock was moved since.
  class Lock {
   public:
    Lock() noexcept = default;
    Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Lock& operator=(Lock&& other) noexcept {
      std::swap(mutex_, other.mutex_);
      return *this;
    }
    ~Lock() { unlock(); }

    void unlock() noexcept {
      if (mutex_ != nullptr) std::exchange(mutex_, nullptr)->unlock();
    }

   private:
    friend Mutex;
    explicit Lock(Mutex& mutex) noexcept : mutex_(&mutex) {}

    Mutex* mutex_ = nullptr;
  };

  // co_await, or wait(…): completes when the mutex is ours. Throws Cancelled.
  class Wait;
  Wait lock() noexcept;

  // A task that locks this way holds the mutex without a name in reports.
  std::optional<Lock> try_lock() {
    std::optional<Semaphore::Permit> permit = free_.try_acquire();
    if (!permit) return std::nullopt;
    return keep(*permit, nullptr);
  }

  std::string_view name() const noexcept { return name_; }

 private:
  Lock keep(Semaphore::Permit& permit, const PromiseBase* task) noexcept {
    permit.keep();
    note_lock(task);
    return Lock(*this);
  }
  void unlock() noexcept {
    note_unlock();
    free_.release();
  }

  // For reports, and empty in a release of the library. Without a task it is this thread.
  void note_wait(const PromiseBase* task) noexcept;
  void note_cancelled_wait(const PromiseBase* task) noexcept;
  void note_lock(const PromiseBase* task) noexcept;
  void note_unlock() noexcept;

  const std::string_view name_;
  Semaphore free_{1};
};

class [[nodiscard]] Mutex::Wait {
 public:
  explicit Wait(Mutex& mutex) noexcept : mutex_(mutex), free_(mutex.free_.acquire()) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    task_ = &waiter.promise();
    if (!free_.await_suspend(waiter)) return false;
    mutex_.note_wait(task_);  // whoever wakes us, it is this thread that will resume us, and later
    return true;
  }
  Lock await_resume() {
    try {
      Semaphore::Permit permit = free_.await_resume();
      return mutex_.keep(permit, task_);
    } catch (...) {
      mutex_.note_cancelled_wait(task_);
      throw;
    }
  }
  Lock on_thread() {
    DUET_ASSERT(Loop::current_or_null() == nullptr);  // see Waiter::block
    if (std::optional<Lock> lock = mutex_.try_lock()) return std::move(*lock);
    mutex_.note_wait(nullptr);
    Semaphore::Permit permit = free_.on_thread();
    return mutex_.keep(permit, nullptr);
  }

 private:
  Mutex& mutex_;
  const PromiseBase* task_ = nullptr;
  Semaphore::Wait free_;
};

inline Mutex::Wait Mutex::lock() noexcept { return Wait(*this); }

}  // namespace duet
